/** Whatever is requested, cancelled, emitted and ended, in whatever turn: the rules hold, and no demand and no event is lost or invented. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcastDispatcher, demandDispatcher, producer, type DispatcherFactory } from "sluice";
import { fromPublisher, toPublisher, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { announce, parametersOf, runsOf, timeout } from "../../properties/runs.ts";

const UNBOUNDED = Number.MAX_SAFE_INTEGER;
const runs = runsOf();
announce("reactive streams", 4 * runs);

/** Judges each signal as it comes. */
class Judge implements Subscriber<number> {
  readonly events: number[] = [];
  end: unknown;
  isCancelled = false;
  /** A bad request: its error ends it, whatever else was on its way. */
  isBad = false;
  requested = 0;
  readonly problems: string[] = [];
  readonly #inNext: number;
  #subscription: Subscription | undefined;
  #isSignalling = false;

  /** `inNext`: how many events each `onNext` requests. */
  constructor(inNext: number) {
    this.#inNext = inNext;
  }

  get isOver(): boolean {
    return this.isCancelled || this.end !== undefined;
  }

  get open(): number {
    return this.requested - this.events.length;
  }

  request(demand: number): void {
    if (!this.isOver && !this.isBad) {
      if (demand > 0) this.requested += Math.min(demand, UNBOUNDED);
      else this.isBad = true;
    }
    this.#subscription?.request(demand);
  }

  cancel(): void {
    this.isCancelled = true;
    this.#subscription?.cancel();
  }

  onSubscribe(subscription: Subscription): void {
    this.#signalled("onSubscribe", () => {
      if (this.#subscription !== undefined) this.problems.push("onSubscribe twice");
      this.#subscription = subscription;
    });
  }

  onNext(event: number): void {
    this.#signalled("onNext", () => {
      if (this.isBad) this.problems.push("an event behind a bad request");
      this.events.push(event);
      if (this.events.length > this.requested) this.problems.push(`${this.events.length} events of ${this.requested}`);
      if (this.#inNext > 0) this.request(this.#inNext);
    });
  }

  onError(error: unknown): void {
    this.#signalled("onError", () => (this.end = error));
  }

  onComplete(): void {
    this.#signalled("onComplete", () => (this.end = "complete"));
  }

  #signalled(name: string, run: () => void): void {
    if (this.#isSignalling) this.problems.push(`${name} within a signal`);
    if (this.isOver) this.problems.push(`${name} after the end`);
    if (name !== "onSubscribe" && this.#subscription === undefined) this.problems.push(`${name} before onSubscribe`);
    this.#isSignalling = true;
    run();
    this.#isSignalling = false;
  }
}

const demands = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: fc.constantFrom(100, 2_000, UNBOUNDED - 1, UNBOUNDED, 2 ** 60, Infinity) });

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant("request" as const), who: fc.nat(2), demand: demands }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("emit" as const), count: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("turn" as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("cancel" as const), who: fc.nat(2) }) },
  ),
  { maxLength: 40 },
);

const scenes = fc.record({
  inNext: fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 3 }),
  steps,
  end: fc.constantFrom("none", "complete", "fail", "bad request"),
});

interface Outcome {
  readonly judges: readonly Judge[];
  readonly emitted: number;
  readonly buffered: number;
  readonly error: Error;
}

async function play(dispatcher: DispatcherFactory<number>, { inNext, steps: plan, end }: { readonly inNext: readonly number[]; readonly steps: readonly Step[]; readonly end: string }): Promise<Outcome> {
  const stage = producer<number>({ dispatcher, bufferSize: Infinity });
  // All may have left when it fails.
  void stage.closed;
  const publisher = toPublisher(stage);
  const judges = inNext.map((each) => new Judge(each));
  for (const judge of judges) publisher.subscribe(judge);
  const error = new Error("no more");
  let emitted = 0;
  for (const step of plan) {
    if (step.type === "turn") await settle();
    else if (step.type === "emit") {
      stage.emit(range(step.count, emitted));
      emitted += step.count;
    } else {
      const judge = judges[step.who % judges.length];
      if (step.type === "request") judge?.request(step.demand);
      else judge?.cancel();
    }
  }
  if (end === "complete") stage.complete();
  else if (end === "fail") stage.fail(error);
  else if (end === "bad request") judges[0]?.request(0);
  await settle();
  const buffered = stage.bufferedCount;
  for (const judge of judges) expect(judge.problems).toEqual([]);
  for (const judge of judges) if (judge.isBad && !judge.isCancelled) expect(judge.end).toMatchObject({ message: expect.stringContaining("3.9") });
  await stage.stop();
  return { judges, emitted, buffered, error };
}

type Step =
  | { readonly type: "turn" }
  | { readonly type: "emit"; readonly count: number }
  | { readonly type: "request"; readonly who: number; readonly demand: number }
  | { readonly type: "cancel"; readonly who: number };

describe("the Subscribers of one Publisher", () => {
  test("of a demand dispatcher: each event goes to one of them, in order, and to somebody if anybody has requested it", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { judges, emitted, buffered, error } = await play(demandDispatcher(), scene);
        const all = judges.flatMap(({ events }) => events);
        for (const { events } of judges) expect(events).toEqual(events.toSorted((one, other) => one - other));
        expect(new Set(all).size).toBe(all.length);
        const isAnyGone = judges.some(({ isCancelled, isBad }) => isCancelled || isBad);
        // Conservation: what is neither signalled nor buffered was on its way to one that left.
        if (isAnyGone) expect(all.length + buffered).toBeLessThanOrEqual(emitted);
        else expect(all.length + buffered).toBe(emitted);
        const wanted = judges.filter(({ isCancelled, isBad }) => !isCancelled && !isBad).reduce((sum, { open }) => sum + open, 0);
        // Progress: nobody waits for an event that is there.
        if (wanted > 0) expect(buffered).toBe(0);
        for (const { end, isCancelled, isBad } of judges) {
          if (isCancelled || isBad || buffered > 0) continue;
          if (scene.end === "complete") expect(end).toBe("complete");
          if (scene.end === "fail") expect(end).toBe(error);
        }
      }),
      parametersOf(runs),
    );
  });

  test("of a broadcast: each gets every event from the first on, as far as it has requested", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { judges, emitted, error } = await play(broadcastDispatcher(), scene);
        for (const { events } of judges) expect(events).toEqual(range(events.length));
        const there = judges.filter(({ isCancelled, isBad }) => !isCancelled && !isBad);
        const least = Math.min(...there.map(({ requested }) => requested));
        for (const { events, requested, end } of there) {
          const upTo = Math.min(emitted, requested, least + 16);
          expect(events.length).toBe(upTo);
          if (scene.end === "complete" && there.every((each) => each.requested >= emitted)) expect(end).toBe("complete");
          if (scene.end === "fail" && least + 16 >= emitted && there.some((each) => each.requested >= emitted)) expect(end).toBe(error);
        }
      }),
      parametersOf(runs),
    );
  });
});

/** A Publisher that answers each request with some events at once and the others as a test says, and judges who asks. */
class Source implements Publisher<number>, Subscription {
  requested = 0;
  sent = 0;
  cancels = 0;
  isOver = false;
  readonly problems: string[] = [];
  readonly #count: number;
  readonly #atOnce: number;
  #subscriber: Subscriber<number> | undefined;
  #isRequesting = false;

  constructor(count: number, atOnce: number) {
    this.#count = count;
    this.#atOnce = atOnce;
  }

  subscribe(subscriber: Subscriber<number>): void {
    this.#subscriber = subscriber;
    subscriber.onSubscribe(this);
  }

  request(demand: number): void {
    if (this.#isRequesting) this.problems.push("request within request");
    if (this.isOver) this.problems.push("request after the end");
    if (!(demand >= 1)) this.problems.push(`request of ${demand}`);
    this.requested += demand;
    this.#isRequesting = true;
    this.send(this.#atOnce);
    this.#isRequesting = false;
  }

  cancel(): void {
    if (this.isOver) this.problems.push("cancel after the end");
    this.cancels += 1;
    this.isOver = true;
  }

  send(count: number): void {
    for (let place = 0; place < count && this.sent < Math.min(this.requested, this.#count) && !this.isOver; place += 1) this.#subscriber?.onNext(this.sent++);
    if (this.sent === this.#count && !this.isOver && this.#subscriber !== undefined) {
      this.isOver = true;
      this.#subscriber.onComplete();
    }
  }
}

test("a producer of a Publisher requests exactly what is asked of it, gets all of it in order, and ends it once", { timeout }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        count: fc.nat(60),
        atOnce: fc.nat(4),
        plan: fc.array(fc.record({ ask: fc.nat(8), send: fc.nat(8), isTurn: fc.boolean() }), { maxLength: 30 }),
        isLeft: fc.boolean(),
      }),
      async ({ count, atOnce, plan, isLeft }) => {
        const source = new Source(count, atOnce);
        const probe = new ConsumerProbe(fromPublisher(source));
        let asked = 0;
        for (const { ask, send, isTurn } of plan) {
          if (ask > 0 && !source.isOver) {
            void probe.ask(ask);
            asked += ask;
          }
          if (isTurn) await settle();
          source.send(send);
        }
        await settle();
        expect(source.requested).toBeLessThanOrEqual(asked);
        if (!source.isOver) expect(source.requested).toBe(asked);
        source.send(Infinity);
        await settle();
        expect(probe.events).toEqual(range(Math.min(source.requested, count)));
        if (isLeft || !source.isOver) await probe.cancel();
        expect(source.cancels).toBe(source.sent === count && source.requested > 0 ? 0 : source.requested > 0 ? 1 : 0);
        expect(probe.ends).toHaveLength(1);
        expect(source.problems).toEqual([]);
      },
    ),
    parametersOf(runs),
  );
});

test("over a Publisher and back nothing is asked that was not asked, and all that was comes, in order", { timeout }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ asks: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 }), turns: fc.array(fc.boolean(), { maxLength: 12 }), count: fc.nat(200) }), async ({ asks, turns, count }) => {
      let made = 0;
      const first = producer<number>({
        handleDemand(demand, self) {
          const list = range(Math.min(demand, count - made), made);
          made += list.length;
          if (made === count) self.complete();
          return list;
        },
      });
      const probe = new ConsumerProbe(fromPublisher(toPublisher(fromPublisher(toPublisher(first)))));
      let asked = 0;
      for (const [place, ask] of asks.entries()) {
        void probe.ask(ask);
        asked += ask;
        if (turns[place] === true) {
          await settle();
          expect(made).toBe(Math.min(asked, count));
        }
      }
      await settle();
      expect(made).toBe(Math.min(asked, count));
      expect(probe.events).toEqual(range(made));
      if (asked > 0 && asked >= count) expect(probe.end).toEqual({ type: "normal" });
      else {
        await probe.cancel();
        if (asked > 0) expect(await first.closed).toEqual({ type: "shutdown" });
      }
    }),
    parametersOf(runs),
  );
});
