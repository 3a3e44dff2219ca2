/** What a rule says beyond the harm that it mends (`harm.test.ts`), on the model. */
import { expect, test } from "vitest";
import { comparable } from "./compare.ts";
import { expected } from "./model.ts";
import { allRules } from "./rules.ts";
import { ask, cancel, emit, end, events, forward, subscribe, subscribeTo } from "./steps.ts";
import type { StageStep, StageSut } from "./trace.ts";

/** The last step of the scenario, as Sluice takes it. */
const last = (sut: StageSut, steps: readonly StageStep[]): object =>
  comparable(expected({ id: "example", kind: sut.type, sut, steps: steps.map((step) => ({ ...step, expect: {} })) }, allRules).at(-1) ?? {});

test("R2: after the shutdown of its producer a producerConsumer delivers nothing any more", () => {
  const steps = [subscribeTo("p1"), subscribe("c1"), ask("c1", 1), events("p1", 7), end("p1", "shutdown")];
  expect(last({ type: "producerConsumer", onEvents: "double" }, steps)).toMatchObject({ stopped: "shutdown" });
});

test("R3: events that come late pay what a leaver left behind", () => {
  const steps = [subscribe("c1"), ask("c1", 5), cancel("c1"), emit(1, 2, 3, 4, 5), subscribe("c2"), ask("c2", 7)];
  expect(last({ type: "producer" }, steps)).toMatchObject({ received: { c2: [[1, 2, 3, 4, 5]] }, demands: [2] });
});

test("R14: what is emitted while demand accumulates, and discarded, serves nobody", () => {
  const steps = [subscribe("c1"), ask("c1", 3), emit(1, 2, 3, 4), forward];
  const sut: StageSut = { type: "producer", demand: "accumulate", bufferSize: 2 };
  expect(last(sut, steps)).toEqual({ received: { c1: [[3, 4]] }, demands: [1] });
});
