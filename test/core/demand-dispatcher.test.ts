import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { demandDispatcher, type DemandDispatcherOptions, type Dispatcher, type DispatcherHost, type DispatchOptions, type Finding, type Recipient } from "sluice";
import { range } from "./support/range.ts";

/** A consumer that records what is sent to it. */
class Actor implements Recipient<number> {
  readonly name: string;
  readonly identity = {};
  readonly options: DispatchOptions = {};
  seat: unknown = undefined;
  readonly lists: (readonly number[])[] = [];
  readonly #log: [string, readonly number[]][];

  constructor(name: string, log: [string, readonly number[]][]) {
    this.name = name;
    this.#log = log;
  }

  send(events: readonly number[]): void {
    this.lists.push(events);
    this.#log.push([this.name, events]);
  }

  askAgain(): void {
    expect.unreachable("the demand dispatcher drops nothing");
  }
}

/** A stage, as far as its dispatcher sees it. */
function host(findings: Finding[] = []): DispatcherHost {
  return {
    bufferSize: 10,
    dropped: () => expect.unreachable("the demand dispatcher drops nothing"),
    report: (finding) => findings.push(finding),
  };
}

class Scene {
  readonly findings: Finding[] = [];
  /** All that was sent, to whom, in order. */
  readonly sent: [string, readonly number[]][] = [];
  readonly dispatcher: Dispatcher<number>;

  constructor(options?: DemandDispatcherOptions) {
    this.dispatcher = demandDispatcher<number>(options)(host(this.findings));
  }

  readonly enter = (name: string): Actor => {
    const actor = new Actor(name, this.sent);
    this.dispatcher.subscribe(actor);
    return actor;
  };
}

describe("the demand dispatcher", () => {
  test("delivers nothing to nobody", () => {
    const { dispatcher } = new Scene();
    expect(dispatcher.capacity).toBe(0);
    expect(dispatcher.dispatch([1, 2])).toBe(0);
  });

  test("sends nothing to a consumer that has not asked", () => {
    const scene = new Scene();
    scene.enter("ann");
    expect(scene.dispatcher.dispatch([1])).toBe(0);
    expect(scene.sent).toEqual([]);
  });

  test("can deliver as much as its consumers have asked for in sum", () => {
    const { dispatcher, enter } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 3);
    dispatcher.ask(bob, 4);
    dispatcher.ask(ann, 2);
    expect(dispatcher.capacity).toBe(9);
  });

  test("takes of a list what it can deliver, and leaves the rest", () => {
    const { dispatcher, enter, sent } = new Scene();
    dispatcher.ask(enter("ann"), 2);
    expect(dispatcher.dispatch([1, 2, 3])).toBe(2);
    expect(sent).toEqual([["ann", [1, 2]]]);
    expect(dispatcher.capacity).toBe(0);
  });

  test("hands a list on uncopied where one consumer takes the whole", () => {
    const { dispatcher, enter } = new Scene();
    const ann = enter("ann");
    dispatcher.ask(ann, 5);
    const list = Object.freeze([1, 2, 3]);
    dispatcher.dispatch(list);
    expect(ann.lists[0]).toBe(list);
  });

  test("serves the consumer with the greatest demand first", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 2);
    dispatcher.ask(bob, 3);
    expect(dispatcher.dispatch([1, 2, 3, 4, 5])).toBe(5);
    expect(sent).toEqual([
      ["bob", [1, 2, 3]],
      ["ann", [4, 5]],
    ]);
  });

  test("serves among equals the one that asked first, not the one that subscribed first", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(bob, 2);
    dispatcher.ask(ann, 2);
    dispatcher.dispatch([1, 2, 3]);
    expect(sent).toEqual([
      ["bob", [1, 2]],
      ["ann", [3]],
    ]);
  });

  test("puts a consumer behind its equals by an ask that makes it their equal", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 1);
    dispatcher.ask(bob, 2);
    dispatcher.ask(ann, 1);
    dispatcher.dispatch([1]);
    expect(sent).toEqual([["bob", [1]]]);
  });

  test("puts a consumer behind its equals by a delivery", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 3);
    dispatcher.ask(bob, 2);
    for (const event of [1, 2, 3, 4, 5]) dispatcher.dispatch([event]);
    // ann 3 -> 2 stands behind bob now; from there on they take turns.
    expect(sent.map(([name]) => name)).toEqual(["ann", "bob", "ann", "bob", "ann"]);
  });

  test("forgets a consumer and its open demand when it leaves", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 5);
    dispatcher.ask(bob, 2);
    dispatcher.cancel(ann);
    expect(dispatcher.capacity).toBe(2);
    expect(dispatcher.dispatch([1, 2, 3])).toBe(2);
    expect(sent).toEqual([["bob", [1, 2]]]);
  });

  test("keeps its order when one leaves from the middle of many", () => {
    const { dispatcher, enter, sent } = new Scene({ maxDemand: 100 });
    const demands = { ann: 100, bob: 10, cid: 90, dan: 9, eve: 8, fay: 80, gus: 70 };
    const actors = Object.keys(demands).map(enter);
    for (const actor of actors) dispatcher.ask(actor, demands[actor.name as keyof typeof demands]);
    dispatcher.cancel(actors[3] as Actor);
    dispatcher.dispatch(range(1000));
    expect(sent.map(([name, { length }]) => `${name} ${length}`)).toEqual(["ann 100", "cid 90", "fay 80", "gus 70", "bob 10", "eve 8"]);
  });

  test("ignores an ask and a cancel of a consumer that it does not know", () => {
    const { dispatcher, enter, sent } = new Scene();
    const ann = enter("ann");
    dispatcher.ask(ann, 2);
    dispatcher.cancel(ann);
    dispatcher.ask(ann, 2);
    dispatcher.cancel(ann);
    expect(dispatcher.capacity).toBe(0);
    expect(dispatcher.dispatch([1])).toBe(0);
    expect(sent).toEqual([]);
  });

  test("admits a consumer twice: each subscription has its own demand", () => {
    const { dispatcher, enter, sent } = new Scene();
    const [first, second] = [enter("first"), enter("second")];
    dispatcher.ask(first, 1);
    dispatcher.ask(second, 1);
    dispatcher.dispatch([1, 2]);
    expect(sent).toEqual([
      ["first", [1]],
      ["second", [2]],
    ]);
  });

  test("declares no options for subscriptions", () => {
    expect(new Scene().dispatcher.options ?? []).toEqual([]);
  });

  test("reports an ask that is greater than the first one, and serves it", () => {
    const { dispatcher, enter, findings } = new Scene();
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 5);
    dispatcher.ask(bob, 5);
    expect(findings).toEqual([]);
    dispatcher.ask(bob, 6);
    expect(findings).toEqual([{ kind: "ask-over-max", partner: "bob", count: 6, max: 5 }]);
    expect(dispatcher.capacity).toBe(16);
  });

  test("reports an ask that is greater than its maxDemand", () => {
    const { dispatcher, enter, findings } = new Scene({ maxDemand: 3 });
    const ann = enter("ann");
    dispatcher.ask(ann, 3);
    dispatcher.ask(ann, 4);
    expect(findings).toEqual([{ kind: "ask-over-max", partner: "ann", count: 4, max: 3 }]);
  });

  test.each([0, -1, 1.5, "3"])("refuses a maxDemand of %j", (maxDemand) => {
    expect(() => demandDispatcher({ maxDemand: maxDemand as number })).toThrow(/^expected maxDemand to be an integer of at least 1, got: /);
  });

  test("refuses an unknown option", () => {
    expect(() => demandDispatcher({ maxDemnad: 1 } as DemandDispatcherOptions)).toThrow(
      "expected the options of demandDispatcher to be among maxDemand, shuffle, got: \"maxDemnad\"",
    );
  });

  test("serves equals in the order of a random source at the first list, and from there on as ever", () => {
    const numbers = [0.9, 0.1, 0.5];
    const { dispatcher, enter, sent } = new Scene({ shuffle: () => numbers.shift() ?? expect.unreachable() });
    const actors = ["ann", "bob", "cid"].map(enter);
    for (const actor of actors) dispatcher.ask(actor, 1);
    dispatcher.dispatch([1, 2, 3]);
    for (const actor of actors) dispatcher.ask(actor, 1);
    dispatcher.dispatch([4, 5, 6]);
    expect(sent.map(([name]) => name)).toEqual(["bob", "cid", "ann", "ann", "bob", "cid"]);
  });

  test("serves the greatest demand first, shuffled or not", () => {
    const { dispatcher, enter, sent } = new Scene({ shuffle: true });
    const [ann, bob] = [enter("ann"), enter("bob")];
    dispatcher.ask(ann, 1);
    dispatcher.ask(bob, 2);
    dispatcher.dispatch([1, 2, 3]);
    expect(sent).toEqual([
      ["bob", [1, 2]],
      ["ann", [3]],
    ]);
  });

  test("refuses to be shuffled by a number", () => {
    expect(() => demandDispatcher({ shuffle: 1 as unknown as boolean })).toThrow("expected shuffle to be a boolean or a function, got: 1");
  });

  test("keeps its account of one stage apart from that of another", () => {
    const make = demandDispatcher<number>();
    const [one, other] = [make(host()), make(host())];
    const ann = new Actor("ann", []);
    one.subscribe(ann);
    one.ask(ann, 3);
    expect([one.capacity, other.capacity]).toEqual([3, 0]);
  });
});

/** The consumers in a list, the one to be served next first: what the heap must amount to. */
class Model {
  readonly sent: [string, readonly number[]][] = [];
  readonly #line: { name: string; demand: number }[] = [];

  get capacity(): number {
    return this.#line.reduce((sum, { demand }) => sum + demand, 0);
  }

  enter(name: string): void {
    this.#insert({ name, demand: 0 });
  }

  ask(name: string, demand: number): void {
    const place = this.#line.findIndex((each) => each.name === name);
    const [each] = this.#line.splice(place, 1);
    if (each !== undefined) this.#insert({ name, demand: each.demand + demand });
  }

  leave(name: string): void {
    this.#line.splice(
      this.#line.findIndex((each) => each.name === name),
      1,
    );
  }

  dispatch(events: readonly number[]): number {
    let taken = 0;
    while (taken < events.length && (this.#line[0]?.demand ?? 0) > 0) {
      const { name, demand } = this.#line.shift() as { name: string; demand: number };
      const list = events.slice(taken, taken + demand);
      this.sent.push([name, list]);
      taken += list.length;
      this.#insert({ name, demand: demand - list.length });
    }
    return taken;
  }

  /** Behind all that have as much. */
  #insert(each: { name: string; demand: number }): void {
    const place = this.#line.findIndex(({ demand }) => demand < each.demand);
    this.#line.splice(place === -1 ? this.#line.length : place, 0, each);
  }
}

type Step = { readonly do: "enter" | "ask" | "leave" | "dispatch"; readonly who: number; readonly count: number };

const steps = fc.array(
  fc.record<Step>({
    do: fc.oneof(
      { weight: 3, arbitrary: fc.constant("enter" as const) },
      { weight: 6, arbitrary: fc.constant("ask" as const) },
      { weight: 1, arbitrary: fc.constant("leave" as const) },
      { weight: 4, arbitrary: fc.constant("dispatch" as const) },
    ),
    who: fc.nat(),
    // Small numbers, so that many have the same demand, and great ones among them.
    count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })),
  }),
  { minLength: 20, maxLength: 150, size: "max" },
);

test("the demand dispatcher serves in the order of a sorted list, whoever comes, asks and leaves", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(steps, (script) => {
      const scene = new Scene({ maxDemand: 40 });
      const model = new Model();
      const present: Actor[] = [];
      let entered = 0;
      let emitted = 0;
      for (const step of script) {
        const actor = present[step.who % Math.max(1, present.length)];
        if (step.do === "enter" || actor === undefined) {
          const name = `actor ${(entered += 1)}`;
          present.push(scene.enter(name));
          model.enter(name);
        } else if (step.do === "ask") {
          scene.dispatcher.ask(actor, step.count);
          model.ask(actor.name, step.count);
        } else if (step.do === "leave") {
          present.splice(present.indexOf(actor), 1);
          scene.dispatcher.cancel(actor);
          model.leave(actor.name);
        } else {
          const events = range(step.count * 2, emitted);
          emitted += events.length;
          expect(scene.dispatcher.dispatch(events)).toBe(model.dispatch(events));
          expect(scene.sent.splice(0)).toEqual(model.sent.splice(0));
        }
        expect(scene.dispatcher.capacity).toBe(model.capacity);
      }
      expect(scene.findings).toEqual([]);
    }),
    { numRuns: 120 },
  );
});
