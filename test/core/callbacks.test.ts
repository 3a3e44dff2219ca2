import { consumer, type ProducerOptions, type Report } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { above, between, type Above, type Between, type BetweenOptions } from "./life/neighbours.ts";
import { never, watch } from "./life/outcome.ts";
import { downByShutdown, downNormally, downWith, same } from "./life/same.ts";
import { deferred, type Deferred } from "./support/deferred.ts";

/** What a callback does wrong. */
type Fault = () => unknown;

/** Starts a stage between two probes whose one callback is faulty, and makes it run, once. */
type Provoke = (fault: Fault) => Promise<Between<number, number>>;

/** The stage has asked for 4, min 2; the consumer for 10, where the events are to pass. */
const options = (given: object): BetweenOptions<number, number> => ({ handleEvents: (events) => events, ...given });

const handling = (given: (fault: Fault) => object): Provoke => async (fault) => {
  const stages = await between<number, number>(given(fault) as BetweenOptions<number, number>);
  await stages.down.ask(10);
  await stages.up.emit(1);
  return stages;
};

/** The callbacks that return events. */
const EMITTING: readonly (readonly [name: string, callback: string, provoke: Provoke])[] = [
  ["handleEvents", "handleEvents", handling((fault) => ({ handleEvents: fault }))],
  ["handleEvent", "handleEvent", handling((fault) => ({ handleEvent: fault }))],
  ["handleEvent with concurrency 4", "handleEvent", handling((fault) => ({ handleEvent: fault, concurrency: 4 }))],
  ["handleEvent with concurrency 4, unordered,", "handleEvent", handling((fault) => ({ handleEvent: fault, concurrency: 4, ordered: false }))],
  [
    "handleComplete",
    "handleComplete",
    async (fault) => {
      const stages = await between(options({ handleComplete: fault }));
      await stages.down.ask(10);
      await stages.up.complete();
      return stages;
    },
  ],
];

/** The callbacks whose return is nobody's concern. */
const SILENT: readonly (readonly [name: string, provoke: Provoke])[] = [
  ["handleSubscribe of a producer", (fault) => between(options({ handleSubscribe: (from: { side: string }) => (from.side === "producer" ? fault() : undefined) }))],
  ["handleSubscribe of a consumer", (fault) => between(options({ handleSubscribe: (from: { side: string }) => (from.side === "consumer" ? fault() : undefined) }))],
  [
    "handleCancel of a producer",
    async (fault) => {
      const stages = await between(options({ handleCancel: fault }));
      const other = new ProducerProbe<number>();
      stages.stage.subscribe(other.producer, { cancel: "temporary" });
      await settle();
      await other.complete();
      return stages;
    },
  ],
  [
    "handleCancel of a consumer",
    async (fault) => {
      const stages = await between(options({ handleCancel: fault }));
      await new ConsumerProbe(stages.stage).cancel();
      return stages;
    },
  ],
  [
    "handleInfo",
    async (fault) => {
      const stages = await between(options({ handleInfo: fault }));
      stages.stage.info("hello");
      await settle();
      return stages;
    },
  ],
];

const ALL: readonly (readonly [name: string, provoke: Provoke])[] = [...EMITTING.map(([name, , provoke]) => [name, provoke] as const), ...SILENT];

/** The partner above has ended by itself before `handleComplete` runs: it hears nothing. */
const aboveHears = (name: string, message: unknown): unknown[] => (name === "handleComplete" ? [] : [message]);

describe("a callback that throws ends its stage with that error, by identity:", () => {
  test.each(ALL)("%s", async (name, provoke) => {
    const error = new Error(name);
    const { up, stage, down, reports } = await provoke(() => {
      throw error;
    });
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.cancels).toEqual(aboveHears(name, downWith(error)));
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
    expect(reports).toEqual([]);
  });
});

describe("a callback that rejects ends its stage with that error, by identity:", () => {
  test.each(ALL)("%s", async (name, provoke) => {
    const error = new Error(name);
    const { up, stage, down, reports } = await provoke(() => Promise.reject(error));
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.cancels).toEqual(aboveHears(name, downWith(error)));
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
    expect(reports).toEqual([]);
  });

  test.each(ALL)("%s, later", async (name, provoke) => {
    const error = new Error(name);
    const call = deferred();
    const { up, stage, down } = await provoke(() => call.promise);
    expect(stage.snapshot().waitingFor).toBe("callback");
    expect(down.ends).toEqual([]);
    call.reject(error);
    await settle();
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.cancels).toEqual(aboveHears(name, downWith(error)));
  });

  test.each([undefined, null, "a string", 0, Object.freeze({ frozen: true })])("also with %s, which is no Error", async (error) => {
    const { stage, down } = await above<number>({ handleDemand: () => Promise.reject(error) });
    await down.ask(1);
    for (const reason of [down.end, await stage.closed]) {
      expect(reason).toMatchObject({ type: "error" });
      expect((reason as { readonly error: unknown }).error).toBe(error);
    }
  });
});

describe("a callback that returns what is not a list:", () => {
  const wrong: readonly (readonly [shown: string, value: unknown])[] = [
    ["42", 42],
    ['"text"', "text"],
    ["an object", { length: 1, 0: "event" }],
    ["an instance of Set", new Set([1])],
    ["true", true],
  ];

  describe.each(EMITTING)("%s ends its stage with SLUICE_BAD_RETURN", (name, callback, provoke) => {
    test.each(wrong)("for %s", async (shown, value) => {
      const { up, stage, down } = await provoke(() => value);
      const error = expect.objectContaining({ code: "SLUICE_BAD_RETURN", message: `expected ${callback} of stage to return a list of events, or nothing, got: ${shown}` }) as unknown;
      expect(down.batches).toEqual([]);
      expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error } }]);
      expect(up.cancels).toEqual(aboveHears(name, { type: "cancel", kind: "down", reason: { type: "error", error } }));
      expect(await stage.closed).toEqual({ type: "error", error });
    });

    test("for a promise of it", async () => {
      const { down } = await provoke(() => Promise.resolve(42));
      expect(down.batches).toEqual([]);
      expect(down.ends).toMatchObject([{ kind: "down", reason: { error: { code: "SLUICE_BAD_RETURN" } } }]);
    });
  });

  test.each(SILENT)("%s may return anything, and nothing comes of it", async (_, provoke) => {
    for (const value of [42, [1, 2], Promise.resolve([3])]) {
      const { up, stage, down, reports } = await provoke(() => value);
      await down.ask(2);
      await up.emit(7);
      expect(down.batches).toEqual([[7]]);
      expect(down.ends).toEqual([]);
      expect(up.cancels).toEqual([]);
      expect(reports).toEqual([]);
      await stage.stop();
    }
  });

  test.each(EMITTING)("%s may return nothing", async (name, _, provoke) => {
    const { up, stage, down, reports } = await provoke(() => undefined);
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual(name === "handleComplete" ? [downNormally] : []);
    expect(up.cancels).toEqual([]);
    expect(reports).toEqual([]);
    await stage.stop();
  });
});

describe("a callback that emits more than was asked:", () => {
  const surplus: readonly (readonly [name: string, given: object])[] = [
    ["handleEvents", { handleEvents: (events: readonly number[]) => events.flatMap((event) => [event, event * 10, event * 100]) }],
    ["handleEvent", { handleEvent: (event: number) => [event, event * 10, event * 100] }],
    ["handleEvent with concurrency 4", { handleEvent: (event: number) => Promise.resolve([event, event * 10, event * 100]), concurrency: 4 }],
  ];

  test.each(surplus)("what %s returns beyond the demand is buffered, and holds its input back", async (_, given) => {
    const { up, stage, down } = await between<number, number>(given as BetweenOptions<number, number>);
    await down.ask(2);
    await up.expectDemand(4);
    await up.emit(1);
    await up.emit(2);
    await down.expectBatch([1, 10]);
    expect(stage.snapshot()).toMatchObject({ input: { queued: 1, handled: 1 }, output: { buffered: 1 } });
    // The event that was held back runs with the demand that the buffer leaves over.
    await down.ask(1);
    await down.expectBatch([100]);
    expect(stage.snapshot().input).toMatchObject({ queued: 1, handled: 1 });
    await up.expectNoDemand();
    await down.ask(1);
    await down.expectBatch([2]);
    expect(stage.snapshot()).toMatchObject({ input: { queued: 0, handled: 2 }, output: { buffered: 2 } });
    await up.expectDemand(2);
    await down.expectNothing();
    await stage.stop();
  });

  test("what handleComplete returns beyond it is delivered on demand, then the stage ends", async () => {
    const { up, down } = await between(options({ handleComplete: () => [1, 2, 3] }));
    await down.ask(2);
    await up.complete();
    expect(down.batches).toEqual([[1, 2]]);
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(down.batches).toEqual([[1, 2], [3]]);
    expect(down.ends).toEqual([downNormally]);
    expect(up.cancels).toEqual([]);
  });

  test("what handleDemand returns beyond it is buffered, and serves the next asks first", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({
      handleDemand(demand) {
        demands.push(demand);
        return [1, 2, 3, 4, 5];
      },
    });
    await down.ask(2);
    expect(down.batches).toEqual([[1, 2]]);
    expect(stage.bufferedCount).toBe(3);
    await down.ask(2);
    expect(down.batches).toEqual([[1, 2], [3, 4]]);
    expect(demands).toEqual([2]);
    await down.ask(3);
    expect(demands).toEqual([2, 2]);
    expect(down.batches).toEqual([[1, 2], [3, 4], [5], [1, 2]]);
    expect(stage.bufferedCount).toBe(3);
    expect(down.ends).toEqual([]);
    await stage.stop();
  });

  test("a list that handleDemand returns is kept whole, though it exceeds bufferSize", async () => {
    const { stage, down, reports } = await above<number>({ bufferSize: 2, handleDemand: () => [1, 2, 3, 4, 5, 6] });
    await down.ask(2);
    expect(stage.bufferedCount).toBe(4);
    await down.ask(2);
    await down.ask(2);
    expect(down.batches).toEqual([[1, 2], [3, 4], [5, 6]]);
    expect(reports).toEqual([]);
    await stage.stop();
  });

  test.each([
    ["first", [[1], [2, 3]]],
    ["last", [[1], [4, 5]]],
  ] as const)("with bufferKeep %s it is discarded, counted and reported", async (bufferKeep, batches) => {
    const discarded: number[] = [];
    let calls = 0;
    const { stage, down, reports } = await above<number>({ bufferSize: 2, bufferKeep, handleDemand: () => ((calls += 1) === 1 ? [1, 2, 3, 4, 5] : []), handleDiscarded: (count) => void discarded.push(count) });
    await down.ask(1);
    await down.ask(2);
    expect(down.batches).toEqual(batches);
    expect(discarded).toEqual([2]);
    expect(reports).toEqual([{ kind: "discarded", stage: "stage", count: 2 }, { kind: "ask-over-max", stage: "stage", partner: "down", count: 2, max: 1 }]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 5, delivered: 3, buffered: 0, discarded: 2, lost: 0 });
    await stage.stop();
  });

  test("an emit that does not fit ends the stage with SLUICE_BUFFER_FULL, after its buffer has drained", async () => {
    const { stage, down } = await above<number>({ bufferSize: 2 });
    await down.ask(1);
    stage.emit([1, 2, 3, 4, 5]);
    await settle();
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 5, delivered: 1, buffered: 2, discarded: 2 });
    await down.ask(2);
    expect(down.batches).toEqual([[1], [2, 3]]);
    expect(down.ends).toMatchObject([{ kind: "down", reason: { type: "error", error: { code: "SLUICE_BUFFER_FULL" } } }]);
  });

  test("a consumer that returns events is told that they have nowhere to go, and goes on", async () => {
    const reports: Report[] = [];
    const up = new ProducerProbe<number>();
    const printer = consumer({ name: "printer", subscribeTo: [{ to: up.producer, maxDemand: 1 }], handleEvents: (events) => events, handleReport: (report) => void reports.push(report) });
    await settle();
    await up.emit(1);
    expect(reports).toEqual([{ kind: "consumer-cannot-emit", stage: "printer", count: 1 }]);
    expect(up.asks).toEqual([1, 1]);
    expect(up.cancels).toEqual([]);
    await printer.stop();
  });

  test("a consumer that returns what is no list goes on: what its handler returns is ignored", async () => {
    const got: number[] = [];
    const up = new ProducerProbe<number>();
    const printer = consumer({ subscribeTo: [{ to: up.producer, maxDemand: 1 }], handleEvents: ((events: readonly number[]) => got.push(...events)) as never });
    const end = watch(printer.closed);
    await settle();
    await up.emit(7);
    await up.emit(8);
    expect(got).toEqual([7, 8]);
    expect(up.asks).toEqual([1, 1, 1]);
    expect(up.cancels).toEqual([]);
    expect(end).toEqual({});
    await printer.stop();
  });

  test("a producer that sends more than it was asked for: all is handled, the excess is reported and earns no demand", async () => {
    const { up, stage, down, reports } = await between(options({}), { maxDemand: 2, minDemand: 0 });
    await down.ask(10);
    await up.emit(1, 2, 3);
    expect(down.events).toEqual([1, 2, 3]);
    expect(up.asks).toEqual([2, 2]);
    expect(up.cancels).toEqual([]);
    expect(reports).toEqual([{ kind: "excess-events", stage: "stage", partner: "up", count: 1 }]);
    await stage.stop();
  });
});

describe("a callback that never resolves, when its stage is stopped:", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const timeout: unknown = expect.objectContaining({ code: "SLUICE_TIMEOUT", message: "a callback of stage did not settle within 5000 ms" });

  test.each(ALL)("%s: both neighbours are told at once, and the stage has ended after stopWithinMs", async (name, provoke) => {
    const { up, stage, down, reports } = await provoke(never);
    expect(stage.snapshot().waitingFor).toBe("callback");
    const stopped = watch(stage.stop("enough").then(() => "stopped"));
    await settle();
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(up.cancels).toEqual(aboveHears(name, downByShutdown("enough")));
    expect(stopped).toEqual({});
    await vi.advanceTimersByTimeAsync(4_999);
    await settle();
    expect(stopped).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(stopped.value).toBe("stopped");
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: timeout }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("handleDemand: the consumer is told at once, and the stage has ended after stopWithinMs", async () => {
    const { stage, down, reports } = await above<number>({ handleDemand: never });
    await down.ask(1);
    const stopped = watch(stage.stop("enough").then(() => "stopped"));
    await settle();
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(stopped).toEqual({});
    await vi.advanceTimersByTimeAsync(5_000);
    await settle();
    expect(stopped.value).toBe("stopped");
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: timeout }]);
  });

  test("handleStop: both neighbours are told at once, and the stage has ended after stopWithinMs", async () => {
    const { up, stage, down, reports } = await between(options({ handleStop: never }));
    const stopped = watch(stage.stop("enough").then(() => "stopped"));
    await settle();
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(up.cancels).toEqual([downByShutdown("enough")]);
    await vi.advanceTimersByTimeAsync(4_999);
    await settle();
    expect(stopped).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(stopped.value).toBe("stopped");
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: expect.objectContaining({ code: "SLUICE_TIMEOUT", message: "handleStop of stage did not settle within 5000 ms" }) as unknown }]);
  });

  test("what waits behind it is answered: an ask and a subscription in the mailbox hear of the end", async () => {
    const { stage, down } = await above<number>({ handleDemand: never, stopWithinMs: 10 });
    await down.ask(1);
    await down.ask(2);
    const late = new ConsumerProbe(stage);
    await late.ask(1);
    void stage.stop("enough");
    await settle();
    await vi.advanceTimersByTimeAsync(10);
    await settle();
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(late.ends).toEqual([downByShutdown("enough")]);
  });
});

describe("handleDemand", () => {
  const error = new Error("source gone");
  const run = async (given: ProducerOptions<number>): Promise<Above<number>> => {
    const stages = await above<number>(given);
    await stages.down.ask(2);
    return stages;
  };

  test.each([
    ["throws", (): never => { throw error; }],
    ["rejects", () => Promise.reject(error)],
  ])("that %s ends the stage with that error, for all consumers", async (_, handleDemand) => {
    const { stage, down } = await above<number>({ handleDemand });
    const other = new ConsumerProbe(stage);
    await down.ask(2);
    for (const probe of [down, other]) {
      expect(probe.batches).toEqual([]);
      expect(probe.ends).toEqual([downWith(error)]);
    }
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
  });

  test("that emits before it fails: what it emitted is delivered on demand, then the error", async () => {
    const { down } = await run({
      handleDemand(_, self) {
        self.emit([1, 2, 3]);
        throw error;
      },
    });
    expect(down.batches).toEqual([[1, 2]]);
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(down.batches).toEqual([[1, 2], [3]]);
    expect(down.ends).toEqual([downWith(error)]);
  });

  test.each([
    ["returns what is not a list", () => 42],
    ["resolves to what is not a list", () => Promise.resolve(42)],
  ])("that %s ends the stage with SLUICE_BAD_RETURN", async (_, handleDemand) => {
    const { stage, down } = await run({ handleDemand: handleDemand as never });
    const bad = expect.objectContaining({ code: "SLUICE_BAD_RETURN", message: "expected handleDemand of stage to return a list of events, or nothing, got: 42" }) as unknown;
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: bad } }]);
    expect(await stage.closed).toEqual({ type: "error", error: bad });
  });

  test("that returns nothing, or an empty list, is not asked again for what it owes", async () => {
    const demands: number[] = [];
    const { stage, down } = await run({ handleDemand: (demand) => (demands.push(demand) === 1 ? undefined : []) });
    await down.ask(1);
    await down.ask(1);
    expect(demands).toEqual([2, 1, 1]);
    expect(down.batches).toEqual([]);
    stage.emit([1, 2, 3, 4]);
    await settle();
    expect(down.batches).toEqual([[1, 2, 3, 4]]);
    expect(demands).toEqual([2, 1, 1]);
    await stage.stop();
  });

  test("is called for accumulated demands one by one, never with their sum", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ demand: "accumulate", handleDemand: (demand) => void demands.push(demand) });
    await down.ask(1);
    await down.ask(2);
    await down.ask(3);
    expect(demands).toEqual([]);
    stage.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([1, 2, 3]);
    await stage.stop();
  });

  test("is not called for what events that were emitted meanwhile serve, the oldest demand first", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ demand: "accumulate", handleDemand: (demand) => void demands.push(demand) });
    await down.ask(1);
    await down.ask(3);
    stage.emit([7, 8]);
    await settle();
    stage.setDemandMode("forward");
    await settle();
    expect(down.batches).toEqual([[7, 8]]);
    expect(demands).toEqual([2]);
    await stage.stop();
  });

  test("is called for what the buffer leaves of an accumulated demand", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ demand: "accumulate", handleDemand: (demand) => void demands.push(demand) });
    stage.emit([7, 8]);
    await down.ask(5);
    stage.setDemandMode("forward");
    await settle();
    expect(down.batches).toEqual([[7, 8]]);
    expect(demands).toEqual([3]);
    await stage.stop();
  });

  test("that is pending holds the mailbox: the next ask waits for it, and so does the next call", async () => {
    const calls: { readonly demand: number; readonly call: Deferred<readonly number[]> }[] = [];
    const { stage, down } = await run({
      handleDemand(demand) {
        const call = deferred<readonly number[]>();
        calls.push({ demand, call });
        return call.promise;
      },
    });
    await down.ask(3);
    expect(calls.map(({ demand }) => demand)).toEqual([2]);
    calls[0]?.call.resolve([1, 2]);
    await settle();
    expect(down.batches).toEqual([[1, 2]]);
    expect(calls.map(({ demand }) => demand)).toEqual([2, 3]);
    calls[1]?.call.resolve([3, 4, 5]);
    await settle();
    expect(down.batches).toEqual([[1, 2], [3, 4, 5]]);
    await stage.stop();
  });
});

describe("handleEvents", () => {
  test("that fails at the second batch: what the first returned is delivered, the rest is lost", async () => {
    const error = new Error("bad batch");
    let calls = 0;
    const { up, stage, down } = await between<number, number>({
      handleEvents(events) {
        calls += 1;
        if (calls > 1) throw error;
        return events;
      },
    });
    await down.ask(10);
    await up.emit(1, 2, 3, 4);
    expect(down.batches).toEqual([[1, 2]]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.asks).toEqual([4, 2]);
    expect(up.cancels).toEqual([downWith(error)]);
    expect(stage.snapshot().input).toMatchObject({ received: 4, handled: 2, failed: 2, lost: 0 });
  });
});

describe("handleEvent, one at a time,", () => {
  test("that fails at the third event: what finished is delivered, the rest is lost", async () => {
    const error = new Error("bad event");
    const { up, stage, down } = await between<number, number>({
      handleEvent(event) {
        if (event === 3) throw error;
        return [event * 10];
      },
    }, { maxDemand: 4, minDemand: 0 });
    await down.ask(10);
    await up.emit(1, 2, 3, 4);
    expect(down.events).toEqual([10, 20]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.cancels).toEqual([downWith(error)]);
    expect(stage.snapshot().input).toMatchObject({ received: 4, handled: 2, failed: 1, lost: 1 });
  });

  test("that rejects at the second event: what finished is delivered, the rest is lost", async () => {
    const error = new Error("bad event");
    const { up, stage, down } = await between<number, number>({ handleEvent: (event) => (event === 2 ? Promise.reject(error) : Promise.resolve([event])) });
    await down.ask(10);
    await up.emit(1, 2, 3);
    expect(down.events).toEqual([1]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(stage.snapshot().input).toMatchObject({ received: 3, handled: 1, failed: 1, lost: 1 });
  });
});

describe("handleEvent with concurrency 4", () => {
  interface Calls extends Between<number, number> {
    readonly call: (event: number) => Deferred<readonly number[]>;
    readonly started: readonly number[];
    readonly signal: () => AbortSignal | undefined;
  }

  async function calls(ordered: boolean, given: object = {}): Promise<Calls> {
    const pending = new Map<number, Deferred<readonly number[]>>();
    const started: number[] = [];
    let signal: AbortSignal | undefined;
    const stages = await between<number, number>(
      {
        concurrency: 4,
        ordered,
        handleEvent(event, self) {
          ({ signal } = self);
          started.push(event);
          const call = deferred<readonly number[]>();
          pending.set(event, call);
          return call.promise;
        },
        ...given,
      },
      { maxDemand: 6, minDemand: 3 },
    );
    return { ...stages, started, signal: () => signal, call: (event) => pending.get(event) as Deferred<readonly number[]> };
  }

  describe.each([
    ["in order", true],
    ["unordered", false],
  ])("%s", (_, ordered) => {
    test("runs four calls at once, and asks again when the events in flight have fallen to minDemand", async () => {
      const { up, stage, down, call, started } = await calls(ordered);
      await down.ask(10);
      await up.emit(1, 2, 3, 4, 5, 6);
      expect(started).toEqual([1, 2, 3, 4]);
      expect(stage.snapshot().input).toMatchObject({ inCallback: 4, queued: 2 });
      call(1).resolve([10]);
      await settle();
      call(2).resolve([20]);
      await settle();
      expect(started).toEqual([1, 2, 3, 4, 5, 6]);
      expect(up.asks).toEqual([6]);
      call(3).resolve([30]);
      await settle();
      expect(up.asks).toEqual([6, 3]);
      expect(down.batches).toEqual([[10], [20], [30]]);
      for (const event of [4, 5, 6]) call(event).resolve([]);
      await settle();
      await stage.stop();
    });

    test("after a failure: what finished is delivered, the others are aborted and awaited, then the error", async () => {
      const error = new Error("bad event");
      const { up, stage, down, call, signal } = await calls(ordered);
      await down.ask(10);
      await up.emit(1, 2, 3, 4, 5);
      call(2).resolve([20]);
      await settle();
      expect(down.batches).toEqual(ordered ? [] : [[20]]);
      expect(signal()?.aborted).toBe(false);
      call(3).reject(error);
      await settle();
      expect(down.batches).toEqual([[20]]);
      expect(down.ends).toEqual([]);
      expect(signal()?.aborted).toBe(true);
      expect(up.cancels).toEqual([downWith(error)]);
      expect(stage.snapshot()).toMatchObject({ waitingFor: "callback" });
      call(1).resolve([10]);
      call(4).resolve([40, 41]);
      if (!ordered) call(5).resolve([]);
      await settle();
      expect(down.batches).toEqual([[20]]);
      expect(down.ends).toEqual([downWith(error)]);
      expect(await stage.closed).toEqual({ type: "error", error: same(error) });
      const { input, output } = stage.snapshot();
      expect(input).toMatchObject({ received: 5, queued: 0, inCallback: 0, failed: 1 });
      expect((input?.handled ?? 0) + (input?.lost ?? 0)).toBe(4);
      expect(output).toMatchObject({ emitted: 4, delivered: 1, buffered: 0, discarded: 0, lost: 3 });
    });

    test("the end of the producer waits for the calls in flight, and so does its error", async () => {
      const error = new Error("source gone");
      const cancels: string[] = [];
      const { up, down, call, signal } = await calls(ordered, { handleCancel: ({ reason }: { reason: { type: string } }) => void cancels.push(reason.type) });
      await down.ask(10);
      await up.emit(1, 2);
      await up.fail(error);
      expect(cancels).toEqual([]);
      expect(signal()?.aborted).toBe(false);
      call(1).resolve([10]);
      await settle();
      expect(down.batches).toEqual([[10]]);
      expect(cancels).toEqual([]);
      call(2).resolve([20]);
      await settle();
      expect(down.batches).toEqual([[10], [20]]);
      expect(cancels).toEqual(["error"]);
      expect(down.ends).toEqual([downWith(error)]);
    });

    test("handleInfo waits for the calls in flight before it", async () => {
      const infos: unknown[] = [];
      const { up, stage, down, call } = await calls(ordered, { handleInfo: (message: unknown) => void infos.push(message) });
      await down.ask(10);
      await up.emit(1);
      stage.info("behind 1");
      await settle();
      expect(infos).toEqual([]);
      call(1).resolve([10]);
      await settle();
      expect(infos).toEqual(["behind 1"]);
      await stage.stop();
    });

    test("after a failure: one that fails as well is reported, and changes nothing", async () => {
      const first = new Error("first");
      const second = new Error("second");
      const { up, down, call, reports } = await calls(ordered);
      await down.ask(10);
      await up.emit(1, 2);
      call(2).reject(first);
      await settle();
      call(1).reject(second);
      await settle();
      expect(down.ends).toEqual([downWith(first)]);
      expect(reports).toEqual([{ kind: "late-failure", stage: "stage", error: same(second) }]);
    });

    test("that is stopped: both neighbours are told at once, the calls are aborted and awaited, their lists lost", async () => {
      const stops: string[] = [];
      const { up, stage, down, call, signal } = await calls(ordered, { handleStop: () => void stops.push("stop") });
      await down.ask(10);
      await up.emit(1, 2, 3, 4, 5);
      const stopped = watch(stage.stop("enough").then(() => "stopped"));
      await settle();
      expect(down.ends).toEqual([downByShutdown("enough")]);
      expect(up.cancels).toEqual([downByShutdown("enough")]);
      expect(signal()?.reason).toBe("enough");
      for (const event of [4, 3, 2]) call(event).resolve([event]);
      await settle();
      expect(stops).toEqual([]);
      expect(stopped).toEqual({});
      call(1).resolve([1]);
      await settle();
      expect(stops).toEqual(["stop"]);
      expect(stopped.value).toBe("stopped");
      expect(down.batches).toEqual([]);
      expect(stage.snapshot()).toMatchObject({ input: { received: 5, inCallback: 0, handled: 4, failed: 0, lost: 1 }, output: { emitted: 4, delivered: 0, lost: 4 } });
    });

    test("goes on with its mailbox while calls are pending: a subscription is answered", async () => {
      const subscribed: string[] = [];
      const { up, stage, down, call } = await calls(ordered, { handleSubscribe: (from: { name: string; side: string }) => void subscribed.push(`${from.side} ${from.name}`) });
      await down.ask(10);
      await up.emit(1);
      const second = new ConsumerProbe(stage, { name: "second" });
      await second.ask(1);
      expect(subscribed).toContain("consumer second");
      call(1).resolve([]);
      await settle();
      await stage.stop();
    });
  });

  test("in order, holds finished outputs behind the slowest", async () => {
    const { up, stage, down, call } = await calls(true);
    await down.ask(10);
    await up.emit(1, 2, 3);
    call(3).resolve([30]);
    call(2).resolve([20, 21]);
    await settle();
    expect(down.batches).toEqual([]);
    call(1).resolve([]);
    await settle();
    expect(down.events).toEqual([20, 21, 30]);
    await stage.stop();
  });

  test("unordered, delivers each output as it comes", async () => {
    const { up, stage, down, call } = await calls(false);
    await down.ask(10);
    await up.emit(1, 2, 3);
    call(3).resolve([30]);
    await settle();
    call(1).resolve([10]);
    await settle();
    expect(down.events).toEqual([30, 10]);
    call(2).resolve([20]);
    await settle();
    expect(down.events).toEqual([30, 10, 20]);
    await stage.stop();
  });

  describe("after a failure, with another call that is stuck", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test("passes the error on after stopWithinMs, and reports the stuck one", async () => {
      const error = new Error("bad event");
      const { up, down, call, reports } = await calls(true, { stopWithinMs: 50 });
      await down.ask(10);
      await up.emit(1, 2);
      call(2).reject(error);
      await settle();
      expect(up.cancels).toEqual([downWith(error)]);
      await vi.advanceTimersByTimeAsync(49);
      await settle();
      expect(down.ends).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await settle();
      expect(down.ends).toEqual([downWith(error)]);
      expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
    });
  });
});

describe("handleStop", () => {
  const error = new Error("disk full");
  const failing: readonly (readonly [name: string, fault: Fault])[] = [
    ["throws", () => { throw error; }],
    ["rejects", () => Promise.reject(error)],
  ];

  test.each(failing)("that %s after a shutdown is reported; both neighbours have heard of the shutdown", async (_, fault) => {
    const { up, stage, down, reports } = await between(options({ handleStop: fault }));
    await stage.stop("enough");
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(up.cancels).toEqual([downByShutdown("enough")]);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: same(error) }]);
  });

  test.each(failing)("that %s after an error is reported; both neighbours have heard of the first error", async (_, fault) => {
    const first = new Error("bad event");
    const { up, stage, down, reports } = await between<number, number>({ handleStop: fault, handleEvents: () => Promise.reject(first) });
    await down.ask(1);
    await up.emit(1);
    expect(down.ends).toEqual([downWith(first)]);
    expect(up.cancels).toEqual([downWith(first)]);
    expect(await stage.closed).toEqual({ type: "error", error: same(first) });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: same(error) }]);
  });

  test.each(failing)("that %s after a normal end turns it into that error, for both neighbours", async (_, fault) => {
    const { up, stage, down, reports } = await between<number, number>({ handleStop: fault, handleEvents: (events) => events });
    await up.complete();
    expect(down.ends).toEqual([downWith(error)]);
    expect(up.cancels).toEqual([]);
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
    expect(reports).toEqual([]);
  });

  test.each([42, [1, 2], Promise.resolve([3])])("may return anything, and nothing comes of it (%s)", async (value) => {
    const { stage, down, reports } = await between(options({ handleStop: () => value }));
    await stage.stop();
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downByShutdown()]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
    expect(reports).toEqual([]);
  });
});

describe("a callback that stops its own stage:", () => {
  const stopping: readonly (readonly [name: string, given: object])[] = [
    ["handleEvents", { handleEvents: (_: unknown, __: unknown, self: { stop(reason: string): void }) => (self.stop("enough"), [1, 2]) }],
    ["handleEvent", { handleEvent: (_: unknown, self: { stop(reason: string): void }) => (self.stop("enough"), [1, 2]) }],
    ["handleEvent with concurrency 4", { concurrency: 4, handleEvent: (_: unknown, self: { stop(reason: string): void }) => (self.stop("enough"), [1, 2]) }],
  ];

  test.each(stopping)("%s: both neighbours are told, what it returns is lost, and no event after it is handled", async (_, given) => {
    const { up, stage, down } = await between<number, number>(given as BetweenOptions<number, number>, { maxDemand: 4, minDemand: 3 });
    await down.ask(10);
    await up.emit(1, 2, 3);
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(up.cancels).toEqual([downByShutdown("enough")]);
    expect(stage.snapshot()).toMatchObject({ input: { received: 3, queued: 0, handled: 1, lost: 2 }, output: { emitted: 2, delivered: 0, lost: 2 } });
  });
});
