import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  consumer,
  fromIterable,
  producer,
  producerConsumer,
  setReporter,
  type CancelMode,
  type Consumer,
  type Handlers,
  type Producer,
  type PushProducer,
  type Snapshot,
  type Stage,
  type SubscribeOptions,
  type Subscription,
} from "sluice";
import { ConsumerProbe, ProducerProbe, settle, monitored } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

/** Law 7: received = queued + in a callback + handled + failed + lost; emitted = delivered + buffered + discarded + dropped + lost. */
function expectBalance({ input, output, ...rest }: Snapshot): void {
  if (input !== undefined) {
    const { received, queued, inCallback, handled, failed, lost } = input;
    expect({ ...rest, input, sum: queued + inCallback + handled + failed + lost }).toMatchObject({ sum: received });
  }
  if (output !== undefined) {
    const { emitted, delivered, buffered, discarded, dropped, lost } = output;
    expect({ ...rest, output, sum: delivered + buffered + discarded + dropped + lost }).toMatchObject({ sum: emitted });
  }
  for (const counts of [input, output]) {
    for (const [name, count] of Object.entries(counts ?? {})) {
      if (typeof count === "number") expect({ ...rest, name, isNegative: count < 0 }).toMatchObject({ isNegative: false });
    }
  }
}

describe("a snapshot", () => {
  test("shows a producer with what it emitted, delivered and holds", async () => {
    await using stage = producer<number>({ name: "source" });
    const probe = new ConsumerProbe(stage, { name: "probe" });
    await probe.ask(2);
    stage.emit(range(5));
    await settle();
    expect(stage.snapshot()).toEqual({
      name: "source",
      role: "producer",
      state: "running",
      waitingFor: "demand",
      output: { emitted: 5, delivered: 2, buffered: 3, discarded: 0, dropped: 0, lost: 0, maxBuffered: 3, consumers: ["probe"] },
    });
  });

  test("shows a consumer with what it received, handles and has asked for", async () => {
    const probe = new ProducerProbe<number>({ name: "probe" });
    const gate = deferred();
    await using stage = consumer({
      name: "sink",
      subscribeTo: [{ to: probe.producer, maxDemand: 4, minDemand: 2 }],
      handleEvents: () => gate.promise,
    });
    await settle();
    await probe.emit(...range(3));
    expect(stage.snapshot()).toEqual({
      name: "sink",
      role: "consumer",
      state: "running",
      waitingFor: "callback",
      input: {
        received: 3,
        queued: 1,
        inCallback: 2,
        handled: 0,
        failed: 0,
        lost: 0,
        returned: 0,
        subscriptions: [{ name: "probe", outstanding: 4 }],
      },
    });
    gate.resolve();
    await settle();
    expect(stage.snapshot()).toMatchObject({ waitingFor: "events", input: { queued: 0, inCallback: 0, handled: 3 } });
  });

  test("is taken at its moment, and does not change afterwards", async () => {
    await using stage = producer<number>();
    const before = stage.snapshot();
    stage.emit([1]);
    await settle();
    expect(before.output?.emitted).toBe(0);
    expect(stage.snapshot().output?.emitted).toBe(1);
  });

  test("shows what a stage waits for", async () => {
    const gate = deferred();
    const stage = producer<number>({
      handleDemand: async () => {
        await gate.promise;
        return [];
      },
    });
    expect(stage.snapshot().waitingFor).toBe("demand");
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(stage.snapshot().waitingFor).toBe("demand");
    await probe.ask(1);
    expect(stage.snapshot().waitingFor).toBe("callback");
    gate.resolve();
    await settle();
    expect(stage.snapshot().waitingFor).toBe("events");
    stage.emit([1, 2]);
    stage.complete();
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "draining", waitingFor: "draining" });
    await probe.ask(1);
    expect(stage.snapshot()).toMatchObject({ state: "ended", waitingFor: "ended" });
  });

  test("shows that a stage is stopping while its resources are released", async () => {
    const gate = deferred();
    const stage = producer<number>({ handleStop: () => gate.promise });
    const stopped = stage.stop();
    expect(stage.snapshot()).toMatchObject({ state: "stopping", waitingFor: "stopping" });
    gate.resolve();
    await stopped;
    expect(stage.snapshot().state).toBe("ended");
  });

  test("shows that a consumer finishes what is queued", async () => {
    const gate = deferred();
    const source = fromIterable(range(4));
    const stage = consumer({ subscribeTo: [{ to: source, maxDemand: 4, minDemand: 3 }], handleEvents: (_events, _from, self) => (self.complete(), gate.promise) });
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "finishing", input: { queued: 3, inCallback: 1 } });
    gate.resolve();
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(stage.snapshot().input).toMatchObject({ received: 4, handled: 4 });
  });

  test("shows where the time went, if it is measured", async () => {
    const stage = producer<number>({ timing: true });
    await using unmeasured = producer<number>();
    const { timeMs } = stage.snapshot();
    expect(Object.keys(timeMs ?? {}).toSorted()).toEqual(["blocked", "busy", "starved"]);
    expect(Object.values(timeMs ?? {}).every((ms) => ms >= 0)).toBe(true);
    expect(unmeasured.snapshot().timeMs).toBeUndefined();
    await stage.stop();
    // Time stands still after the end.
    expect(stage.snapshot().timeMs).toEqual(stage.snapshot().timeMs);
  });
});

describe("the counts balance", () => {
  test("when a callback fails: the batch has failed, what is behind it is lost", async () => {
    const stage = consumer({
      subscribeTo: [{ to: fromIterable(range(10)), maxDemand: 10, minDemand: 7 }],
      handleEvents(events) {
        if (events.includes(4)) throw new Error("broken");
      },
    });
    await stage.closed;
    const { input } = stage.snapshot();
    expect(input).toMatchObject({ received: 10, queued: 0, inCallback: 0, handled: 3, failed: 3, lost: 4 });
  });

  test("when a producer is stopped: what it held is lost", async () => {
    const stage = producer<number>();
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stage.emit(range(4));
    await settle();
    await stage.stop();
    expect(stage.snapshot().output).toMatchObject({ emitted: 4, delivered: 1, buffered: 0, lost: 3 });
  });

  test("when a list comes after a stop: it is lost", async () => {
    const gate = deferred<readonly number[]>();
    const stage = producer<number>({ handleDemand: () => gate.promise });
    await new ConsumerProbe(stage).ask(3);
    const stopped = stage.stop();
    gate.resolve(range(3));
    await stopped;
    expect(stage.snapshot().output).toMatchObject({ emitted: 3, delivered: 0, lost: 3 });
  });

  test("when a consumer is stopped while it handles, and more waits in its mailbox", async () => {
    const gate = deferred();
    const source = producer<number>();
    const stage = consumer({ subscribeTo: [{ to: source, maxDemand: 6, minDemand: 4 }], handleEvents: () => gate.promise });
    await settle();
    source.emit(range(3));
    source.emit(range(2));
    await settle();
    const stopped = stage.stop();
    gate.resolve();
    await stopped;
    await settle();
    const { input } = stage.snapshot();
    expect(input).toMatchObject({ received: 5, queued: 0, inCallback: 0 });
    expectBalance(stage.snapshot());
    await source.stop();
  });

  test("when a producerConsumer is stopped with both sides full", async () => {
    const probe = new ProducerProbe<number>();
    const stage = producerConsumer({ subscribeTo: [probe.producer], handleEvents: (events) => [...events, ...events] });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await probe.emit(1, 2);
    await probe.emit(3);
    await stage.stop();
    expect(stage.snapshot()).toMatchObject({
      input: { received: 3, queued: 0, handled: 2, lost: 1 },
      output: { emitted: 4, delivered: 1, buffered: 0, lost: 3 },
    });
  });

  test("when calls of handleEvent are in flight and one of them fails", async () => {
    const gates = range(3).map(() => deferred());
    const stage = consumer({
      subscribeTo: [fromIterable(range(5))],
      concurrency: 3,
      handleEvent: (event) => gates[event]?.promise,
    });
    const { closed } = stage;
    await settle();
    expect(stage.snapshot().input).toMatchObject({ received: 5, queued: 2, inCallback: 3 });
    gates[1]?.reject(new Error("broken"));
    await settle();
    expectBalance(stage.snapshot());
    for (const gate of gates) gate.resolve();
    await closed;
    expect(stage.snapshot().input).toMatchObject({ received: 5, handled: 2, failed: 1, lost: 2 });
  });

  test("when a call of handleEvent fails while finished outputs wait behind it", async () => {
    const gates = range(4).map(() => deferred<readonly number[]>());
    const stage = producerConsumer({
      subscribeTo: [fromIterable(range(4))],
      concurrency: 4,
      handleEvent: (event) => (event === 3 ? [30] : gates[event]?.promise),
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    gates[2]?.resolve([20]);
    await settle();
    gates[0]?.reject(new Error("broken"));
    await settle();
    gates[1]?.resolve([10]);
    await settle();
    expect(sink.end?.type).toBe("error");
    expect(stage.snapshot().input).toMatchObject({ received: 4, handled: 3, failed: 1, lost: 0 });
    expectBalance(stage.snapshot());
  });
});

// ---- random graphs

type Behaviour = "same" | "twice" | "none" | "async" | "concurrent" | "unordered" | "fails" | "fails concurrently";
const harmless: readonly Behaviour[] = ["same", "twice", "none", "async", "concurrent", "unordered"];

interface StagePlan {
  readonly behaviour: Behaviour;
  readonly from: readonly number[];
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly cancel: CancelMode;
}

interface Plan {
  readonly sources: readonly { readonly bufferSize: number; readonly bufferKeep: "first" | "last" | undefined; readonly demand: "forward" | "accumulate" }[];
  readonly middles: readonly StagePlan[];
  readonly sinks: readonly StagePlan[];
  readonly steps: readonly Step[];
}

interface Step {
  readonly do: "emit" | "complete" | "fail" | "stop" | "cancel" | "subscribe" | "mode" | "rest";
  readonly which: number;
  readonly other: number;
  readonly count: number;
}

const stagePlan = fc
  .record({
    behaviour: fc.constantFrom<Behaviour>(...harmless, "fails", "fails concurrently"),
    from: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
    maxDemand: fc.integer({ min: 1, max: 8 }),
    least: fc.nat(7),
    cancel: fc.constantFrom<CancelMode>("last", "last", "permanent", "transient", "temporary"),
  })
  .map(({ least, ...plan }): StagePlan => ({ ...plan, minDemand: Math.min(least, plan.maxDemand - 1) }));

const plans: fc.Arbitrary<Plan> = fc.record({
  sources: fc.array(
    fc.record({
      bufferSize: fc.integer({ min: 1, max: 12 }),
      bufferKeep: fc.constantFrom("first" as const, "last" as const, undefined),
      demand: fc.constantFrom("forward" as const, "forward" as const, "accumulate" as const),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  middles: fc.array(stagePlan, { maxLength: 3 }),
  sinks: fc.array(stagePlan, { minLength: 1, maxLength: 3 }),
  steps: fc.array(
    fc.record<Step>({
      do: fc.oneof(
        { weight: 20, arbitrary: fc.constant("emit" as const) },
        { weight: 6, arbitrary: fc.constant("rest" as const) },
        { weight: 1, arbitrary: fc.constantFrom("complete" as const, "fail" as const, "stop" as const) },
        { weight: 2, arbitrary: fc.constantFrom("cancel" as const, "subscribe" as const, "mode" as const) },
      ),
      which: fc.nat(),
      other: fc.nat(),
      count: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 5, maxLength: 40, size: "max" },
  ),
});

/** Stages in layers, as a plan has them. */
class Graph {
  readonly sources: PushProducer<number>[] = [];
  readonly consumers: Consumer<number>[] = [];
  readonly producers: Producer<number>[] = [];
  readonly subscriptions: Subscription[] = [];
  /** What broke the protocol. */
  readonly breaches: string[] = [];
  #next = 0;

  constructor(plan: Plan) {
    for (const options of plan.sources) {
      const source = producer<number>({ ...options, whenUnused: "wait" });
      this.sources.push(source);
      this.producers.push(source);
    }
    for (const each of plan.middles) {
      const targets = this.#pick(each.from);
      const stage = producerConsumer<number, number, never>({ ...handlers(each.behaviour), handleSubscribe: (from) => this.#note(from) });
      this.#subscribe(stage, targets, each);
      this.producers.push(stage);
    }
    for (const each of plan.sinks) {
      const stage = consumer<number>({ ...handlers(each.behaviour), handleReport: () => undefined, handleSubscribe: (from) => this.#note(from) });
      this.#subscribe(stage, this.#pick(each.from), each);
    }
    // Whoever reads `closed` has received an error.
    for (const stage of this.stages) void stage.closed;
  }

  get stages(): Stage[] {
    return [...new Set<Stage>([...this.producers, ...this.consumers])];
  }

  #pick(places: readonly number[]): Producer<number>[] {
    return [...new Set(places.map((place) => this.producers[place % this.producers.length] as Producer<number>))];
  }

  #subscribe(stage: Consumer<number>, targets: readonly Producer<number>[], { maxDemand, minDemand, cancel }: StagePlan): void {
    this.consumers.push(stage);
    for (const target of targets) this.subscribe(stage, target, { maxDemand, minDemand, cancel });
  }

  subscribe(stage: Consumer<number>, target: Producer<number>, options: SubscribeOptions & { readonly maxDemand: number }): void {
    stage.subscribe(monitored(target, { maxDemand: options.maxDemand, handleViolation: ({ message }) => this.breaches.push(message) }), options);
  }

  #note(from: { readonly side: string }): void {
    if (from.side === "producer") this.subscriptions.push(from as Subscription);
  }

  run(step: Step): void {
    const source = this.sources[step.which % this.sources.length] as PushProducer<number>;
    const stage = this.stages[step.which % this.stages.length] as Stage;
    switch (step.do) {
      case "emit":
        if (source.snapshot().state === "running") {
          try {
            source.emit(range(step.count, this.#next));
            this.#next += step.count;
          } catch (error) {
            expect(error).toMatchObject({ code: "SLUICE_ENDED" });
          }
        }
        return;
      case "complete":
        source.complete();
        return;
      case "fail":
        source.fail(new Error("told to"));
        return;
      case "stop":
        void stage.stop();
        return;
      case "cancel":
        void this.subscriptions[step.which % this.subscriptions.length]?.cancel();
        return;
      case "subscribe": {
        const target = this.sources[step.other % this.sources.length] as PushProducer<number>;
        this.subscribe(this.consumers[step.which % this.consumers.length] as Consumer<number>, target, { maxDemand: step.count });
        return;
      }
      case "mode":
        source.setDemandMode(source.demandMode === "forward" ? "accumulate" : "forward");
        return;
      case "rest":
    }
  }
}

function handlers(behaviour: Behaviour): Handlers<number, number, never> {
  let count = 0;
  switch (behaviour) {
    case "same":
      return { handleEvents: (events) => events };
    case "twice":
      return { handleEvents: (events) => [...events, ...events] };
    case "none":
      return { handleEvents: () => undefined };
    case "async":
      return {
        async handleEvents(events) {
          await Promise.resolve();
          return events;
        },
      };
    case "fails":
      return {
        handleEvents(events) {
          count += events.length;
          if (count > 12) throw new Error("enough");
          return events;
        },
      };
    default:
      return {
        concurrency: 3,
        ordered: behaviour !== "unordered",
        async handleEvent(event) {
          count += 1;
          for (let turns = (count * 7) % 5; turns > 0; turns -= 1) await Promise.resolve();
          if (behaviour === "fails concurrently" && count > 12) throw new Error("enough");
          return [event];
        },
      };
  }
}

test("the counts balance at every quiet moment of any graph, and the protocol is kept, whatever ends, fails and leaves", { timeout: 30_000 }, async () => {
  setReporter(() => undefined);
  try {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const graph = new Graph(plan);
        for (const step of plan.steps) {
          graph.run(step);
          if (step.do === "rest") {
            await settle();
            for (const stage of graph.stages) expectBalance(stage.snapshot());
          }
        }
        await settle();
        for (const stage of graph.stages) expectBalance(stage.snapshot());
        await Promise.all(graph.stages.map((stage) => stage.stop()));
        await settle();
        const snapshots = graph.stages.map((stage) => stage.snapshot());
        for (const snapshot of snapshots) {
          expectBalance(snapshot);
          expect(snapshot).toMatchObject({ state: "ended" });
          expect([snapshot.input?.queued, snapshot.input?.inCallback, snapshot.output?.buffered].filter(Boolean)).toEqual([]);
        }
        // What one side has sent the other has received.
        const delivered = snapshots.reduce((sum, { output }) => sum + (output?.delivered ?? 0), 0);
        const received = snapshots.reduce((sum, { input }) => sum + (input?.received ?? 0), 0);
        expect(received).toBe(delivered);
        expect(graph.breaches).toEqual([]);
      }),
      { numRuns: 150 },
    );
  } finally {
    setReporter(undefined);
  }
});

test("a graph that is left to itself delivers everything: nothing stalls", { timeout: 30_000 }, async () => {
  setReporter(() => undefined);
  try {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const calm = (stages: readonly StagePlan[]): StagePlan[] =>
          stages.map((each, place) => ({ ...each, cancel: "last", behaviour: harmless[(place + each.maxDemand) % harmless.length] as Behaviour }));
        const graph = new Graph({
          ...plan,
          sources: plan.sources.map(() => ({ bufferSize: 10_000, bufferKeep: undefined, demand: "forward" })),
          middles: calm(plan.middles),
          sinks: calm(plan.sinks),
        });
        // Everybody has somebody who reads it.
        const drain = consumer<number>({ handleEvents: () => undefined });
        for (const source of graph.producers) graph.subscribe(drain, source, { maxDemand: 3 });
        for (const step of plan.steps) {
          if (step.do === "emit" || step.do === "rest") graph.run(step);
          if (step.do === "rest") await settle();
        }
        for (const source of graph.sources) source.complete();
        await settle();
        const stages = [...graph.stages, drain];
        expect(stages.map((stage) => stage.snapshot().state)).toEqual(stages.map(() => "ended"));
        for (const stage of stages) {
          const { input, output } = stage.snapshot();
          expect([input?.lost, input?.failed, output?.lost, output?.discarded].filter(Boolean)).toEqual([]);
          expect(await stage.closed).toEqual({ type: "normal" });
        }
        expect(graph.breaches).toEqual([]);
      }),
      { numRuns: 100 },
    );
  } finally {
    setReporter(undefined);
  }
});
