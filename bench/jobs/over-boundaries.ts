/** Speed cases that have a boundary on one side and a stage on the other. All sum up 0, 1, 2, ... */
import type { Producer } from "sluice";

import { sumOfAll } from "../cases/numbers.ts";
import type { WayIn } from "../cases/ways-in/way-in.ts";
import type { WayOut } from "../cases/ways-out/way-out.ts";
import type { SpeedCase } from "../measures/speed.ts";

/** The way of a peer. */
export const job = (name: string, by: string, load: SpeedCase["load"]): SpeedCase => ({ name, by, load, expected: sumOfAll });

/** From a stage that counts. */
export const out = (name: string, load: () => Promise<WayOut>): SpeedCase =>
  job(name, "sluice", async () => {
    const { counter } = await import("../cases/sluice-counter.ts");
    const drain = await load();
    return (events) => drain(counter(events));
  });

/** Into a stage that sums up. */
export const into = (name: string, load: () => Promise<WayIn>): SpeedCase =>
  job(name, "sluice", async () => {
    const { intoConsumer } = await import("../cases/ways-out/loops.ts");
    const numbers = await load();
    return (events) => intoConsumer(numbers(events));
  });

/** From a stage that counts, over a boundary and back, into one that sums up. */
export const overAndBack = (name: string, load: () => Promise<(numbers: Producer<number>) => Producer<number>>): SpeedCase =>
  job(name, "sluice", async () => {
    const { intoConsumer } = await import("../cases/ways-out/loops.ts");
    const { counter } = await import("../cases/sluice-counter.ts");
    const roundTrip = await load();
    return (events) => intoConsumer(roundTrip(counter(events)));
  });
