import { ADOPT, consumer, pipeline, producer, producerConsumer, type ProducerOptions, type Stage } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { above, between } from "./neighbours.ts";
import { watch } from "./outcome.ts";

describe("a stage that had a consumer, has none, and has nothing in its mailbox", () => {
  test.each([
    ["cancels", (probe: ConsumerProbe<number>) => probe.cancel()],
    ["ends", (probe: ConsumerProbe<number>) => probe.down()],
    ["fails", (probe: ConsumerProbe<number>) => probe.down({ type: "error", error: new Error("crash") })],
  ])("stops with a shutdown when its last consumer %s", async (_, leave) => {
    const stops: string[] = [];
    const { stage, down } = await above<number>({ handleDemand: () => [], handleStop: (reason) => void stops.push(reason.type) });
    await leave(down);
    expect(stops).toEqual(["shutdown"]);
    expect(stage.snapshot().state).toBe("ended");
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test.each([
    ["a shutdown", { type: "shutdown", reason: "enough" }, { type: "shutdown", reason: "enough" }],
    ["an error", { type: "error", error: "crash" }, { type: "shutdown", reason: "crash" }],
    ["a normal end", { type: "normal" }, { type: "shutdown" }],
  ] as const)("stops with what its last consumer said: %s", async (_, said, reason) => {
    const { up, stage, down } = await between<number, number>({ handleEvents: (events) => events });
    await down.cancel(said);
    expect(await stage.closed).toEqual(reason);
    expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason }]);
  });

  test("stops though it has events in its buffer, which are lost", async () => {
    const { stage, down } = await above<number>({ handleDemand: () => [1, 2, 3] });
    await down.ask(1);
    await down.cancel();
    expect(stage.snapshot()).toMatchObject({ state: "ended", output: { emitted: 3, delivered: 1, lost: 2 } });
  });

  test("stops while its callback is in progress, whose signal aborts", async () => {
    let signal: AbortSignal | undefined;
    const { stage, down } = await above<number>({
      handleDemand: (_, self) =>
        new Promise<void>((resolve) => {
          ({ signal } = self);
          self.signal.addEventListener("abort", () => resolve());
        }),
    });
    await down.ask(1);
    await down.cancel();
    expect(signal?.aborted).toBe(true);
    expect(stage.snapshot().state).toBe("ended");
  });

  /** A source that is stuck until it is told to stop. */
  const stuck = (told: string[]): ProducerOptions<number> => ({
    handleDemand: (_, self) =>
      new Promise<void>((resolve) => {
        self.signal.addEventListener("abort", () => {
          told.push("told");
          resolve();
        });
      }),
  });

  test("stops while its callback is in progress, though an ask of the leaver waits behind it", async () => {
    const told: string[] = [];
    const { stage, down } = await above<number>(stuck(told));
    await down.ask(1);
    await down.ask(1);
    await down.cancel();
    expect(told).toEqual(["told"]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("stops while its callback is in progress, though all its consumers leave meanwhile", async () => {
    const told: string[] = [];
    const { stage, down } = await above<number>(stuck(told));
    const other = new ConsumerProbe(stage);
    await down.ask(1);
    await down.cancel();
    expect(told).toEqual([]);
    await other.cancel();
    expect(told).toEqual(["told"]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("when it is a producerConsumer, leaves its producers by that", async () => {
    const { up, stage, down } = await between<number, number>({ handleEvents: (events) => events });
    await down.cancel();
    expect(stage.snapshot().state).toBe("ended");
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
  });
});

describe("a stage does not stop as unused", () => {
  test("before it has had a consumer", async () => {
    await using numbers = producer<number>({ handleDemand: () => [] });
    await settle();
    expect(numbers.snapshot().state).toBe("running");
  });

  test.each([
    ["waits when it is unused", { whenUnused: "wait" }, () => undefined],
    ["has an owner", {}, (stage: Stage) => stage[ADOPT]({})],
  ] as const)("while a callback is in progress, if it %s", async (_, options, prepare) => {
    const call = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => call.promise, ...options });
    prepare(stage);
    await down.ask(1);
    await down.cancel();
    expect(stage.snapshot()).toMatchObject({ state: "running", waitingFor: "callback" });
    call.resolve([1]);
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "running", output: { delivered: 1, lost: 0 } });
    await stage.stop();
  });

  test("while another consumer is left", async () => {
    const { stage, down } = await above<number>({ handleDemand: () => [] });
    const other = new ConsumerProbe(stage);
    await down.cancel();
    expect(stage.snapshot().state).toBe("running");
    await other.cancel();
    expect(stage.snapshot().state).toBe("ended");
  });

  test("while a subscription is in its mailbox", async () => {
    const { stage, down } = await above<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => 7) });
    void down.cancel();
    const next = new ConsumerProbe(stage);
    await next.ask(1);
    expect(next.batches).toEqual([[7]]);
    await stage.stop();
  });

  test("while a subscription is in its mailbox, behind a callback in progress", async () => {
    const call = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => call.promise });
    await down.ask(1);
    const next = new ConsumerProbe(stage);
    void next.ask(1);
    void down.cancel();
    await settle();
    call.resolve([1]);
    await settle();
    expect(next.events).toEqual([1]);
    expect(next.ends).toEqual([]);
    await stage.stop();
  });

  test("when one consumer is replaced by the next in one message", async () => {
    const { stage, down } = await above<number>({ handleDemand: () => [] });
    const next = new ConsumerProbe(stage, { replaces: { probe: down } });
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "running", output: { consumers: ["probe"] } });
    expect(down.ends).toHaveLength(1);
    expect(next.ends).toEqual([]);
    await stage.stop();
  });

  test("when its handleCancel brings the next consumer", async () => {
    let next: ConsumerProbe<number> | undefined;
    const { stage, down } = await above<number>({ handleDemand: () => [1], handleCancel: () => void (next ??= new ConsumerProbe(stage)) });
    await down.cancel();
    await next?.ask(1);
    expect(next?.batches).toEqual([[1]]);
    expect(stage.snapshot().state).toBe("running");
    await stage.stop();
  });

  test("when somebody owns it", async () => {
    const numbers = producer<number>({ handleDemand: () => [] });
    const printer = consumer<number>({ handleEvents: () => undefined });
    const controller = new AbortController();
    const running = pipeline(numbers, printer, { signal: controller.signal });
    const guest = new ConsumerProbe(numbers);
    await settle();
    await guest.cancel();
    expect(numbers.snapshot()).toMatchObject({ state: "running" });
    controller.abort("done");
    await expect(running).rejects.toBe("done");
  });
});

describe("whenUnused", () => {
  const source = (): number[] => [];
  const cases: readonly (readonly [name: string, options: ProducerOptions<number>, state: string])[] = [
    ["is stop for a producer with handleDemand", { handleDemand: source }, "ended"],
    ["is wait for a producer without handleDemand, which is ended from outside", {}, "running"],
    ["wait keeps a producer with handleDemand", { handleDemand: source, whenUnused: "wait" }, "running"],
    ["stop stops a producer without handleDemand", { whenUnused: "stop" }, "ended"],
  ];

  test.each(cases)("%s", async (_, options, state) => {
    const { stage, down } = await above<number>(options);
    await down.cancel();
    expect(stage.snapshot().state).toBe(state);
    await stage.stop();
  });

  test("is stop for a producerConsumer, and wait keeps it", async () => {
    const stops = await between<number, number>({ handleEvents: (events) => events });
    await stops.down.cancel();
    expect(stops.stage.snapshot().state).toBe("ended");
    const waits = await between<number, number>({ handleEvents: (events) => events, whenUnused: "wait" });
    await waits.down.cancel();
    expect(waits.stage.snapshot().state).toBe("running");
    expect(waits.up.cancels).toEqual([]);
    await waits.stage.stop();
  });
});

test("a break unwinds the whole chain: evens, then the counter, then its file", async () => {
  const log: string[] = [];
  let next = 0;
  const counter = producer<number>({
    name: "counter",
    handleDemand: (demand) => Array.from({ length: demand }, () => next++),
    async handleStop() {
      log.push("counter stops");
      await Promise.resolve();
      log.push("file closed");
    },
  });
  const evens = producerConsumer({
    name: "evens",
    subscribeTo: [{ to: counter, maxDemand: 10 }],
    handleEvents: (events) => events.filter((n) => n % 2 === 0),
    handleStop: () => void log.push("evens stops"),
  });
  for await (const n of evens) {
    if (n > 3) break;
  }
  expect(log).toEqual(["evens stops", "counter stops", "file closed"]);
  expect(evens.snapshot().state).toBe("ended");
  expect(counter.snapshot().state).toBe("ended");
});

test("a break waits until the whole chain has released what it holds", async () => {
  const closing = deferred();
  const counter = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => 0), handleStop: () => closing.promise });
  const doubled = producerConsumer({ subscribeTo: [{ to: counter, maxDemand: 10 }], handleEvents: (events) => events });
  const loop = watch(
    (async () => {
      for await (const _ of doubled) break;
      return "left";
    })(),
  );
  await settle();
  expect(doubled.snapshot().state).toBe("ended");
  expect(counter.snapshot().state).toBe("stopping");
  expect(loop).toEqual({});
  closing.resolve();
  await settle();
  expect(loop.value).toBe("left");
});

test("a break stops what is unused only: a stage with another consumer goes on", async () => {
  const counter = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => 0) });
  const evens = producerConsumer({ subscribeTo: [{ to: counter, maxDemand: 10 }], handleEvents: (events) => events });
  const probe = new ConsumerProbe(counter);
  await settle();
  for await (const _ of evens) break;
  expect(evens.snapshot().state).toBe("ended");
  expect(counter.snapshot().state).toBe("running");
  await probe.ask(1);
  expect(probe.batches).toEqual([[0]]);
  await counter.stop();
});
