/** The contract is worth what it catches: dispatchers that are broken in one place, each with the case that says what is wrong. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Dispatcher, DispatcherHost, Recipient } from "sluice";
import type * as Testing from "sluice/testing";
import { ContractViolation, dispatcherContract, type ContractCase, type DispatcherContractOptions } from "sluice/testing";
import { Honest, HonestLanes } from "./support/honest.ts";

type To = Recipient<number>;
type Broken = new (host: DispatcherHost) => Dispatcher<number>;

const RANDOM = "keeps all of that whoever joins, asks and leaves, in random order";
const RANDOM_IN_STAGE = "in a stage: loses nothing and delivers nothing twice, whoever joins, asks and leaves, in random order";

interface Row {
  readonly what: string;
  readonly broken: Broken;
  /** The case that names it. */
  readonly caught: string;
  readonly says: RegExp;
  /** A case in which it shows as well, in a stage. */
  readonly inStage?: string;
}

/** They are handed around by each event. */
const shared = new Honest();
const sharedList: number[] = [];

const ofOne: readonly Row[] = [
  {
    what: "sends more than was asked for",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        const [first] = this.open.keys();
        if (first === undefined || this.capacity === 0 || events.length === 0) return 0;
        this.open.set(first, 0);
        first.send(events);
        return events.length;
      }
    },
    caught: "sends nobody more than he asked for",
    says: /expected it to send consumer \d+ \(place \d\) at most the \d+ events that are open, got: \d+/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "keeps the open demand of a leaver in its capacity",
    broken: class extends Honest {
      #left = 0;
      override get capacity(): number {
        return super.capacity + this.#left;
      }
      override cancel(recipient: To): void {
        this.#left += this.open.get(recipient) ?? 0;
        super.cancel(recipient);
      }
    },
    caught: "forgets the open demand of a consumer that leaves",
    says: /expected capacity to be at most \d+, by what its consumers have asked for, got: \d+/,
  },
  {
    what: "forgets the demand of those who stay when somebody leaves",
    broken: class extends Honest {
      override cancel(recipient: To): void {
        super.cancel(recipient);
        for (const [other, demand] of this.open) this.open.set(other, Math.max(0, demand - 1));
      }
    },
    caught: "keeps the open demand of those who stay",
    says: /expected it to serve the demand of consumer \d+ \(place \d\) to the end, got: \d+ events open/,
    inStage: "in a stage: loses no demand of those who stay",
  },
  {
    what: "replaces the open demand by an ask instead of adding to it",
    broken: class extends Honest {
      override ask(recipient: To, demand: number): void {
        if (this.open.has(recipient)) this.open.set(recipient, demand);
      }
    },
    caught: RANDOM,
    says: /expected it to serve the demand of .* \(seed \d+\)/,
    inStage: "in a stage: loses no demand of those who stay",
  },
  {
    what: "changes the list that it was given",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        const taken = super.dispatch(events);
        (events as number[]).splice(0, taken);
        return taken;
      }
    },
    caught: "leaves lists alone: those that it is given, and those that it has sent",
    says: /expected it to leave a list alone that it was given, got: a change/,
  },
  {
    what: "sends one list again and again, with other events in it",
    broken: class extends Honest {
      override deliver(recipient: To, list: readonly number[]): void {
        sharedList.splice(0, sharedList.length, ...list);
        recipient.send(sharedList);
      }
    },
    caught: "leaves lists alone: those that it is given, and those that it has sent",
    says: /expected it to leave a list alone that it has sent, got: a change/,
  },
  {
    what: "sends an empty list to those who get nothing",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        const taken = super.dispatch(events);
        for (const [recipient, demand] of this.open) if (demand > 0) recipient.send([]);
        return taken;
      }
    },
    caught: "sends no empty list, and takes an empty one for nothing",
    says: /expected it to send no empty list, got: one for consumer \d+/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "takes demand for an empty list",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        if (events.length === 0) for (const [recipient, demand] of this.open) this.open.set(recipient, Math.max(0, demand - 1));
        return super.dispatch(events);
      }
    },
    caught: "sends no empty list, and takes an empty one for nothing",
    says: /expected capacity after an empty list to be \d+ as before, got: \d+/,
  },
  {
    what: "has a capacity that is too high",
    broken: class extends Honest {
      override get capacity(): number {
        return this.open.size === 0 ? 0 : super.capacity + 1;
      }
    },
    caught: "has a capacity that is an integer, and never more than its consumers have asked for",
    says: /expected capacity to be at most 0, by what its consumers have asked for, got: 1/,
  },
  {
    what: "has a capacity when nobody is subscribed",
    broken: class extends Honest {
      override get capacity(): number {
        return this.open.size === 0 ? 10 : super.capacity;
      }
    },
    caught: "takes nothing while nobody is subscribed",
    says: /expected capacity to be 0 while nobody is subscribed, got: 10/,
  },
  {
    what: "has an infinite capacity",
    broken: class extends Honest {
      override get capacity(): number {
        return this.open.size === 0 ? 0 : Infinity;
      }
    },
    caught: "has a capacity that is an integer, and never more than its consumers have asked for",
    says: /expected capacity to be an integer of at least 0, got: Infinity/,
  },
  {
    what: "has no room while everybody asks",
    broken: class extends Honest {
      readonly isFull = true;
    },
    caught: "has room when every consumer has open demand, and takes something whenever it has",
    says: /expected capacity to be at least 1 when every consumer has open demand, got: full/,
    inStage: "in a stage: delivers events to those who ask, each what is his",
  },
  {
    what: "takes nothing, though it has a capacity",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        return events.length > this.capacity ? 0 : super.dispatch(events);
      }
    },
    caught: "takes the first events of a list that is longer than its capacity, and leaves the rest",
    says: /expected dispatch to take at least one event: it has a capacity of \d+ and is not full, got: 0/,
  },
  {
    what: "throws when a list is longer than its capacity",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        if (events.length > this.capacity) throw new RangeError("too many");
        return super.dispatch(events);
      }
    },
    caught: "takes the first events of a list that is longer than its capacity, and leaves the rest",
    says: /expected it to not throw when \d+ events come, got: RangeError: too many/,
    inStage: "in a stage: flows on after leavers, and for late joiners",
  },
  {
    what: "says that it took all, whatever it sent",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        super.dispatch(events);
        return events.length;
      }
    },
    caught: "takes the first events of a list that is longer than its capacity, and leaves the rest",
    says: /expected dispatch to take no more than its capacity of \d+, not counting what it drops, got: \d+/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "returns nothing",
    broken: class extends Honest {
      override dispatch(events: readonly number[]): number {
        super.dispatch(events);
        return undefined as unknown as number;
      }
    },
    caught: "takes nothing while nobody is subscribed",
    says: /expected dispatch to return how many of the \d+ events it took, got: undefined/,
    inStage: "in a stage: delivers events to those who ask, each what is his",
  },
  {
    what: "loses the last event of a longer list",
    broken: class extends Honest {
      override deliver(recipient: To, list: readonly number[]): void {
        recipient.send(list.length > 2 ? list.slice(0, -1) : list);
      }
    },
    caught: "accounts for the events that it takes: sent, queued, or dropped",
    says: /expected it to send, queue or drop all that it took, got: \d+ lost/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "sends an event to two consumers",
    broken: class extends Honest {
      override deliver(recipient: To, list: readonly number[]): void {
        super.deliver(recipient, list);
        const other = [...this.open].find(([each, demand]) => each !== recipient && demand >= list.length);
        if (other === undefined) return;
        this.open.set(other[0], other[1] - list.length);
        other[0].send(list);
      }
    },
    caught: "sends events in order, and each to whom it belongs",
    says: /expected it to send each event to one consumer, got: event \d+ to consumer \d+ \(place \d\), too/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "sends events out of order",
    broken: class extends Honest {
      override deliver(recipient: To, list: readonly number[]): void {
        recipient.send(list.toReversed());
      }
    },
    caught: "sends events in order, and each to whom it belongs",
    says: /expected it to send consumer \d+ \(place \d\) events in order, got: event \d+ after event \d+/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "sends to a consumer that has left",
    broken: class extends Honest {
      override cancel(recipient: To): void {
        if ((this.open.get(recipient) ?? 0) === 0) super.cancel(recipient);
      }
    },
    caught: "sends nothing to a consumer that has left",
    says: /expected (it to send nothing to consumer \d+ \(place \d\), who is not subscribed|capacity to be at most)/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "admits somebody by his ask",
    broken: class extends Honest {
      override ask(recipient: To, demand: number): void {
        this.open.set(recipient, (this.open.get(recipient) ?? 0) + demand);
      }
    },
    caught: "ignores an ask and a cancel of somebody it does not know",
    says: /got: /,
  },
  {
    what: "throws at a cancel of somebody it does not know",
    broken: class extends Honest {
      override cancel(recipient: To): void {
        if (!this.open.has(recipient)) throw new Error("who is that?");
        super.cancel(recipient);
      }
    },
    caught: "ignores an ask and a cancel of somebody it does not know",
    says: /expected it to not throw when a stranger leaves, got: Error: who is that\?/,
  },
  {
    what: "admits somebody in the middle of refusing him",
    broken: class extends Honest {
      override subscribe(recipient: To): void {
        const isKnown = [...this.open.keys()].some(({ identity }) => identity === recipient.identity);
        for (const other of this.open.keys()) if (isKnown) this.open.set(other, 0);
        if (isKnown) throw new Error("known already");
        super.subscribe(recipient);
      }
    },
    caught: "is as it was when it has refused a subscription",
    says: /expected capacity after a subscription that it refused to be \d+ as before, got: 0/,
  },
  {
    what: "remembers for ever who was subscribed",
    broken: class extends Honest {
      readonly #known = new Set<object>();
      override subscribe(recipient: To): void {
        if (this.#known.has(recipient.identity)) throw new Error("known already");
        this.#known.add(recipient.identity);
        super.subscribe(recipient);
      }
    },
    caught: "begins anew with a consumer that subscribes again",
    says: /expected it to admit a consumer with no options, got: Error: known already/,
  },
  {
    what: "gives a consumer that comes late what others have open",
    broken: class extends Honest {
      override subscribe(recipient: To): void {
        this.open.set(recipient, Math.max(0, ...this.open.values()));
      }
    },
    caught: "serves a consumer that joins late, when he has asked",
    says: /expected (capacity to be at most|it to send)/,
  },
  {
    what: "is one and the same for all stages",
    broken: class extends Honest {
      constructor() {
        super();
        return shared;
      }
    },
    caught: "shares nothing with another dispatcher of the same factory",
    says: /got: /,
  },
  {
    what: "counts its demand in 32 bits",
    broken: class extends Honest {
      override ask(recipient: To, demand: number): void {
        super.ask(recipient, demand | 0);
      }
    },
    caught: "keeps its account when asks are as great as they can be",
    says: /got: /,
  },
  {
    what: "says that it gives all to one, and keeps half",
    broken: class extends Honest {
      readonly givesAllToOne = true;
      override get capacity(): number {
        return Math.ceil(super.capacity / 2);
      }
    },
    caught: "gives all to a consumer that is alone, if it says so",
    says: /expected capacity to be the \d+ that the only consumer has asked for, got: \d+/,
  },
  {
    what: "asks again for what it has sent",
    broken: class extends Honest {
      override deliver(recipient: To, list: readonly number[]): void {
        recipient.send(list);
        recipient.askAgain(list.length);
      }
    },
    caught: "sends nobody more than he asked for",
    says: /expected (it to ask again for at most the \d+ events that consumer \d+ \(place \d\) was not sent|capacity to be at most \d+)/,
  },
];

const ofLanes: readonly Row[] = [
  {
    what: "throws the queue of a leaver away",
    broken: class extends HonestLanes {
      override cancel(recipient: To): void {
        const lane = this.laneOf(recipient);
        super.cancel(recipient);
        if (lane !== undefined) lane.queue = [];
      }
    },
    caught: RANDOM,
    says: /expected it to send, queue or drop all that it took, got: \d+ lost \(seed \d+\)/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "does not count what it queues",
    broken: class extends HonestLanes {
      override get queued(): number {
        return 0;
      }
    },
    caught: "accounts for the events that it takes: sent, queued, or dropped",
    says: /expected it to (send, queue or drop all that it took|take an event once)/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "queues, and cannot be cleared",
    broken: class extends HonestLanes {
      constructor(host: DispatcherHost) {
        super(host);
        this.clear = undefined as unknown as () => void;
      }
    },
    caught: "has a count of what it queues, a mark and a clear, or none of them",
    says: /expected it to have queued, mark and clear, or none of them, got: queued and mark/,
  },
  {
    what: "keeps half of its queues when it is cleared",
    broken: class extends HonestLanes {
      override clear(): void {
        for (const lane of this.lanes) lane.queue.pop();
      }
    },
    caught: "has nothing queued, and sends nothing of it, when it was cleared",
    says: /expected queued to be 0 after a clear, got: \d+/,
    inStage: "in a stage: counts what it has queued as lost when the stage is stopped",
  },
  {
    what: "reaches a mark at once",
    broken: class extends HonestLanes {
      override mark(reached: () => void): void {
        reached();
      }
    },
    caught: "reaches a mark when what was queued before it is delivered, not before and not later",
    says: /expected a mark to be reached when all that was queued before it has been delivered, got: \d+ events are left/,
  },
  {
    what: "reaches a mark when its queues are empty, whatever came later",
    broken: class extends HonestLanes {
      override pass(list: readonly number[]): void {
        if (this.queued === 0) super.pass(list);
        else for (const { left } of this.marks) for (const event of list) left.delete(event);
      }
    },
    caught: "reaches a mark when what was queued before it is delivered, not before and not later",
    says: /expected a mark to be reached in the call in which the last event before it is delivered, got: not yet/,
  },
  {
    what: "forgets its marks",
    broken: class extends HonestLanes {
      override mark(): void {}
    },
    caught: "reaches a mark when what was queued before it is delivered, not before and not later",
    says: /expected a mark to be reached/,
    inStage: "in a stage: is flushed when all that was emitted is delivered",
  },
  {
    what: "admits whoever gives no option",
    broken: class extends HonestLanes {
      override subscribe(recipient: To): void {
        if (recipient.options["lane"] !== undefined) super.subscribe(recipient);
      }
    },
    caught: "is as it was when it has refused a subscription",
    says: /expected it to refuse a consumer with no options, got: admitted/,
    inStage: "in a stage: tells a consumer that it refuses, and the others go on",
  },
  {
    what: "declares no options",
    broken: class extends HonestLanes {
      override readonly options = [];
    },
    caught: "declares the options that its subscriptions give",
    says: /expected its options to declare lane, got: none/,
  },
  {
    what: "sends an event to the wrong consumer",
    broken: class extends HonestLanes {
      override dispatch(events: readonly number[]): number {
        const taken = Math.min(events.length, this.capacity);
        for (const event of events.slice(0, taken)) this.lanes[Math.min(2, event % 5)]?.queue.push(event);
        for (const lane of this.lanes) this.deliver(lane);
        return taken;
      }
    },
    caught: "sends events in order, and each to whom it belongs",
    says: /expected it to send consumer \d+ \(place \d\) only what is for it, got: event \d+ for a consumer with \{ lane: \d \}/,
  },
  {
    what: "drops events and says nothing",
    broken: class extends HonestLanes {
      override dispatch(events: readonly number[]): number {
        const taken = Math.min(events.length, this.capacity);
        for (const event of events.slice(0, taken)) if (event % 4 !== 0) this.lanes[event % 3]?.queue.push(event);
        for (const lane of this.lanes) this.deliver(lane);
        return taken;
      }
    },
    caught: "accounts for the events that it takes: sent, queued, or dropped",
    says: /expected it to send, queue or drop all that it took, got: \d+ lost/,
    inStage: RANDOM_IN_STAGE,
  },
];

/** Sends each event to all who have asked for it, at the pace of the slowest: unless it is broken. */
class HonestBroadcast extends Honest {
  override get capacity(): number {
    return this.open.size === 0 ? 0 : Math.min(...this.open.values());
  }

  override dispatch(events: readonly number[]): number {
    const list = events.slice(0, this.capacity);
    if (list.length === 0) return 0;
    for (const [recipient, demand] of this.open) {
      this.open.set(recipient, demand - list.length);
      this.deliver(recipient, list);
    }
    return list.length;
  }
}

const ofAll: readonly Row[] = [
  {
    what: "forgets one of those who were to get an event",
    broken: class extends HonestBroadcast {
      override deliver(recipient: To, list: readonly number[]): void {
        if ((list[0] ?? 0) % 3 === 0 || recipient !== [...this.open.keys()].at(-1)) super.deliver(recipient, list);
      }
    },
    caught: "sends events in order, and each to whom it belongs",
    says: /expected it to send each event to all: \d+ to consumer \d+ \(place \d\), got: 0/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "never counts its demand down",
    broken: class extends HonestBroadcast {
      override dispatch(events: readonly number[]): number {
        const list = events.slice(0, this.capacity);
        if (list.length > 0) for (const recipient of this.open.keys()) recipient.send(list);
        return list.length;
      }
    },
    caught: "sends nobody more than he asked for",
    says: /expected capacity to be at most \d+, by what its consumers have asked for, got: \d+/,
    inStage: RANDOM_IN_STAGE,
  },
  {
    what: "goes at the pace of the fastest",
    broken: class extends HonestBroadcast {
      override get capacity(): number {
        return Math.max(0, ...this.open.values());
      }
    },
    caught: "has a capacity that is an integer, and never more than its consumers have asked for",
    says: /expected capacity to be at most \d+, by what its consumers have asked for, got: \d+/,
    inStage: RANDOM_IN_STAGE,
  },
];

const lanes = {
  consumerOptions: (place: number) => ({ lane: place }),
  refuses: [{}, { lane: 3 }],
  wants: (event: number, options: Readonly<Record<string, unknown>>) => event % 3 === options["lane"],
};

type Shape = Omit<DispatcherContractOptions<number>, "dispatcher" | "event">;

function contractOf(broken: Broken, shape: Shape, contract: typeof dispatcherContract = dispatcherContract): readonly ContractCase[] {
  return contract({ ...shape, dispatcher: () => (host) => new broken(host), event: (n) => n });
}

/** Of a copy of the library in which nobody listens but the contract: these stages break the protocol, and a test may not. */
let unheard: typeof Testing;

beforeAll(async () => {
  vi.resetModules();
  unheard = await import("sluice/testing");
});

const shapes: readonly { readonly title: string; readonly shape: Shape; readonly honest: Broken; readonly rows: readonly Row[] }[] = [
  { title: "each event to one", shape: { eachEventGoesTo: "one" }, honest: Honest, rows: ofOne },
  { title: "each event to its lane", shape: { eachEventGoesTo: "one", ...lanes }, honest: HonestLanes, rows: ofLanes },
  { title: "each event to all", shape: { eachEventGoesTo: "all" }, honest: HonestBroadcast, rows: ofAll },
];

async function failureOf(cases: readonly ContractCase[], name: string): Promise<unknown> {
  const named = cases.find((each) => each.name === name);
  expect(named, `there is a case: ${name}`).toBeDefined();
  return named?.run().then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.each(shapes)("$title:", ({ shape, honest, rows }) => {
  test.each(contractOf(honest, shape))("what is not broken $name", async ({ run }) => {
    await run();
  });

  test.each(rows)("one that $what is caught", async ({ broken, caught, says }) => {
    const failure = await failureOf(contractOf(broken, shape), caught);
    expect(failure).toBeInstanceOf(ContractViolation);
    expect((failure as ContractViolation).message).toMatch(says);
  });

  test.each(rows.filter(({ inStage }) => inStage !== undefined))("one that $what is caught in a stage", async ({ broken, inStage = "" }) => {
    expect(await failureOf(contractOf(broken, shape, unheard.dispatcherContract), inStage)).toBeInstanceOf(unheard.ContractViolation);
  });
});

describe("a violation", () => {
  class Loses extends Honest {
    override deliver(recipient: To, list: readonly number[]): void {
      if (list.length < 9) super.deliver(recipient, list);
    }
  }

  test("tells what was expected, and the calls before it", async () => {
    const failure = (await failureOf(contractOf(Loses, { eachEventGoesTo: "one" }), "accounts for the events that it takes: sent, queued, or dropped")) as ContractViolation;
    expect(failure.name).toBe("ContractViolation");
    expect(failure.message).toMatch(/^expected it to send, queue or drop all that it took, got: \d+ lost\n {2}/);
    expect(failure.history[0]).toBe("consumer 1 (place 0) subscribes with no options");
    expect(failure.history.at(-1)).toMatch(/^ {2}takes \d+$/);
    expect(failure.seed).toBeUndefined();
  });

  test.each([RANDOM, RANDOM_IN_STAGE])("of a random case names a seed that repeats it: %s", async (name) => {
    const shape: Shape = { eachEventGoesTo: "one" };
    const failure = (await failureOf(contractOf(Loses, { ...shape, seed: 1_000, runs: 200 }), name)) as ContractViolation;
    const { seed = -1 } = failure;
    expect(seed).toBeGreaterThanOrEqual(1_000);
    expect(failure.message).toContain(`(seed ${seed})`);
    const again = (await failureOf(contractOf(Loses, { ...shape, seed, runs: 1 }), name)) as ContractViolation;
    expect(again.message).toBe(failure.message);
  });

  test("is the same in every run", async () => {
    const messages = await Promise.all([1, 2].map(async () => ((await failureOf(contractOf(Loses, { eachEventGoesTo: "one" }), RANDOM)) as Error).message));
    expect(messages[0]).toBe(messages[1]);
  });

  test("is kept when the dispatcher catches it", async () => {
    class Careless extends Loses {
      override dispatch(events: readonly number[]): number {
        try {
          for (const recipient of this.open.keys()) recipient.send([]);
        } catch {
          // As if nothing had happened.
        }
        return super.dispatch(events);
      }
    }
    const failure = await failureOf(contractOf(Careless, { eachEventGoesTo: "one" }), "sends no empty list, and takes an empty one for nothing");
    expect(String(failure)).toContain("expected it to send no empty list");
  });
});

describe("the options of dispatcherContract", () => {
  const good = { dispatcher: () => () => new Honest(), event: (n: number) => n };
  const rows: readonly { readonly options: object; readonly says: string }[] = [
    { options: { ...good, dispatcher: undefined }, says: "expected dispatcher to be a function, got: undefined" },
    { options: { ...good, event: 1 }, says: "expected event to be a function, got: 1" },
    { options: { ...good, consumers: 0 }, says: "expected consumers to be an integer of at least 1, got: 0" },
    { options: { ...good, eachEventGoesTo: "some" }, says: 'expected eachEventGoesTo to be one of "one", "all", got: "some"' },
    { options: { ...good, sede: 1 }, says: 'got: "sede"' },
  ];

  test.each(rows)("are checked: $says", ({ options, says }) => {
    expect(() => dispatcherContract(options as DispatcherContractOptions<number>)).toThrow(says);
  });

  test("must make different events", async () => {
    const cases = dispatcherContract<number>({ ...good, event: () => 7 });
    const failure = await failureOf(cases, "sends nobody more than he asked for");
    expect(String(failure)).toContain("expected the option event to make different events, got: event 1 like event 0");
  });
});
