import { vi } from "vitest";
import type * as Sluice from "sluice";
import type * as Testing from "sluice/testing";
import type * as Scheduler from "../../../src/core/scheduler.ts";

type Modules = typeof Sluice & typeof Testing & typeof Scheduler & Disposable;

/** Sluice anew, with a clock that stands still: no slice ends, however crowded the machine is. */
export async function withStillClock(): Promise<Modules> {
  vi.resetModules();
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const [sluice, testing, scheduler] = await Promise.all([import("sluice"), import("sluice/testing"), import("../../../src/core/scheduler.ts")]);
  return { ...sluice, ...testing, ...scheduler, [Symbol.dispose]: () => clock.mockRestore() };
}
