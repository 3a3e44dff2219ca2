import { getEventListeners } from "node:events";
import {
  BadOptionError,
  GaveUpError,
  SluiceError,
  StoppedError,
  consumer,
  consumerSupervisor,
  fromIterable,
  pipeline,
  producer,
  type ChildContext,
  type ConsumerSupervisor,
  type ConsumerSupervisorOptions,
  type PushProducer,
  type Report,
} from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { deferred } from "./support/deferred.ts";
import { Uncaught } from "./support/uncaught.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** One run of the child of an event, which ends when the test says so, or when it is stopped. */
class Run {
  readonly event: string;
  readonly signal: AbortSignal;
  readonly #end = deferred();

  constructor(event: string, { signal }: ChildContext) {
    this.event = event;
    this.signal = signal;
    signal.addEventListener("abort", () => this.#end.reject(signal.reason));
  }

  get promise(): Promise<void> {
    return this.#end.promise;
  }

  async resolve(): Promise<void> {
    this.#end.resolve();
    await settle();
  }

  async reject(error: unknown): Promise<void> {
    this.#end.reject(error);
    await settle();
  }
}

/** A consumerSupervisor of one probe, its runs and its reports. */
class Scene {
  readonly runs: Run[] = [];
  readonly reports: Report[] = [];
  readonly jobs = new ProducerProbe<string>({ name: "jobs" });
  readonly supervisor: ConsumerSupervisor<string>;

  constructor({ maxDemand = 4, minDemand, ...options }: Partial<ConsumerSupervisorOptions<string>> = {}) {
    this.supervisor = consumerSupervisor<string>({
      name: "workers",
      restart: "temporary",
      start: (event, context) => this.run(event, context),
      handleReport: (report) => void this.reports.push(report),
      ...options,
    });
    this.supervisor.subscribe(this.jobs.producer, { maxDemand, ...(minDemand !== undefined && { minDemand }) });
  }

  run(event: string, context: ChildContext): Promise<void> {
    const run = new Run(event, context);
    this.runs.push(run);
    return run.promise;
  }

  /** The latest run of an event. */
  of(event: string): Run {
    const run = this.runs.findLast((each) => each.event === event);
    if (run === undefined) throw new Error(`expected ${event} to have been started`);
    return run;
  }

  get events(): readonly string[] {
    return this.supervisor.children.map(({ event }) => event);
  }

  get kinds(): readonly string[] {
    return this.reports.map(({ kind }) => kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor.stop();
  }
}

/** A task that heeds nothing. */
const stuck = (): Promise<never> => new Promise(() => undefined);

describe("the options", () => {
  const start = async (): Promise<void> => undefined;

  test.each<[what: string, options: object, message: string]>([
    ["no start", { restart: "temporary" }, "expected start to be a function, got: undefined"],
    ["a start that is no function", { start: [start, start], restart: "temporary" }, "expected start to be a function, got: an array of 2"],
    ["no restart", { start }, 'expected restart to be "temporary" or "transient" (one that is permanent would never free its place), got: undefined'],
    ["permanent children", { start, restart: "permanent" }, 'expected restart to be "temporary" or "transient" (one that is permanent would never free its place), got: "permanent"'],
    ["maxRestarts below 0", { start, restart: "transient", maxRestarts: -1 }, "expected maxRestarts to be an integer of at least 0, or Infinity, got: -1"],
    ["withinMs of 0", { start, restart: "transient", withinMs: 0 }, "expected withinMs to be an integer of at least 1, got: 0"],
    ["maxDemand of 0", { start, restart: "temporary", maxDemand: 0 }, "expected maxDemand to be an integer of at least 1, got: 0"],
    ["a bad target", { start, restart: "temporary", subscribeTo: [1] }, "expected the producer of a subscription to be a producer or a producerConsumer, got: 1"],
  ])("refuse %s", (_what, options, message) => {
    expect(() => consumerSupervisor(options as never)).toThrow(BadOptionError);
    expect(() => consumerSupervisor(options as never)).toThrow(message);
  });

  test("refuse what nobody knows: the handlers of a consumer, too", () => {
    expect(() => consumerSupervisor({ start, restart: "temporary", handleEvents: () => undefined } as never)).toThrow(/among .*start.*got: "handleEvents"/);
    expect(() => consumerSupervisor({ start, restart: "temporary", strategy: "oneForOne" } as never)).toThrow(/got: "strategy"/);
  });

  test("refuse a bad target before anything is subscribed to", () => {
    const jobs = new ProducerProbe<string>();
    expect(() => consumerSupervisor({ start, restart: "temporary", subscribeTo: [jobs.producer, { to: jobs.producer, maxDemand: 0 }] })).toThrow(BadOptionError);
    expect(jobs.wires).toEqual([]);
  });
});

describe("demand", () => {
  test("is for maxDemand events, and for more when minDemand children have ended", async () => {
    await using scene = new Scene({ maxDemand: 4, minDemand: 2 });
    await settle();
    await scene.jobs.emit("a", "b", "c", "d");
    await scene.of("a").resolve();
    expect(scene.jobs.asks).toEqual([4]);
    await scene.of("d").resolve();
    expect(scene.jobs.asks).toEqual([4, 2]);
  });

  test("comes back for children that fail, are ignored, or cannot be started", async () => {
    await using scene = new Scene({
      maxDemand: 3,
      minDemand: 0,
      start: (event) => {
        if (event === "bad") throw new Error("no");
        return event === "ignored" ? undefined : Promise.reject(new Error(event));
      },
    });
    await settle();
    await scene.jobs.emit("bad", "ignored", "fails");
    expect(scene.jobs.asks).toEqual([3, 2, 1]);
  });

  test("does not come back for a child that is restarted", async () => {
    await using scene = new Scene({ restart: "transient", maxDemand: 2, minDemand: 0 });
    await settle();
    await scene.jobs.emit("a", "b");
    await scene.of("a").reject(new Error("once"));
    expect(scene.jobs.asks).toEqual([2]);
    await scene.of("a").resolve();
    expect(scene.jobs.asks).toEqual([2, 1]);
  });

  test("is counted for each subscription", async () => {
    await using scene = new Scene({ maxDemand: 2, minDemand: 1 });
    const more = new ProducerProbe<string>({ name: "more" });
    scene.supervisor.subscribe(more.producer, { maxDemand: 5, minDemand: 2 });
    await scene.jobs.emit("a", "b");
    await more.emit("c", "d", "e");
    await scene.of("c").resolve();
    await scene.of("a").resolve();
    expect([scene.jobs.asks, more.asks]).toEqual([[2, 1], [5]]);
    expect(scene.supervisor.snapshot().input?.subscriptions).toEqual([
      { name: "jobs", outstanding: 2 },
      { name: "more", outstanding: 4 },
    ]);
  });

  test("is asked for nobody when the subscription has ended", async () => {
    await using scene = new Scene({ maxDemand: 2 });
    const more = new ProducerProbe<string>({ name: "more" });
    scene.supervisor.subscribe(more.producer, { maxDemand: 2, cancel: "temporary" });
    await more.emit("a", "b", "too many");
    await more.complete();
    await scene.of("a").resolve();
    expect(more.asks).toEqual([2]);
    expect(scene.events).toEqual(["b", "too many"]);
    expect(scene.kinds).toEqual(["excess-events"]);
  });

  test("for events that would have to be delivered again is refused", async () => {
    await using scene = new Scene();
    const more = new ProducerProbe<string>({ name: "more", dispatchOptions: ["onCrash"] });
    const message = 'expected onCrash to be "lose" for a consumerSupervisor, whose children are restarted instead, got: "redeliver"';
    expect(() => scene.supervisor.subscribe(more.producer, { onCrash: "redeliver" })).toThrow(message);
    expect(() => consumerSupervisor({ restart: "temporary", start: stuck, subscribeTo: [{ to: more.producer, onCrash: "redeliver" }] })).toThrow(message);
    expect(more.wires).toEqual([]);
  });

  test("is the user's in manual mode", async () => {
    await using scene = new Scene();
    const more = new ProducerProbe<string>({ name: "more" });
    const subscription = scene.supervisor.subscribe(more.producer, { mode: "manual", maxDemand: 1 });
    await settle();
    subscription.ask(2);
    await more.emit("a", "b");
    await scene.of("a").resolve();
    expect(more.asks).toEqual([2]);
    expect(scene.kinds).toEqual([]);
  });

  test("begins when handleSubscribe is done", async () => {
    const open = deferred();
    await using scene = new Scene({ handleSubscribe: () => open.promise });
    await settle();
    expect(scene.jobs.asks).toEqual([]);
    open.resolve();
    await settle();
    expect(scene.jobs.asks).toEqual([4]);
  });

  test("keeps at most maxDemand tasks at once, whatever their order", async () => {
    let running = 0;
    let most = 0;
    const left: (() => void)[] = [];
    const work = (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      return new Promise<void>((resolve) => left.push(() => resolve())).then(() => {
        running -= 1;
      });
    };
    const workers = consumerSupervisor({ subscribeTo: [{ to: fromIterable(Array(200).keys()), maxDemand: 7, minDemand: 3 }], restart: "temporary", start: work });
    while (workers.snapshot().state !== "ended") {
      await settle();
      // The latest first.
      left.pop()?.();
    }
    expect(most).toBe(7);
    expect(workers.snapshot().input).toMatchObject({ received: 200, handled: 200 });
  });

  test("events too many are started and reported", async () => {
    await using scene = new Scene({ maxDemand: 1 });
    await settle();
    await scene.jobs.emit("a", "b", "c");
    expect(scene.events).toEqual(["a", "b", "c"]);
    expect(scene.reports).toEqual([{ kind: "excess-events", stage: "workers", partner: "jobs", count: 2 }]);
  });
});

describe("a child", () => {
  test("may be a stage, which the supervisor owns", async () => {
    const stages: PushProducer<number>[] = [];
    const error = new Error("of the stage");
    await using scene = new Scene({
      maxDemand: 2,
      minDemand: 0,
      start: () => {
        const stage = producer<number>();
        stages.push(stage);
        return stage;
      },
    });
    using uncaught = new Uncaught();
    await settle();
    await scene.jobs.emit("a", "b");
    stages[0]?.fail(error);
    await settle();
    expect(uncaught.errors).toEqual([]);
    expect(scene.events).toEqual(["b"]);
    expect(scene.jobs.asks).toEqual([2, 1]);
    await scene.supervisor.stop("enough");
    expect(await stages[1]?.closed).toEqual({ type: "shutdown", reason: "enough" });
  });

  test("may be a consumer of its own producer", async () => {
    const seen: string[] = [];
    await using scene = new Scene({
      start: (event) => consumer({ subscribeTo: [fromIterable([`${event}1`, `${event}2`])], handleEvent: (each) => void seen.push(each) }),
    });
    await settle();
    await scene.jobs.emit("a", "b");
    expect(seen.toSorted()).toEqual(["a1", "a2", "b1", "b2"]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ handled: 2, inCallback: 0 });
  });

  test("that is nothing is an event that was handled", async () => {
    await using scene = new Scene({ start: () => undefined });
    await scene.jobs.emit("a");
    expect(scene.supervisor.counts).toEqual({ active: 0, workers: 0 });
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 1, handled: 1 });
  });

  test("that cannot be started is reported with the error itself, and counted as failed", async () => {
    const error = new Error("no");
    await using scene = new Scene({
      start: () => {
        throw error;
      },
    });
    await scene.jobs.emit("a");
    expect(scene.reports).toEqual([{ kind: "child-start-failed", stage: "workers", child: 'the child of "a"', error }]);
    expect((scene.reports[0] as { readonly error: unknown }).error).toBe(error);
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 1, failed: 1 });
  });

  test("that cannot be started lets go of what it had begun", async () => {
    const signals: AbortSignal[] = [];
    await using scene = new Scene({
      start: (_event, { signal }) => {
        signals.push(signal);
        throw new Error("no");
      },
    });
    await scene.jobs.emit("a");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("that is a stage does not hold its restart up with a buffer that nobody takes", async () => {
    const stages: PushProducer<number>[] = [];
    await using scene = new Scene({
      restart: "transient",
      start: () => {
        const stage = producer<number>();
        stages.push(stage);
        return stage;
      },
    });
    await scene.jobs.emit("a");
    stages[0]?.emit([1, 2, 3]);
    stages[0]?.fail(new Error("with a buffer"));
    await settle();
    expect(stages).toHaveLength(2);
  });

  test("must be a promise, a stage, a supervisor, or nothing", async () => {
    await using scene = new Scene({ start: (() => [1]) as never });
    await scene.jobs.emit("a");
    expect(scene.reports).toMatchObject([{ kind: "child-start-failed", error: { code: "SLUICE_BAD_RETURN" } }]);
    expect(String((scene.reports[0] as { readonly error: unknown }).error)).toContain("expected start of workers to return a promise, a stage, a supervisor, or nothing, got: an array of 1");
  });

  test("has a signal that aborts when it has ended", async () => {
    await using scene = new Scene();
    await scene.jobs.emit("a");
    const { signal } = scene.of("a");
    expect(signal.aborted).toBe(false);
    await scene.of("a").resolve();
    expect(signal.aborted).toBe(true);
  });
});

describe("restart: temporary", () => {
  test("gives a child that failed up, reports its error itself, and counts the event as failed", async () => {
    const error = new Error("of a");
    await using scene = new Scene();
    await scene.jobs.emit("a", "b");
    await scene.of("a").reject(error);
    expect(scene.events).toEqual(["b"]);
    expect(scene.runs).toHaveLength(2);
    expect(scene.reports).toEqual([{ kind: "child-ended", stage: "workers", child: 'the child of "a"', reason: { type: "error", error } }]);
    expect((scene.reports[0] as { readonly reason: { readonly error: unknown } }).reason.error).toBe(error);
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 2, inCallback: 1, failed: 1 });
  });

  test("never gives up itself", async () => {
    await using scene = new Scene({ maxRestarts: 0, start: (event) => Promise.reject(new Error(event)) });
    await scene.jobs.emit("a", "b", "c");
    expect(scene.supervisor.snapshot()).toMatchObject({ state: "running", input: { failed: 3 } });
  });
});

describe("restart: transient", () => {
  test("starts a child that failed again, with its event and a new signal", async () => {
    const error = new Error("once");
    await using scene = new Scene({ restart: "transient" });
    await scene.jobs.emit("a");
    const [child] = scene.supervisor.children;
    const [first] = scene.runs;
    await scene.of("a").reject(error);
    expect(scene.runs.map(({ event }) => event)).toEqual(["a", "a"]);
    expect(first?.signal.aborted).toBe(true);
    expect(scene.of("a").signal.aborted).toBe(false);
    expect(scene.supervisor.children).toEqual([child]);
    expect(child).toMatchObject({ event: "a", state: "running", restarts: 1 });
    expect(scene.reports).toEqual([{ kind: "child-restarting", stage: "workers", child: 'the child of "a"', reason: { type: "error", error } }]);
    await scene.of("a").resolve();
    expect(child?.state).toBe("ended");
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 1, handled: 1, failed: 0 });
  });

  test("leaves a child that ended normally, or by a shutdown, as it is", async () => {
    const stages = new Map<string, PushProducer<never>>();
    await using scene = new Scene({
      restart: "transient",
      start: (event) => {
        stages.set(event, producer<never>());
        return stages.get(event);
      },
    });
    await scene.jobs.emit("a", "b");
    stages.get("a")?.complete();
    void stages.get("b")?.stop();
    await settle();
    expect(scene.events).toEqual([]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ handled: 1, lost: 1 });
    expect(scene.kinds).toEqual(["child-ended"]);
  });

  test("tries again when the start fails at a restart, and counts that", async () => {
    const [first, second] = [new Error("first"), new Error("second")];
    let starts = 0;
    await using scene = new Scene({
      restart: "transient",
      maxRestarts: 2,
      start: (event, context) => {
        starts += 1;
        if (starts === 2) throw second;
        return scene.run(event, context);
      },
    });
    await scene.jobs.emit("a");
    const end = scene.supervisor.closed;
    await scene.of("a").reject(first);
    expect(starts).toBe(3);
    expect(scene.reports).toMatchObject([
      { kind: "child-restarting", reason: { error: first } },
      { kind: "child-start-failed", error: second },
      { kind: "child-restarting", reason: { error: second } },
    ]);
    expect(scene.supervisor.snapshot().state).toBe("running");
    await scene.of("a").reject(first);
    expect(await end).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP", cause: first } });
  });

  test("gives up after maxRestarts within withinMs: the last error is the cause", async () => {
    const last = new Error("the last one");
    await using scene = new Scene({ restart: "transient", maxRestarts: 2, withinMs: 1000, minDemand: 0 });
    const end = scene.supervisor.closed;
    await scene.jobs.emit("a", "b", "c");
    await scene.of("a").reject(new Error("1"));
    await scene.of("b").reject(new Error("2"));
    await scene.of("a").reject(last);
    const reason = await end;
    if (reason.type !== "error" || !(reason.error instanceof GaveUpError)) throw new Error("expected it to give up");
    expect(reason.error).toMatchObject({ code: "SLUICE_GAVE_UP", child: 'the child of "a"', maxRestarts: 2, withinMs: 1000 });
    expect(reason.error.message).toBe('workers gave up on the child of "a": it ended once more after 2 restarts within 1000 ms');
    expect(reason.error.cause).toBe(last);
    expect(scene.jobs.wire).toMatchObject({ asks: [4], cancels: [{ kind: "down", reason }] });
    expect(scene.of("c").signal.reason).toBe(reason.error);
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 3, queued: 0, inCallback: 0, handled: 0, failed: 1, lost: 2, subscriptions: [] });
  });

  test("forgets restarts that are older than withinMs", async () => {
    vi.useFakeTimers();
    await using scene = new Scene({ restart: "transient", maxRestarts: 1, withinMs: 1000 });
    await scene.jobs.emit("a");
    for (let time = 0; time < 5; time += 1) {
      await scene.of("a").reject(new Error(String(time)));
      await vi.advanceTimersByTimeAsync(1001);
    }
    expect(scene.supervisor.snapshot().state).toBe("running");
    expect(scene.runs).toHaveLength(6);
  });

  test("lets the event loop turn while a child fails at once, for ever", async () => {
    await using scene = new Scene({ restart: "transient", maxRestarts: Infinity, handleReport: () => undefined, start: (event) => Promise.reject(new Error(event)) });
    void scene.jobs.emit("a");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(scene.supervisor.children[0]?.restarts).toBeGreaterThan(2);
    await scene.supervisor.stop();
  });

  test("and while its start throws, for ever", async () => {
    await using scene = new Scene({
      restart: "transient",
      maxRestarts: Infinity,
      handleReport: () => undefined,
      start: (event) => {
        if (scene.supervisor.counts.workers > 0) throw new Error(event);
        return Promise.reject(new Error(event));
      },
    });
    void scene.jobs.emit("a");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(scene.supervisor.children[0]).toMatchObject({ state: "restarting" });
    expect(scene.supervisor.counts).toEqual({ active: 0, workers: 1 });
    await scene.supervisor.stop();
    expect(scene.supervisor.snapshot().input).toMatchObject({ failed: 1, inCallback: 0 });
  });
});

describe("by hand", () => {
  test("starts, lists, counts and stops children", async () => {
    await using scene = new Scene();
    const child = scene.supervisor.startChild("by hand");
    await scene.jobs.emit("a");
    expect(scene.events).toEqual(["by hand", "a"]);
    expect(scene.supervisor.counts).toEqual({ active: 2, workers: 2 });
    if (child === undefined) throw new Error("expected a child");
    await scene.supervisor.stopChild(child);
    expect(child.state).toBe("stopped");
    expect(scene.of("by hand").signal.reason).toBeInstanceOf(StoppedError);
    expect(scene.events).toEqual(["a"]);
    expect(scene.kinds).toEqual([]);
  });

  test("a child takes no demand and is no input", async () => {
    await using scene = new Scene({ maxDemand: 1, minDemand: 0 });
    scene.supervisor.startChild("by hand");
    await settle();
    await scene.of("by hand").resolve();
    expect(scene.jobs.asks).toEqual([1]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 0, queued: 0, inCallback: 0, handled: 0, failed: 0, lost: 0, subscriptions: [{ name: "jobs", outstanding: 1 }] });
  });

  test("startChild throws what start throws, and returns nothing if start did", async () => {
    const error = new Error("no");
    await using scene = new Scene({
      start: (event) => {
        if (event === "bad") throw error;
        return undefined;
      },
    });
    expect(() => scene.supervisor.startChild("bad")).toThrow(error);
    expect(scene.supervisor.startChild("nothing")).toBeUndefined();
    expect(scene.reports).toEqual([]);
  });

  test("a child is restarted, and may make the supervisor give up", async () => {
    const error = new Error("again");
    const supervisor = consumerSupervisor<string>({ restart: "transient", maxRestarts: 1, start: () => Promise.reject(error) });
    supervisor.startChild("a");
    expect(await supervisor.closed).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP", cause: error } });
  });

  test("stopChild frees the place of an event, which counts as lost", async () => {
    await using scene = new Scene({ maxDemand: 2, minDemand: 0 });
    await scene.jobs.emit("a", "b");
    const [child] = scene.supervisor.children;
    if (child === undefined) throw new Error("expected a child");
    await Promise.all([scene.supervisor.stopChild(child), scene.supervisor.stopChild(child)]);
    await scene.supervisor.stopChild(child);
    await settle();
    expect(scene.jobs.asks).toEqual([2, 1]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ inCallback: 1, lost: 1 });
  });

  test("stopChild keeps a child from its restart", async () => {
    await using scene = new Scene({ restart: "transient" });
    await scene.jobs.emit("a");
    const [child] = scene.supervisor.children;
    if (child === undefined) throw new Error("expected a child");
    const failed = scene.of("a").reject(new Error("too late"));
    await scene.supervisor.stopChild(child);
    await failed;
    expect(scene.runs).toHaveLength(1);
    expect(scene.events).toEqual([]);
  });

  test("a task that ends well after its stop is handled", async () => {
    const end = deferred();
    await using scene = new Scene({ start: () => end.promise });
    await scene.jobs.emit("a");
    const [child] = scene.supervisor.children;
    if (child === undefined) throw new Error("expected a child");
    const stopped = scene.supervisor.stopChild(child);
    end.resolve();
    await stopped;
    expect(scene.supervisor.snapshot().input).toMatchObject({ handled: 1, lost: 0 });
  });

  test("stopChild takes its own children only", async () => {
    await using scene = new Scene();
    await using other = new Scene();
    const child = other.supervisor.startChild("a");
    expect(() => scene.supervisor.stopChild(child as never)).toThrow("expected the child to be one of workers, got: an instance of Child");
    expect(() => scene.supervisor.stopChild({ event: "a", state: "running", restarts: 0 })).toThrow(BadOptionError);
  });

  test("nothing can be started after a stop", async () => {
    await using scene = new Scene();
    const stopped = scene.supervisor.stop();
    expect(() => scene.supervisor.startChild("a")).toThrow(SluiceError);
    await stopped;
    expect(() => scene.supervisor.startChild("a")).toThrow("workers has been stopped or has ended: it starts no more children");
    expect(scene.runs).toEqual([]);
  });
});

describe("the end", () => {
  test("of its producer is waited for by its children, restarts included", async () => {
    await using scene = new Scene({ restart: "transient" });
    const end = scene.supervisor.closed;
    await scene.jobs.emit("a", "b");
    await scene.jobs.complete();
    expect(scene.supervisor.snapshot().waitingFor).toBe("callback");
    await scene.of("a").resolve();
    await scene.of("b").reject(new Error("once"));
    expect(scene.supervisor.snapshot().state).not.toBe("ended");
    await scene.of("b").resolve();
    expect(await end).toEqual({ type: "normal" });
  });

  test("runs handleComplete behind the last child", async () => {
    const said: string[] = [];
    await using scene = new Scene({ handleComplete: () => void said.push("complete"), handleStop: ({ type }) => void said.push(type) });
    await scene.jobs.emit("a");
    await scene.jobs.complete();
    expect(said).toEqual([]);
    await scene.of("a").resolve();
    expect(said).toEqual(["complete", "normal"]);
  });

  test("comes with a GaveUpError when a child gives out while the others are waited for", async () => {
    const said: string[] = [];
    await using scene = new Scene({ restart: "transient", maxRestarts: 0, handleComplete: () => void said.push("complete") });
    const end = scene.supervisor.closed;
    await scene.jobs.emit("a", "b");
    await scene.jobs.complete();
    await scene.of("a").reject(new Error("no"));
    expect(await end).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP" } });
    expect(scene.of("b").signal.aborted).toBe(true);
    expect(said).toEqual([]);
  });

  test("can be a stop while children are waited for", async () => {
    await using scene = new Scene();
    await scene.jobs.emit("a");
    await scene.jobs.complete();
    await scene.supervisor.stop("enough");
    expect(await scene.supervisor.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(scene.of("a").signal.reason).toBe("enough");
  });

  test("by the error of a producer stops the children with that error", async () => {
    const error = new Error("of the producer");
    await using scene = new Scene();
    const end = scene.supervisor.closed;
    await scene.jobs.emit("a");
    await scene.jobs.fail(error);
    expect(await end).toEqual({ type: "error", error });
    expect(scene.of("a").signal.reason).toBe(error);
    expect(scene.kinds).toEqual(["consumer-stopping"]);
  });

  test("stops the children at once, though a callback is in progress, and runs handleStop behind them", async () => {
    const said: string[] = [];
    const info = deferred();
    const task = deferred();
    await using scene = new Scene({ start: (_event, { signal }) => (signal.addEventListener("abort", () => said.push("abort")), task.promise), handleInfo: () => info.promise, handleStop: () => void said.push("handleStop") });
    await scene.jobs.emit("a");
    scene.supervisor.info("wait");
    await settle();
    const stopped = scene.supervisor.stop();
    await settle();
    expect(said).toEqual(["abort"]);
    info.resolve();
    await settle();
    expect(said).toEqual(["abort"]);
    task.resolve();
    await stopped;
    expect(said).toEqual(["abort", "handleStop"]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ handled: 1, lost: 0, inCallback: 0 });
  });

  test("reports the error of a child that fails while it is stopped", async () => {
    const error = new Error("while stopping");
    await using scene = new Scene({ start: (_event, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(error))) });
    await scene.jobs.emit("a");
    await scene.supervisor.stop();
    expect(scene.reports).toEqual([
      { kind: "cleanup-failed", stage: 'the child of "a"', error },
      { kind: "child-ended", stage: "workers", child: 'the child of "a"', reason: { type: "error", error } },
    ]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ failed: 1, lost: 0 });
  });

  test("does not wait for ever for tasks that heed nothing: each is reported", async () => {
    vi.useFakeTimers();
    await using scene = new Scene({ start: stuck, stopWithinMs: 200 });
    await scene.jobs.emit("a", "b");
    let hasStopped = false;
    void scene.supervisor.stop().then(() => {
      hasStopped = true;
    });
    await settle();
    await vi.advanceTimersByTimeAsync(199);
    expect(hasStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(hasStopped).toBe(true);
    expect(scene.reports).toMatchObject([
      { kind: "cleanup-failed", stage: 'the child of "a"', error: { code: "SLUICE_TIMEOUT" } },
      { kind: "cleanup-failed", stage: 'the child of "b"', error: { code: "SLUICE_TIMEOUT" } },
    ]);
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 2, lost: 2, inCallback: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("nor when it comes while they are waited for", async () => {
    vi.useFakeTimers();
    await using scene = new Scene({ start: stuck, stopWithinMs: 200 });
    await scene.jobs.emit("a");
    await scene.jobs.complete();
    void scene.supervisor.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(200);
    await settle();
    expect(scene.supervisor.snapshot().state).toBe("ended");
    expect(scene.reports).toMatchObject([{ kind: "consumer-stopping" }, { kind: "cleanup-failed", stage: 'the child of "a"' }]);
  });

  test("nor for a stage whose own deadline is later", async () => {
    vi.useFakeTimers();
    await using scene = new Scene({ start: () => producer<number>({ handleStop: stuck }), stopWithinMs: 200 });
    await scene.jobs.emit("a");
    await scene.jobs.complete();
    void scene.supervisor.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(200);
    await settle();
    expect(scene.supervisor.snapshot().state).toBe("ended");
    expect(scene.reports).toMatchObject([{ kind: "consumer-stopping" }, { kind: "cleanup-failed", stage: "workers", error: { code: "SLUICE_TIMEOUT" } }]);
    await vi.runAllTimersAsync();
  });

  test("stopChild does not wait for ever, either", async () => {
    vi.useFakeTimers();
    await using scene = new Scene({ start: stuck, stopWithinMs: 200, maxDemand: 1, minDemand: 0 });
    await scene.jobs.emit("a");
    const [child] = scene.supervisor.children;
    if (child === undefined) throw new Error("expected a child");
    const stopped = scene.supervisor.stopChild(child);
    await vi.advanceTimersByTimeAsync(200);
    await stopped;
    await settle();
    expect(scene.jobs.asks).toEqual([1, 1]);
    expect(scene.kinds).toEqual(["cleanup-failed"]);
  });

  test("is loud when nobody receives its error", async () => {
    using uncaught = new Uncaught();
    const supervisor = consumerSupervisor<string>({ restart: "transient", maxRestarts: 0, start: () => Promise.reject(new Error("no")) });
    supervisor.startChild("a");
    await settle();
    expect(uncaught.errors).toMatchObject([{ code: "SLUICE_GAVE_UP" }]);
  });

  test("of a pipeline whose last part it is is that of the pipeline", async () => {
    const done: number[] = [];
    await pipeline(fromIterable([1, 2, 3]), consumerSupervisor<number>({ restart: "temporary", maxDemand: 2, start: async (n) => void done.push(n) }));
    expect(done).toEqual([1, 2, 3]);
    const error = new Error("no");
    const failing = pipeline(fromIterable([1, 2, 3]), consumerSupervisor<number>({ restart: "transient", maxRestarts: 0, start: () => Promise.reject(error) }));
    await expect(failing).rejects.toMatchObject({ code: "SLUICE_GAVE_UP", cause: error });
  });
});

describe("like any consumer", () => {
  test("it has a name of its own kind, and the role of a consumer", async () => {
    await using supervisor = consumerSupervisor<string>({ restart: "temporary", start: stuck });
    expect(supervisor.name).toMatch(/^consumerSupervisor \d+$/);
    expect(supervisor.role).toBe("consumer");
  });

  test("it heeds its signal", async () => {
    const controller = new AbortController();
    await using scene = new Scene({ signal: controller.signal });
    await scene.jobs.emit("a");
    controller.abort("enough");
    expect(await scene.supervisor.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("it starts nothing when its signal has aborted before", async () => {
    await using scene = new Scene({ signal: AbortSignal.abort("before") });
    await settle();
    expect(scene.supervisor.snapshot().state).toBe("ended");
    expect(() => scene.supervisor.startChild("a")).toThrow(SluiceError);
  });

  test("it passes info on in-band, and flushes", async () => {
    const infos: unknown[] = [];
    await using scene = new Scene({ handleInfo: (message) => void infos.push(message) });
    scene.supervisor.info("one");
    await scene.supervisor.flushed();
    expect(infos).toEqual(["one"]);
  });

  test("it hears of ended subscriptions", async () => {
    const heard: unknown[] = [];
    await using scene = new Scene({ handleCancel: (info, from) => void heard.push([info, from.name]) });
    await settle();
    await scene.jobs.complete();
    expect(heard).toEqual([[{ kind: "down", reason: { type: "normal" } }, "jobs"]]);
  });

  test("a subscription can replace another", async () => {
    await using scene = new Scene({ maxDemand: 2 });
    const more = new ProducerProbe<string>({ name: "more" });
    const first = scene.supervisor.subscribe(more.producer, { maxDemand: 3, cancel: "temporary" });
    await settle();
    scene.supervisor.subscribe(more.producer, { maxDemand: 5, cancel: "temporary", replaces: { subscription: first } });
    await settle();
    expect(more.wires.map(({ asks }) => asks)).toEqual([[3], [5]]);
  });

  test("it balances its account whatever becomes of its children", async () => {
    await using scene = new Scene({
      maxDemand: 10,
      start: (event, context) => {
        if (event === "bad") throw new Error("no");
        return event === "ignored" ? undefined : scene.run(event, context);
      },
    });
    await scene.jobs.emit("bad", "ignored", "a", "b", "c");
    await scene.of("a").resolve();
    await scene.of("b").reject(new Error("b"));
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 5, queued: 0, inCallback: 1, handled: 2, failed: 2, lost: 0 });
    await scene.supervisor.stop();
    expect(scene.supervisor.snapshot().input).toMatchObject({ received: 5, queued: 0, inCallback: 0, handled: 2, failed: 2, lost: 1 });
  });
});

describe("many events", () => {
  test("100,000 tasks leave nothing behind: no child, no timer, no listener", async () => {
    const controller = new AbortController();
    const count = 100_000;
    let done = 0;
    let most = 0;
    let warnings = 0;
    const warn = (): void => {
      warnings += 1;
    };
    process.on("warning", warn);
    const workers = consumerSupervisor({
      subscribeTo: [{ to: fromIterable(Array(count).keys()), maxDemand: 100 }],
      signal: controller.signal,
      restart: "temporary",
      start: async (_event, { signal }) => {
        most = Math.max(most, workers.counts.workers);
        signal.addEventListener("abort", () => undefined);
        await Promise.resolve();
        done += 1;
      },
    });
    expect(await workers.closed).toEqual({ type: "normal" });
    process.off("warning", warn);
    expect(done).toBe(count);
    expect(most).toBeLessThanOrEqual(100);
    expect(workers.children).toEqual([]);
    expect(workers.snapshot().input).toMatchObject({ received: count, handled: count, inCallback: 0 });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout")).toEqual([]);
    expect(warnings).toBe(0);
  });

  test("a long list whose starts are slow lets the event loop turn, and can be stopped in between", async () => {
    let starts = 0;
    const spin = (): void => {
      const until = performance.now() + 1;
      while (performance.now() < until);
    };
    await using scene = new Scene({
      maxDemand: 1000,
      start: () => {
        starts += 1;
        spin();
      },
    });
    void scene.jobs.emit(...Array.from({ length: 1000 }, String));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await scene.supervisor.stop();
    expect(starts).toBeGreaterThan(0);
    expect(starts).toBeLessThan(1000);
    const { received, handled, lost, inCallback } = scene.supervisor.snapshot().input ?? { received: 0, handled: 0, lost: 0, inCallback: 0 };
    expect({ received, inCallback, sum: handled + lost }).toEqual({ received: 1000, inCallback: 0, sum: 1000 });
  });
});
