/** Lists that a stage takes, or does not. */
import { expect, test } from "vitest";
import { SluiceError, producer, type Self } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { emit } from "../../../src/adapters/ix/emit.ts";

/** A stage that hands out its `self`. */
async function begun(): Promise<{ readonly self: Self<number>; readonly down: ConsumerProbe<number>; readonly stop: () => Promise<void> }> {
  let given: Self<number> | undefined;
  const stage = producer<number>({ handleDemand: (_, self) => void (given = self) });
  const down = new ConsumerProbe(stage);
  await down.ask(2);
  return { self: given as Self<number>, down, stop: () => stage.stop() };
}

/** A `self` whose emit throws this. */
function throwing(error: unknown): Self<number> {
  return {
    emit() {
      throw error;
    },
  } as Partial<Self<number>> as Self<number>;
}

test("a stage that goes on takes a list, be it empty", async () => {
  const { self, down, stop } = await begun();
  expect([emit(self, [1]), emit(self, [])]).toEqual([true, true]);
  await settle();
  expect(down.events).toEqual([1]);
  await stop();
});

test("a stage that has ended, or is about to, takes none", async () => {
  const { self, down, stop } = await begun();
  const stopped = stop();
  expect(emit(self, [1])).toBe(false);
  await stopped;
  expect([emit(self, [1]), emit(self, [])]).toEqual([false, false]);
  expect(down.events).toEqual([]);
});

test.each<[string, unknown]>([
  ["an error with another code", new SluiceError("SLUICE_BAD_OPTION", "boom")],
  ["an error with that code that is not ours", Object.assign(new Error("boom"), { code: "SLUICE_ENDED" })],
  ["nothing", undefined],
])("what else it throws is thrown: %s", (_, error) => {
  let thrown: unknown = "nothing was thrown";
  try {
    emit(throwing(error), [1]);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBe(error);
});
