import { afterEach, describe, expect, test, vi } from "vitest";
import { ADOPT, BadOptionError, StoppedError, fromIterable, joined, pipeline, consumer, producer, type EventJoint, type ExitReason, type JoinedOptions, type Joint, type ProducerConsumer, type PushProducer, type Self } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

/** A place outside: what is taken in comes out, one event for each that is demanded, when there is one. */
class Pipe implements Joint<number, number> {
  readonly calls: string[] = [];
  readonly stops: ExitReason[] = [];
  readonly #output: PushProducer<number>;
  #held: readonly number[] = [];
  #demand = 0;
  #isComplete = false;
  #taken: (() => void) | undefined;
  early: Promise<void> | undefined;
  release: Promise<void> | undefined;

  constructor(output: PushProducer<number>) {
    this.#output = output;
  }

  handleInput(): void {
    this.calls.push("input");
  }

  handleOutput(): void {
    this.calls.push("output");
  }

  handleEvents(events: readonly number[]): Promise<void> {
    this.#held = events;
    return new Promise((resolve) => {
      this.#taken = resolve;
      this.#give();
    });
  }

  handleComplete(): void {
    this.calls.push("complete");
    this.#isComplete = true;
    this.#output.complete();
  }

  handleDemand(demand: number): void {
    this.#demand += demand;
    this.#give();
  }

  handleInputError(error: unknown): void {
    this.calls.push("input error");
    this.#output.fail(error);
  }

  handleOutputEnd(reason: ExitReason): void {
    this.calls.push(`output end: ${reason.type}`);
    this.#taken?.();
  }

  handleEarlyEnd(): Promise<void> | undefined {
    this.calls.push("early end");
    return this.early;
  }

  handleStop(reason: ExitReason): Promise<void> | undefined {
    this.stops.push(reason);
    return this.release;
  }

  /** Ends by itself. */
  end(): void {
    if (!this.#isComplete) this.#output.complete();
  }

  #give(): void {
    const events = this.#held.slice(0, this.#demand);
    this.#held = this.#held.slice(events.length);
    this.#demand -= events.length;
    if (events.length > 0) this.#output.emit(events);
    if (this.#held.length === 0) this.#taken?.();
  }
}

function between(options: JoinedOptions<number, number> = {}): { up: ProducerProbe<number>; stage: ProducerConsumer<number, number>; pipe: Pipe; down: ConsumerProbe<number> } {
  const up = new ProducerProbe<number>({ name: "up" });
  let pipe!: Pipe;
  const stage = joined<number, number>({ subscribeTo: [up.producer], ...options }, (output) => (pipe = new Pipe(output)));
  return { up, stage, pipe, down: new ConsumerProbe(stage) };
}

describe("events", () => {
  test("go in at one half and come out of the other, on demand", async () => {
    const { up, stage, down } = between({ maxDemand: 10, minDemand: 4 });
    await settle();
    expect(up.asks).toEqual([10]);
    await up.emit(1, 2, 3);
    expect(down.events).toEqual([]);
    expect(stage.snapshot()).toMatchObject({ role: "producerConsumer", input: { inCallback: 3, handled: 0 } });
    await down.ask(2);
    expect(down.events).toEqual([1, 2]);
    await down.ask(5);
    expect(down.events).toEqual([1, 2, 3]);
    expect(stage.snapshot()).toMatchObject({ input: { inCallback: 0, handled: 3 }, output: { emitted: 3, delivered: 3 } });
    await stage.stop();
  });

  test("pass a row of stages, in order", async () => {
    const got: number[] = [];
    await pipeline(
      fromIterable(range(5000)),
      joined<number, number>({ maxDemand: 20 }, (output) => new Pipe(output)),
      consumer<number>({ handleEvents: (events) => void got.push(...events) }),
    );
    expect(got).toEqual(range(5000));
  });

  test("wait for what handleInput returns", async () => {
    const open = deferred();
    const up = new ProducerProbe<number>();
    const stage = joined<number, number>({ subscribeTo: [up.producer] }, (output) => Object.assign(new Pipe(output), { handleInput: () => open.promise }));
    await settle();
    expect(up.asks).toEqual([]);
    open.resolve();
    await settle();
    expect(up.asks).toEqual([1000]);
    await stage.stop();
  });
});

/** Gives each event back when it is told to. */
class Desk implements EventJoint<number, number> {
  readonly calls: number[] = [];
  readonly #output: PushProducer<number>;
  readonly #settlers = new Map<number, () => void>();

  constructor(output: PushProducer<number>) {
    this.#output = output;
  }

  handleEvent(event: number): Promise<void> {
    this.calls.push(event);
    return new Promise((resolve) => this.#settlers.set(event, resolve));
  }

  answer(event: number): void {
    this.#output.emit([event]);
    this.#settlers.get(event)?.();
  }

  handleDemand(): void {}

  handleComplete(): void {
    this.#output.complete();
  }

  handleInputError(): void {}

  handleStop(): void {}
}

describe("events one by one", () => {
  test("are taken in up to so many at once, and each is handled when its call has settled", async () => {
    const up = new ProducerProbe<number>();
    let desk!: Desk;
    const stage = joined<number, number>({ subscribeTo: [up.producer] }, (output) => (desk = new Desk(output)), 2);
    const down = new ConsumerProbe(stage);
    await down.ask(10);
    await up.emit(1, 2, 3);
    expect(desk.calls).toEqual([1, 2]);
    desk.answer(2);
    await settle();
    expect(desk.calls).toEqual([1, 2, 3]);
    expect(stage.snapshot()).toMatchObject({ input: { inCallback: 2, handled: 1 } });
    await up.complete();
    desk.answer(3);
    await settle();
    expect(down.ends).toEqual([]);
    desk.answer(1);
    await settle();
    expect([down.events, down.end]).toEqual([[2, 3, 1], { type: "normal" }]);
  });
});

describe("an input that is stopped", () => {
  test("when the output has completed leaves its producers, and what was given is delivered", async () => {
    const up = new ProducerProbe<number>();
    let input!: Self;
    let output!: PushProducer<number>;
    const stage = joined<number, number>({ subscribeTo: [up.producer] }, (given) =>
      Object.assign(new Pipe((output = given)), {
        handleInput: (self: Self) => {
          input = self;
        },
      }),
    );
    const down = new ConsumerProbe(stage);
    await settle();
    output.emit([1, 2]);
    output.complete();
    await settle();
    input.stop();
    await settle();
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
    expect(down.ends).toEqual([]);
    await down.ask(2);
    expect([down.events, down.end]).toEqual([[1, 2], { type: "normal" }]);
  });
});

describe("an end", () => {
  test("of the output first waits for what that releases", async () => {
    const released = deferred();
    let output!: PushProducer<number>;
    const numbers = fromIterable({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: 1 }), return: () => released.promise.then(() => ({ done: true, value: undefined })) }),
    } as AsyncIterable<number>);
    const stage = joined<number, number>({ subscribeTo: [{ to: numbers, maxDemand: 1 }] }, (given) => new Pipe((output = given)));
    let isOver = false;
    void stage.closed.then(() => (isOver = true));
    const down = new ConsumerProbe(stage);
    await down.ask(1);
    output.complete();
    await settle();
    expect(isOver).toBe(false);
    released.resolve();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
  });

  test("of the input is told, and the joint ends the output", async () => {
    const { up, stage, pipe, down } = between();
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(down.events).toEqual([1]);
    expect(down.end).toEqual({ type: "normal" });
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(pipe.calls).toEqual(["input", "output", "complete", "output end: normal"]);
    expect(pipe.stops).toEqual([{ type: "normal" }]);
  });

  test("of the output while the input is finishing waits for that", async () => {
    const finished = deferred();
    const up = new ProducerProbe<number>();
    let pipe!: Pipe;
    const stage = joined<number, number>({ subscribeTo: [up.producer] }, (output) => {
      pipe = new Pipe(output);
      return Object.assign(pipe, {
        handleComplete: () => {
          output.complete();
          return finished.promise;
        },
      });
    });
    const down = new ConsumerProbe(stage);
    await settle();
    await up.complete();
    expect(down.end).toBeUndefined();
    finished.resolve();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(pipe.calls).not.toContain("early end");
  });

  test("by a stop waits for what a producer releases that was subscribed to later", async () => {
    const release = deferred();
    const source = producer<number>({ handleDemand: () => undefined, handleStop: () => release.promise });
    const stage = joined<number, number>({}, (output) => new Pipe(output));
    stage.subscribe(source);
    await settle();
    const stopped = stage.stop();
    await settle();
    expect(stage.snapshot().state).toBe("stopping");
    release.resolve();
    await stopped;
    expect(source.snapshot().state).toBe("ended");
  });

  test("of the output first stops the input and its producers, and waits for the other half", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { up, pipe, down } = between({ closeWithinMs: 50 });
    pipe.early = new Promise(() => undefined);
    await down.ask(5);
    await up.emit(1);
    pipe.end();
    await settle();
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
    expect(pipe.calls.slice(2)).toEqual(["output end: normal", "early end"]);
    expect(down.end).toBeUndefined();
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(pipe.stops).toEqual([{ type: "normal" }]);
  });

  test("by an error of the producer is the joint's to pass on", async () => {
    const { up, stage, pipe, down } = between();
    const { closed } = stage;
    await down.ask(1);
    await up.fail(boom);
    expect(pipe.calls).toContain("input error");
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(pipe.stops).toEqual([{ type: "error", error: boom }]);
  });

  test("by an error of the output cancels the producers with it", async () => {
    const up = new ProducerProbe<number>();
    let output!: PushProducer<number>;
    let pipe!: Pipe;
    const stage = joined<number, number>({ subscribeTo: [up.producer] }, (given) => (pipe = new Pipe((output = given))));
    const { closed } = stage;
    await settle();
    output.fail(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(pipe.calls).not.toContain("input error");
    expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
  });

  test("by a stop ends both with its reason, and waits for the release", async () => {
    const release = deferred();
    const { up, stage, pipe, down } = between();
    pipe.release = release.promise;
    await down.ask(1);
    const stopped = stage.stop(boom);
    await settle();
    expect(down.end).toEqual({ type: "shutdown", reason: boom });
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason: boom } }]);
    expect(stage.snapshot().state).toBe("stopping");
    release.resolve();
    await stopped;
    expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
    expect(pipe.stops).toEqual([{ type: "shutdown", reason: boom }]);
  });

  test("by a stop of the producer is a shutdown of the stage", async () => {
    const { up, stage, down } = between();
    await down.ask(1);
    await up.wire.end("down", { type: "shutdown", reason: "enough" });
    expect(down.end).toEqual({ type: "shutdown", reason: "enough" });
    await expect(stage.flushed()).rejects.toBeInstanceOf(StoppedError);
  });

  test("of the last consumer leaves nothing behind", async () => {
    const { up, stage, pipe, down } = between();
    await down.ask(2);
    await up.emit(1, 2, 3);
    await down.cancel();
    expect(up.cancels).toHaveLength(1);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
    expect(pipe.stops).toHaveLength(1);
  });

  test("of the last consumer tells him that the clean-up of a producer has failed", async () => {
    const numbers = fromIterable({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: 1 }), return: () => Promise.reject(boom) }),
    } as AsyncIterable<number>);
    const stage = joined<number, number>({ subscribeTo: [numbers], maxDemand: 1 }, (output) => new Pipe(output));
    const reader = stage[Symbol.asyncIterator]();
    await reader.next();
    await settle();
    await expect(reader.return()).rejects.toBe(boom);
  });

  test("whose release fails becomes that error", async () => {
    const { up, pipe, stage, down } = between();
    const { closed } = stage;
    const release = deferred();
    pipe.release = release.promise.then(() => Promise.reject(boom));
    await down.ask(1);
    await up.complete();
    release.resolve();
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(await closed).toEqual({ type: "error", error: boom });
  });
});

describe("the stage", () => {
  test("has one face", async () => {
    const { up, stage, down } = between({ name: "pipe", timing: true });
    expect(stage).toMatchObject({ name: "pipe", role: "producerConsumer", demandMode: "forward", bufferedCount: 0 });
    expect(stage[ADOPT](up)).toBe(true);
    expect(stage[ADOPT](down)).toBe(false);
    expect(() => stage.setDemandMode("accumulate")).toThrow(BadOptionError);
    stage.setDemandMode("forward");
    stage.info("nobody listens");
    await down.ask(1);
    expect(stage.snapshot()).toMatchObject({ name: "pipe", state: "running", waitingFor: "events", timeMs: { busy: expect.any(Number) } });
    await stage.flushed();
    await stage[Symbol.asyncDispose]();
    expect(stage.snapshot().state).toBe("ended");
  });

  test("takes further producers, and ends when all have ended", async () => {
    const stage = joined<number, number>({ subscribeTo: [fromIterable([1, 2])] }, (output) => new Pipe(output));
    stage.subscribe(fromIterable([10, 20]));
    const events: number[] = [];
    for await (const batch of stage.batches()) events.push(...batch);
    expect(events.toSorted((a, b) => a - b)).toEqual([1, 2, 10, 20]);
  });

  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["maxDemand", { maxDemand: 0 }],
    ["the options of producer", { concurrency: 3 }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s before anything is joined", (option, options) => {
    let isJoined = false;
    const join = (output: PushProducer<number>): Pipe => {
      isJoined = true;
      return new Pipe(output);
    };
    expect(() => joined<number, number>(options, join)).toThrow(expect.objectContaining({ option }));
    expect(isJoined).toBe(false);
  });
});

test("a joint may fail the input from outside of its callbacks", async () => {
  const up = new ProducerProbe<number>();
  let input!: Self;
  const stage = joined<number, number>({ subscribeTo: [up.producer] }, (output) =>
    Object.assign(new Pipe(output), {
      handleInput: (self: Self) => {
        input = self;
      },
    }),
  );
  const { closed } = stage;
  await settle();
  input.fail(boom);
  expect(await closed).toEqual({ type: "error", error: boom });
  expect(up.cancels).toHaveLength(1);
});
