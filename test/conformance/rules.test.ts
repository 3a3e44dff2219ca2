/** One small scenario for each rule: what GenStage does, and what Sluice does instead. */
import { describe, expect, test } from "vitest";
import { comparable } from "./compare.ts";
import { expected } from "./model.ts";
import { allRules, noRules, type Rules } from "./rules.ts";
import type { StageStep, StageSut } from "./trace.ts";

const play = (sut: StageSut, steps: readonly StageStep[], rules: Rules) =>
  expected({ id: "example", kind: sut.type, sut, steps: steps.map((step) => ({ ...step, expect: {} })) }, rules).map(
    comparable,
  );

/** The last step of the scenario, as GenStage takes it and as Sluice does. */
const last = (sut: StageSut, steps: readonly StageStep[]) => ({
  genStage: play(sut, steps, noRules).at(-1),
  sluice: play(sut, steps, allRules).at(-1),
});

const subscribe = (consumer: string, options = {}): StageStep => ({ do: "subscribe", consumer, options });
const ask = (consumer: string, demand: number): StageStep => ({ do: "ask", consumer, demand });
const cancel = (consumer: string): StageStep => ({ do: "cancel", consumer, reason: "done" });
const emit = (...events: number[]): StageStep => ({ do: "emit", events });
const info = (message: string): StageStep => ({ do: "info", message });
const forward: StageStep = { do: "demandMode", mode: "forward" };
const subscribeTo = (producer: string, options = {}): StageStep => ({
  do: "subscribeTo",
  producer,
  options: { maxDemand: 4, ...options },
});
const events = (producer: string, ...batch: number[]): StageStep => ({ do: "events", producer, events: batch });
const end = (producer: string, reason: string): StageStep => ({ do: "producerCancel", producer, reason });

const partitions = { type: "producer", dispatcher: { type: "partition", partitions: 2, hash: "mod" } } as const;
const broadcast = { type: "producer", dispatcher: { type: "broadcast" } } as const;

test("R1: a producerConsumer does not handle its input for a consumer that has left", () => {
  const steps = [subscribeTo("p1"), subscribe("c1"), ask("c1", 2), cancel("c1"), events("p1", 1, 2)];
  expect(last({ type: "producerConsumer", onEvents: "identity" }, steps)).toEqual({
    genStage: { handled: { p1: [["p1", [1, 2]]] }, asks: { p1: [2] }, buffered: 2 },
    sluice: {},
  });
});

describe("R2: when its producer ends, a producerConsumer", () => {
  const sut: StageSut = { type: "producerConsumer", onEvents: "double" };
  const steps = [subscribeTo("p1"), subscribeTo("p2"), subscribe("c1"), ask("c1", 1), events("p1", 7)];

  test("keeps its buffer and cancels its other producers", () => {
    const log = { level: "notice", kind: "consumer-stopping", reason: "normal" };
    const seen = { handleCancel: { p1: [["p1", "cancel", "normal"]] }, logs: { "consumer-stopping ": [log] } };
    expect(last(sut, [...steps, end("p1", "normal")])).toEqual({
      genStage: { ...seen, stopped: "normal" },
      sluice: { ...seen, cancelsUp: { p2: ["normal"] }, buffered: 1 },
    });
  });

  test("delivers it on demand, to late consumers too, and then ends", () => {
    const late = [...steps, end("p1", "normal"), subscribe("c2"), ask("c2", 1)];
    expect(play(sut, late, allRules).at(-1)).toEqual({
      received: { c2: [[7]] },
      cancels: { c1: ["normal"], c2: ["normal"] },
      stopped: "normal",
    });
  });

  test("answers late consumers with the error, if it was one", () => {
    const late = [...steps, end("p1", "oops"), subscribe("c2")];
    expect(play(sut, late, allRules).at(-1)).toEqual({ cancels: { c2: ["oops"] }, buffered: 1 });
  });

  test("delivers nothing any more after a shutdown", () => {
    expect(play(sut, [...steps, end("p1", "shutdown")], allRules).at(-1)).toMatchObject({ stopped: "shutdown" });
  });
});

test("R3: an ask is served from the buffer, whatever a leaver left behind", () => {
  const steps = [subscribe("c1"), ask("c1", 5), cancel("c1"), emit(1, 2), subscribe("c2"), ask("c2", 3)];
  expect(last({ type: "producer" }, steps)).toEqual({
    genStage: { buffered: 2 },
    sluice: { received: { c2: [[1, 2]] } },
  });
});

test("R3: events that come late pay what a leaver left behind", () => {
  const steps = [subscribe("c1"), ask("c1", 5), cancel("c1"), emit(1, 2, 3, 4, 5), subscribe("c2"), ask("c2", 7)];
  expect(play({ type: "producer" }, steps, allRules).at(-1)).toMatchObject({
    received: { c2: [[1, 2, 3, 4, 5]] },
    demands: [2],
  });
});

test("R4: a late consumer's ask is served from the buffer, up to the common demand", () => {
  const steps = [subscribe("c1"), ask("c1", 5), subscribe("c2"), emit(1, 2), ask("c2", 1)];
  expect(last(broadcast, steps)).toEqual({
    genStage: { buffered: 2 },
    sluice: { received: { c1: [[1]], c2: [[1]] }, buffered: 1 },
  });
});

test("R5: events that the hash drops are demanded again", () => {
  const sut: StageSut = {
    type: "producer",
    onDemand: "counter",
    dispatcher: { type: "partition", partitions: 1, hash: "none-odd" },
  };
  expect(last(sut, [subscribe("c1", { partition: 0 }), ask("c1", 2)])).toEqual({
    genStage: { demands: [2], received: { c1: [[0]] } },
    sluice: { demands: [2, 1], received: { c1: [[0], [2]] } },
  });
});

test("R6: a second subscription of one consumer is refused each time", () => {
  const again = (consumer: string): StageStep => ({ do: "subscribe", consumer, process: "c1" });
  const { genStage, sluice } = last(broadcast, [subscribe("c1"), again("c1b"), again("c1c")]);
  expect(genStage).toEqual({ handleSubscribe: ["c1c"] });
  expect(sluice).toMatchObject({ cancels: { c1c: ["already_subscribed"] } });
});

test("R7, R17: a partition that is taken refuses the subscription, no callback runs, the producer lives", () => {
  expect(last(partitions, [subscribe("c1", { partition: 0 }), subscribe("c2", { partition: 0 })])).toEqual({
    genStage: { handleSubscribe: ["c2"], stopped: { error: "ArgumentError" } },
    sluice: { cancels: { c2: [{ error: "ArgumentError" }] } },
  });
});

test("R8: a buffer of no size is a bad option", () => {
  expect(last({ type: "producer", bufferSize: 0 }, [{ do: "start" }])).toEqual({
    genStage: { startError: { error: "FunctionClauseError" } },
    sluice: { startError: { error: "bad_opts" } },
  });
});

test("R9: the demand mode of a producerConsumer can be read", () => {
  expect(last({ type: "producerConsumer" }, [{ do: "getDemandMode" }])).toEqual({
    genStage: { stopped: { error: "FunctionClauseError" } },
    sluice: { reply: "forward" },
  });
});

test("R10: the queue of a partition is counted, and waits for the next subscriber", () => {
  const steps = [
    subscribe("c0", { partition: 0 }),
    subscribe("c1", { partition: 1 }),
    ask("c0", 3),
    emit(1, 2, 3),
    cancel("c1"),
  ];
  const seen = { cancels: { c1: ["done"] }, handleCancel: { c1: [["c1", "cancel", "done"]] } };
  expect(last(partitions, steps)).toEqual({
    genStage: { ...seen, demands: [2] },
    sluice: { ...seen, buffered: 2 },
  });
  expect(play(partitions, [...steps, subscribe("c2", { partition: 1 }), ask("c2", 2)], allRules).at(-1)).toEqual({
    received: { c2: [[1, 3]] },
    demands: [2],
  });
});

test("R10: a full queue stops the dispatch, so that order holds", () => {
  const steps = [subscribe("c0", { partition: 0 }), ask("c0", 8), emit(2, 1, 3, 5, 4)];
  expect(last({ ...partitions, bufferSize: 2 }, steps)).toEqual({
    genStage: { received: { c0: [[2, 4]] } },
    sluice: { received: { c0: [[2]] }, buffered: 4 },
  });
});

test("R11: a consumer whose selector refuses a whole list is not told", () => {
  const { genStage, sluice } = last(broadcast, [subscribe("c1", { selector: "even" }), ask("c1", 1), emit(1)]);
  expect(genStage).toEqual({ received: { c1: [[]] }, demands: [1] });
  expect(sluice).toEqual({ demands: [1] });
});

test("R12: a stage that ends tells everybody but the one that caused it", () => {
  const steps = [subscribeTo("p1"), subscribeTo("p2"), subscribe("c1"), end("p1", "oops")];
  const { genStage, sluice } = last({ type: "producerConsumer" }, steps);
  expect(genStage).not.toHaveProperty("cancels");
  expect(sluice).toMatchObject({ cancels: { c1: ["oops"] }, cancelsUp: { p2: ["oops"] }, stopped: "oops" });
});

test("R13: a bad subscription fails the start", () => {
  const sut: StageSut = { type: "consumer", subscribeTo: [{ producer: "p1", options: { maxDemand: 0 } }] };
  const { genStage, sluice } = last(sut, [{ do: "start" }]);
  expect(genStage).not.toHaveProperty("startError");
  expect(sluice).toEqual({ startError: { error: "bad_opts" } });
});

describe("R14: what is emitted while demand accumulates", () => {
  const sut: StageSut = { type: "producer", demand: "accumulate", bufferSize: 2 };

  test("goes into the buffer, and the buffer is bounded", () => {
    expect(last(sut, [emit(1, 2, 3)])).toEqual({ genStage: {}, sluice: { discarded: [1], buffered: 2 } });
  });

  test("is delivered first, and the held demands are replayed one by one without it", () => {
    const steps = [subscribe("c1"), ask("c1", 3), ask("c1", 2), emit(1, 2), forward];
    expect(last(sut, steps)).toEqual({
      genStage: { demands: [3, 2], received: { c1: [[1, 2]] } },
      sluice: { demands: [1, 2], received: { c1: [[1, 2]] } },
    });
  });

  test("and discarded serves nobody", () => {
    const steps = [subscribe("c1"), ask("c1", 3), emit(1, 2, 3, 4), forward];
    expect(play(sut, steps, allRules).at(-1)).toEqual({ received: { c1: [[3, 4]] }, demands: [1] });
  });
});

test("R15: an info in an unlimited buffer is not counted and needs no demand of its own", () => {
  const steps = [emit(1), info("a"), subscribe("c1"), ask("c1", 1)];
  expect(last({ type: "producer", bufferSize: "infinity" }, steps)).toEqual({
    genStage: { received: { c1: [[1]] }, buffered: 1 },
    sluice: { received: { c1: [[1]] }, infos: ["a"] },
  });
});
