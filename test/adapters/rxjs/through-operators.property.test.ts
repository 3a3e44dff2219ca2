/**
 * The gate, for random chains, random times of their inner observables, errors and ends: reads are exact, no more is active
 * than was declared, order is kept where it is promised, every event settles, and nothing is left behind.
 */
import * as fc from "fast-check";
import type { Observable, OperatorFunction } from "rxjs";
import { expect, test } from "vitest";
import type { ExitReason } from "sluice";
import { each, sync, throughOperators, tracked, type Operators } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { VERSIONS, type Rx } from "./support/versions.ts";

const boom = new Error("boom");

/** What nobody may report here. */
const WRONG: readonly string[] = ["late-failure", "cleanup-failed", "excess-events", "late-signal"];

/** When a piece of work is done. */
type Delay = "now" | "microtask" | "turn" | "turns";

function after(delay: Delay, act: () => void): void {
  if (delay === "now") act();
  else if (delay === "microtask") queueMicrotask(act);
  else if (delay === "turn") setImmediate(act);
  else setImmediate(() => setImmediate(act));
}

/** What the operators of one run do, and what became of it. */
class Run {
  readonly fed: number[] = [];
  readonly active: number[] = [];
  readonly mostActive: number[] = [];
  begun = 0;
  ended = 0;
  /** One has failed, and was not left before. */
  hasFailed = false;
  #delays = 0;
  readonly rx: Rx;
  readonly #schedule: readonly Delay[];
  /** The work of this number fails. */
  readonly #failAt: number;

  constructor(rx: Rx, schedule: readonly Delay[], failAt: number) {
    this.rx = rx;
    this.#schedule = schedule;
    this.#failAt = failAt;
  }

  /** Work at a place of the chain: it emits the event `outputs` times, each when its time has come. */
  work(place: number, n: number, outputs: number): Observable<number> {
    return new this.rx.Observable<number>((subscriber) => {
      this.active[place] = (this.active[place] ?? 0) + 1;
      this.mostActive[place] = Math.max(this.mostActive[place] ?? 0, this.active[place] ?? 0);
      const number = this.begun;
      this.begun += 1;
      const step = (left: number): void => {
        after(this.#schedule[this.#delays++ % this.#schedule.length] ?? "now", () => {
          if (subscriber.closed) return;
          if (number === this.#failAt) {
            this.hasFailed = true;
            subscriber.error(boom);
          } else if (left === 0) subscriber.complete();
          else {
            subscriber.next(n);
            step(left - 1);
          }
        });
      };
      // Added, not returned: RxJS may begin with the next one before this function returns.
      subscriber.add(() => {
        this.active[place] = (this.active[place] ?? 0) - 1;
        this.ended += 1;
      });
      step(outputs);
    });
  }

  get feeding(): OperatorFunction<number, number> {
    return this.rx.tap((n: number) => void this.fed.push(n));
  }
}

/** One operator of a chain. */
type Link =
  | { readonly type: "map" | "filter" | "double" | "gather" | "group" }
  | { readonly type: "mergeMap"; readonly limit: number; readonly outputs: number }
  | { readonly type: "concatMap" | "switchMap" | "exhaustMap"; readonly outputs: number };

type AnyOperator = OperatorFunction<number, number>;
type Flattening = Pick<Rx, "mergeMap" | "concatMap" | "switchMap" | "exhaustMap">;

function operatorOf(link: Link, place: number, run: Run, g: Flattening): AnyOperator {
  const { bufferCount, filter, groupBy, map, mergeMap, pipe } = run.rx;
  const project = (n: number): Observable<number> => run.work(place, n, "outputs" in link ? link.outputs : 1);
  switch (link.type) {
    case "map":
      return map((n) => n);
    case "filter":
      return filter((n) => n % 3 !== 0);
    case "double":
      return mergeMap((n) => [n, n]);
    case "gather":
      return pipe(bufferCount<number>(3), map((list) => list[0] ?? -1));
    case "group":
      return pipe(
        groupBy((n: number) => n % 2),
        mergeMap((group) => group.pipe(map((n) => n))),
      );
    case "mergeMap":
      return g.mergeMap(project, link.limit);
    default:
      return g[link.type](project);
  }
}

const plainLink = fc.constantFrom<Link>({ type: "map" }, { type: "filter" }, { type: "double" }, { type: "gather" }, { type: "group" });
const outputs = fc.integer({ min: 0, max: 2 });
const workLink = fc.oneof(
  fc.record({ type: fc.constant("mergeMap" as const), limit: fc.integer({ min: 1, max: 4 }), outputs }),
  fc.record({ type: fc.constantFrom("concatMap" as const, "switchMap" as const, "exhaustMap" as const), outputs }),
) satisfies fc.Arbitrary<Link>;

const chains = fc.array(fc.oneof({ arbitrary: plainLink, weight: 2 }, { arbitrary: workLink, weight: 3 }), { minLength: 1, maxLength: 4 });

function rxOf(version: string): Rx {
  return VERSIONS.find(([name]) => name === version)?.[1] as Rx;
}

const schedules = {
  version: fc.constantFrom("RxJS 7", "RxJS 8"),
  events: fc.nat(30),
  delays: fc.array(fc.constantFrom<Delay>("now", "microtask", "turn", "turns"), { minLength: 1, maxLength: 5 }),
  lists: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
  asks: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
  maxDemand: fc.integer({ min: 1, max: 12 }),
  isEager: fc.boolean(),
  failAt: fc.oneof({ arbitrary: fc.constant(-1), weight: 2 }, fc.nat(20)),
};

interface Plan {
  readonly events: number;
  readonly lists: readonly number[];
  readonly asks: readonly number[];
  readonly maxDemand: number;
  readonly isEager: boolean;
}

interface Outcome {
  readonly events: readonly number[];
  readonly end: ExitReason | undefined;
  readonly asked: number;
}

/** Sends the events within what is asked for, asks until the end, and looks after each ask. */
async function drive(operators: Operators<number, number>, plan: Plan, look: (outcome: Outcome, buffered: number) => void): Promise<Outcome> {
  const up = new ProducerProbe<number>();
  const reports: string[] = [];
  const stage = throughOperators(operators, {
    subscribeTo: [{ to: up.producer, maxDemand: plan.maxDemand }],
    feed: plan.isEager ? "eager" : "strict",
    handleReport: ({ kind }) => reports.push(kind),
  });
  void stage.closed;
  const down = new ConsumerProbe(stage);
  await settle();
  let sent = 0;
  let isOver = false;
  const send = (): void => {
    const allowed = up.asks.reduce((sum, ask) => sum + ask, 0);
    for (let list = 0; sent < Math.min(plan.events, allowed); list += 1) {
      const size = Math.min(plan.lists[list % plan.lists.length] ?? 1, Math.min(plan.events, allowed) - sent);
      void up.emit(...range(size, sent));
      sent += size;
    }
    if (sent === plan.events && !isOver) {
      isOver = true;
      void up.complete();
    }
  };
  let asked = 0;
  const outcome = (): Outcome => ({ events: down.events, end: down.end, asked });
  for (let turn = 0; down.ends.length === 0; turn += 1) {
    expect(turn).toBeLessThan(2000);
    if (up.cancels.length === 0) send();
    const demand = plan.asks[turn % plan.asks.length] ?? 1;
    asked += demand;
    await down.ask(demand);
    // Work that takes turns of the event loop.
    for (let wait = 0; wait < 4; wait += 1) await new Promise((resolve) => setImmediate(resolve));
    look(outcome(), stage.bufferedCount);
  }
  await stage.closed;
  await settle();
  const { input } = stage.snapshot();
  expect(input).toMatchObject({ queued: 0, inCallback: 0 });
  expect(input?.received).toBe((input?.handled ?? 0) + (input?.failed ?? 0) + (input?.lost ?? 0));
  expect(reports.filter((kind) => WRONG.includes(kind))).toEqual([]);
  return outcome();
}

/** What a chain makes of the first `count` events, when its work is done in order; with what it holds back until the end. */
function modelOf(chain: readonly Link[], count: number, isComplete: boolean): number[] {
  return chain.reduce((list, link) => {
    if (link.type === "filter") return list.filter((n) => n % 3 !== 0);
    if (link.type === "double") return list.flatMap((n) => [n, n]);
    if (link.type === "gather") return list.filter((_, index) => index % 3 === 0 && (isComplete || index + 2 < list.length));
    if ("outputs" in link) return list.flatMap((n) => Array.from({ length: link.outputs }, () => n));
    return list;
  }, range(count));
}

test("a random chain of tracked operators: what RxJS makes of it, within its limits, and everything settles", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, chain: chains }), async ({ version: name, chain, delays, failAt, ...plan }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, failAt);
      const { mergeMap, concatMap, switchMap, exhaustMap } = version;
      const operators = tracked({ mergeMap, concatMap, switchMap, exhaustMap }, (g) => chain.reduce<AnyOperator>((before, link, place) => version.pipe(before, operatorOf(link, place, run, g as Flattening)), run.feeding));
      const limits = chain.map((link) => (link.type === "mergeMap" ? link.limit : "outputs" in link ? 1 : 0));
      const makes = chain.reduce((product, link) => product * (link.type === "double" ? 2 : "outputs" in link ? Math.max(1, link.outputs) : 1), 1);

      const { events, end } = await drive(operators, plan, (outcome, buffered) => {
        expect(outcome.events.length).toBeLessThanOrEqual(outcome.asked);
        // What waits for demand was made by the events in work: as many as were demanded, or as the operators take.
        const inWork = plan.isEager ? limits.reduce((sum, limit) => sum + limit, 1) : Math.max(...plan.asks);
        expect(buffered).toBeLessThanOrEqual(makes * inWork + makes * 3);
      });

      for (const [place, limit] of limits.entries()) expect(run.mostActive[place] ?? 0).toBeLessThanOrEqual(limit);
      expect(run.active.every((count) => count === 0)).toBe(true);
      expect(run.ended).toBe(run.begun);
      expect(run.fed).toEqual(range(run.fed.length));
      if (run.hasFailed) expect(end).toEqual({ type: "error", error: boom });
      else {
        expect(end).toEqual({ type: "normal" });
        expect(run.fed).toEqual(range(plan.events));
        // What comes of how fast the work is cannot be compared.
        const isFixed = chain.every(({ type }) => type !== "switchMap" && type !== "exhaustMap" && type !== "gather");
        if (isFixed) expect(events.toSorted((a, b) => a - b)).toEqual(modelOf(chain, plan.events, true).toSorted((a, b) => a - b));
        const isOrdered = isFixed && chain.every((link) => link.type !== "mergeMap" || link.limit === 1);
        if (isOrdered) expect(events).toEqual(modelOf(chain, plan.events, true));
      }
    }),
    { numRuns: 300 },
  );
});

test("one flattening operator: reads are exact, and no more is in work than demanded and declared", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, limit: fc.integer({ min: 1, max: 5 }) }), async ({ version: name, limit, delays, failAt, ...plan }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, failAt);
      const operators = tracked({ mergeMap: version.mergeMap }, (g) => version.pipe(run.feeding, g.mergeMap((n: number) => run.work(0, n, 1), limit)));
      const { events, end } = await drive(operators, plan, (outcome, buffered) => {
        const inWork = run.begun - run.ended;
        expect(run.fed.length).toBe(run.begun);
        expect(inWork).toBeLessThanOrEqual(limit);
        if (plan.isEager) expect(buffered).toBeLessThan(limit);
        else {
          expect(buffered).toBe(0);
          expect(run.fed.length).toBeLessThanOrEqual(outcome.asked);
        }
      });
      if (run.hasFailed) expect(end).toEqual({ type: "error", error: boom });
      else expect([end, events.toSorted((a, b) => a - b)]).toEqual([{ type: "normal" }, range(plan.events)]);
    }),
    { numRuns: 200 },
  );
});

test("synchronous operators: exactly as many events are fed as the demand takes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, chain: fc.array(plainLink, { maxLength: 4 }) }), async ({ version: name, chain, delays, failAt, ...plan }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, -1);
      const failing = version.map((n: number) => {
        if (n === failAt) throw boom;
        return n;
      });
      const flattening: Flattening = version;
      const whole = chain.reduce<AnyOperator>((before, link, place) => version.pipe(before, operatorOf(link, place, run, flattening)), version.pipe(run.feeding, failing));
      const hasFailed = failAt >= 0 && failAt < plan.events;
      const mostOfOne = chain.reduce((product, { type }) => (type === "double" ? product * 2 : product), 1);

      const { events, end } = await drive(sync(whole), plan, (outcome, buffered) => {
        expect(outcome.events.length).toBeLessThanOrEqual(outcome.asked);
        const { length } = run.fed;
        // The last event that was fed was needed: without it there was not enough.
        if (length > 0) expect(modelOf(chain, length - 1, false).length).toBeLessThan(outcome.asked);
        if (length < plan.events) expect(buffered).toBeLessThan(mostOfOne);
      });
      const expected = modelOf(chain, hasFailed ? failAt : plan.events, !hasFailed);
      expect([events, end]).toEqual([expected, hasFailed ? { type: "error", error: boom } : { type: "normal" }]);
    }),
    { numRuns: 200 },
  );
});

test("each event through its own copy: order where it is promised, at most so many at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, concurrency: fc.integer({ min: 1, max: 5 }), ordered: fc.boolean(), outputs }), async ({ version: name, concurrency, ordered, outputs: count, delays, failAt, ...plan }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, failAt);
      const operators = each(version.pipe(run.feeding, version.mergeMap((n: number) => run.work(0, n, count))), { concurrency, ordered });
      const { events, end } = await drive(operators, plan, (_, buffered) => {
        expect(run.begun - run.ended).toBeLessThanOrEqual(concurrency);
        if (!plan.isEager && count <= 1) expect(buffered).toBe(0);
        else expect(buffered).toBeLessThanOrEqual(concurrency * count);
      });
      expect(run.mostActive[0] ?? 0).toBeLessThanOrEqual(concurrency);
      expect(run.ended).toBe(run.begun);
      const expected = range(plan.events).flatMap((n) => Array.from({ length: count }, () => n));
      if (run.hasFailed) expect(end).toEqual({ type: "error", error: boom });
      else if (ordered) expect([end, events]).toEqual([{ type: "normal" }, expected]);
      else expect([end, events.toSorted((a, b) => a - b)]).toEqual([{ type: "normal" }, expected]);
    }),
    { numRuns: 200 },
  );
});

test("whoever ends it, and whenever, both sides hear of one end, and no work goes on", async () => {
  const ways = fc.constantFrom("stop", "cancel", "error of the producer", "shutdown of the producer", "early completion");
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, chain: chains, how: ways, turns: fc.nat(8) }), async ({ version: name, chain, delays, how, turns, events, asks, isEager, maxDemand }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, -1);
      const { mergeMap, concatMap, switchMap, exhaustMap } = version;
      const enough = new version.ReplaySubject<void>(1);
      const operators = tracked({ mergeMap, concatMap, switchMap, exhaustMap }, (g) =>
        version.pipe(
          chain.reduce<AnyOperator>((before, link, place) => version.pipe(before, operatorOf(link, place, run, g as Flattening)), run.feeding),
          version.takeUntil(enough),
        ),
      );
      const up = new ProducerProbe<number>();
      const reports: string[] = [];
      const stage = throughOperators(operators, { subscribeTo: [{ to: up.producer, maxDemand }], feed: isEager ? "eager" : "strict", handleReport: ({ kind }) => reports.push(kind) });
      const { closed } = stage;
      const down = new ConsumerProbe(stage);
      await settle();
      void up.emit(...range(Math.max(1, Math.min(events, maxDemand))));
      for (const demand of asks) void down.ask(demand);
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));

      if (how === "stop") void stage.stop(boom);
      else if (how === "cancel") void down.cancel();
      else if (how === "error of the producer") void up.fail(boom);
      else if (how === "shutdown of the producer") void up.wire.end("down", { type: "shutdown", reason: boom });
      else enough.next();
      for (let turn = 0; turn < 200 && stage.snapshot().state !== "ended"; turn += 1) {
        if (how !== "cancel") void down.ask(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(stage.snapshot().state).toBe("ended");
      const reason = await closed;
      await settle();

      expect(down.ends).toHaveLength(1);
      const isFromAbove = how === "error of the producer" || how === "shutdown of the producer";
      expect(up.cancels).toHaveLength(isFromAbove ? 0 : 1);
      expect(reason.type).toBe(how === "early completion" ? "normal" : how === "error of the producer" ? "error" : "shutdown");
      expect(run.active.every((count) => count === 0)).toBe(true);
      expect(run.ended).toBe(run.begun);
      const { input } = stage.snapshot();
      expect(input?.received).toBe((input?.handled ?? 0) + (input?.failed ?? 0) + (input?.lost ?? 0));
      expect(reports.filter((kind) => WRONG.includes(kind))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** What an operator of the chain has done with, of the events that were fed. */
type Part =
  | { readonly type: "filter" | "group" | "groupMerge" }
  | { readonly type: "mergeMap"; readonly limit: number }
  | { readonly type: "concatMap" };

const parts = fc.array(
  fc.oneof(
    fc.constantFrom<Part>({ type: "filter" }, { type: "group" }, { type: "groupMerge" }, { type: "concatMap" }),
    fc.record({ type: fc.constant("mergeMap" as const), limit: fc.integer({ min: 1, max: 4 }) }),
  ),
  { minLength: 1, maxLength: 3 },
);

/** How many inner observables a group may have active. */
const IN_GROUP = 2;
const GROUPS = 3;

function limitOf(part: Part): number {
  if (part.type === "mergeMap") return part.limit;
  return { filter: 0, group: GROUPS, groupMerge: GROUPS * IN_GROUP, concatMap: 1 }[part.type];
}

test("a chain with groups: it reads at most window + limits more than was delivered or dropped, and everything settles, however it ends", async () => {
  const ends = fc.constantFrom("all", "error of the producer", "cancel", "stop");
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, chain: parts, how: ends }), async ({ version: name, chain, delays, failAt, how, events, asks, isEager, maxDemand }) => {
      const version = rxOf(name);
      const run = new Run(version, delays, failAt);
      const { filter, groupBy, mergeMap, pipe } = version;
      let dropped = 0;
      const partOf = (part: Part, place: number, g: Flattening): AnyOperator => {
        const project = (n: number): Observable<number> => run.work(place, n, 1);
        const inGroups = (operator: () => AnyOperator): AnyOperator =>
          pipe(
            groupBy((n: number) => n % GROUPS),
            mergeMap((group) => group.pipe(operator())),
          );
        switch (part.type) {
          case "filter":
            return filter((n) => {
              const isKept = n % 3 !== 1;
              if (!isKept) dropped += 1;
              return isKept;
            });
          case "group":
            return inGroups(() => g.concatMap(project));
          case "groupMerge":
            return inGroups(() => g.mergeMap(project, IN_GROUP));
          case "mergeMap":
            return g.mergeMap(project, part.limit);
          case "concatMap":
            return g.concatMap(project);
        }
      };
      let left = 0;
      const leaving = version.tap<number>(() => void (left += 1));
      const operators = tracked({ mergeMap, concatMap: version.concatMap }, (g) =>
        pipe(
          chain.reduce<AnyOperator>((before, part, place) => pipe(before, partOf(part, place, g as Flattening)), run.feeding),
          leaving,
        ),
      );

      let read = 0;
      let made = 0;
      const up = new ProducerProbe<number>();
      const reports: string[] = [];
      const stage = throughOperators(operators, { subscribeTo: [{ to: up.producer, maxDemand }], feed: isEager ? "eager" : "strict", handleReport: ({ kind }) => reports.push(kind) });
      const { closed } = stage;
      const down = new ConsumerProbe(stage);
      await settle();
      let asked = 0;
      let isTold = false;
      const look = (): void => {
        // What was asked for counts as read: a fast producer has made it.
        read = Math.min(events, up.asks.reduce((sum, ask) => sum + ask, 0));
        // What has left the operators and is demanded is on its way: in the next turn it is delivered.
        expect(read - Math.min(left, asked) - dropped).toBeLessThanOrEqual(maxDemand);
        expect(read - down.events.length - dropped).toBeLessThanOrEqual(maxDemand + chain.reduce((sum, part) => sum + limitOf(part), 0));
        // None of these operators makes two of one: so nothing waits in strict mode, and nothing is fed that is not asked for.
        if (!isEager) expect([stage.bufferedCount, run.fed.length - dropped <= asked]).toEqual([0, true]);
        for (const [place, part] of chain.entries()) expect(run.mostActive[place] ?? 0).toBeLessThanOrEqual(limitOf(part));
      };
      for (let turn = 0; down.ends.length === 0; turn += 1) {
        expect(turn).toBeLessThan(2000);
        look();
        if (up.cancels.length === 0 && !isTold) {
          const allowed = Math.min(events, up.asks.reduce((sum, ask) => sum + ask, 0));
          if (made < allowed) void up.emit(...range(allowed - made, made));
          made = allowed;
        }
        const isLate = turn >= 3 || made === events;
        if (how !== "all" && isLate && !isTold) {
          isTold = true;
          if (how === "error of the producer") {
            if (up.cancels.length === 0) void up.fail(boom);
          } else if (how === "cancel") break;
          else void stage.stop(boom);
        } else if (made === events && !isTold) {
          isTold = true;
          if (up.cancels.length === 0) void up.complete();
        }
        const demand = asks[turn % asks.length] ?? 1;
        asked += demand;
        await down.ask(demand);
        for (let wait = 0; wait < 3; wait += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      if (how === "cancel" && down.ends.length === 0) void down.cancel();
      const reason = await closed;
      await settle();

      if (how === "all") expect(reason).toEqual(run.hasFailed ? { type: "error", error: boom } : { type: "normal" });
      if (how === "all" && !run.hasFailed) {
        expect([read, run.fed.length]).toEqual([events, events]);
        const kept = range(events).filter((n) => n % 3 !== 1 || chain.every(({ type }) => type !== "filter"));
        expect(down.events.toSorted((a, b) => a - b)).toEqual(kept);
        const isOrdered = chain.every(({ type, ...part }) => type === "filter" || type === "concatMap" || ("limit" in part && part.limit === 1));
        if (isOrdered) expect(down.events).toEqual(kept);
        // Each group keeps its order where nothing in it overtakes.
        if (chain.every(({ type }) => type !== "mergeMap" && type !== "groupMerge")) {
          for (let group = 0; group < GROUPS; group += 1) expect(down.events.filter((n) => n % GROUPS === group)).toEqual(kept.filter((n) => n % GROUPS === group));
        }
      }
      expect(run.active.every((count) => count === 0)).toBe(true);
      expect(run.ended).toBe(run.begun);
      const { input } = stage.snapshot();
      expect(input).toMatchObject({ queued: 0, inCallback: 0 });
      expect(input?.received).toBe((input?.handled ?? 0) + (input?.failed ?? 0) + (input?.lost ?? 0));
      expect(reports.filter((kind) => WRONG.includes(kind))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
