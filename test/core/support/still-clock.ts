import { vi } from "vitest";
import type * as Sluice from "sluice";
import type * as Testing from "sluice/testing";
import type * as Scheduler from "../../../src/core/scheduler.ts";

type Modules = typeof Sluice & typeof Testing & typeof Scheduler;

interface Still extends Modules, Disposable {
  /** Sets the clock, in ms. It begins with 0. */
  readonly setTime: (ms: number) => void;
  /** How often the clock was read. */
  readonly readings: () => number;
}

/** Sluice anew, with a clock that stands still: no slice ends, however crowded the machine is, unless the test sets it. */
export async function withStillClock(): Promise<Still> {
  vi.resetModules();
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const [sluice, testing, scheduler] = await Promise.all([import("sluice"), import("sluice/testing"), import("../../../src/core/scheduler.ts")]);
  return {
    ...sluice,
    ...testing,
    ...scheduler,
    setTime: (ms) => void clock.mockReturnValue(ms),
    readings: () => clock.mock.calls.length,
    [Symbol.dispose]: () => clock.mockRestore(),
  };
}
