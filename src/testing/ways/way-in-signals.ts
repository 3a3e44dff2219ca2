/** Aborts, and what many short runs leave behind. */
import { StoppedError, type ExitReason } from "../../core/index.ts";
import { reasonShown, shown } from "../showing.ts";
import { CountedSignal } from "./counted-signal.ts";
import type { Taker } from "./taker.ts";
import type { Trial } from "./trial.ts";
import { isBounded, PLENTY, type WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

/** So many short runs must leave nothing behind. */
const MANY = 50;

export const signalCases: readonly WayInCase[] = [
  {
    name: "never starts when its signal has aborted before",
    async run(trial, plan) {
      const counted = new CountedSignal();
      const reason = new Error("too late");
      counted.abort(reason);
      const scene = new WayInScene(trial, plan, { signal: counted.signal }).give(5);
      const before = scene.source.produced;
      const taker = scene.taker();
      taker.ask(3);
      await untilAborted(trial, scene, taker, reason);
      const most = isBounded(plan) ? plan.prefetch : 0;
      trial.expect(scene.source.produced - before <= most, "the native side", `give at most ${most} events when the signal has aborted before`, scene.source.produced);
      trial.expect(taker.events.length === 0, "it", "deliver nothing when the signal has aborted before", `${taker.events.length} events`);
    },
  },
  {
    name: "ends, and releases its native side once with the reason, when its signal aborts",
    async run(trial, plan) {
      const counted = new CountedSignal();
      const scene = new WayInScene(trial, plan, { signal: counted.signal }).give(2);
      const taker = scene.taker();
      taker.ask(plan.can.has("wait") ? 5 : 2);
      await scene.untilGot(taker, 2);
      const reason = new Error("enough");
      counted.abort(reason);
      await untilAborted(trial, scene, taker, reason);
    },
  },
  {
    name: "leaves no listener on a signal that lives longer",
    async run(trial, plan) {
      const counted = new CountedSignal();
      for (let run = 0; run < MANY; run += 1) {
        await shortRun(trial, new WayInScene(trial, plan, { signal: counted.signal }), run);
        trial.expect(counted.count === 0, "it", "leave no listener on its signal at its end", `${counted.count} after ${run + 1} runs`);
      }
    },
  },
  {
    name: "leaves nothing behind after many short runs: no timer, and no native side that was not released",
    async run(trial, plan) {
      for (let run = 0; run < MANY; run += 1) {
        await shortRun(trial, new WayInScene(trial, plan), run);
        trial.expect(trial.time.pending === 0, "it", "leave no timer behind at its end", `${trial.time.pending} after ${run + 1} runs`);
      }
    },
  },
];

async function untilAborted<Event>(trial: Trial, scene: WayInScene<Event>, taker: Taker<Event>, reason: Error): Promise<void> {
  await scene.untilEnd(taker, { type: "shutdown" });
  for (const end of [taker.end, scene.reason] as const) {
    trial.expect(isShutdown(end, reason), "it", `end for the reason of the abort: ${shown(reason)}, by identity`, end && reasonShown(end));
  }
  const error = await scene.producer[Symbol.asyncIterator]()
    .next()
    .then(() => undefined, (got: unknown) => got);
  trial.expect(error instanceof StoppedError && Object.is(error.cause, reason), "a loop that comes after the abort", "fail with a StoppedError, whose cause is the reason", shown(error));
  await scene.untilReleased({ reason });
}

function isShutdown(end: ExitReason | undefined, reason: unknown): boolean {
  return end?.type === "shutdown" && Object.is(end.reason, reason);
}

async function shortRun<Event>(trial: Trial, scene: WayInScene<Event>, run: number): Promise<void> {
  const ending = (["leave", "stop", "end", "leave at once"] as const)[run % 4];
  const isEnding = ending === "end" && scene.plan.can.has("end");
  scene.give(10);
  if (isEnding) scene.endIt();
  const taker = scene.taker();
  if (ending !== "leave at once") {
    taker.ask(isEnding ? PLENTY : 1 + (run % 3));
    await trial.quiet();
  }
  if (ending === "stop") void scene.producer.stop();
  else if (!isEnding) taker.cancel();
  await scene.untilClosed();
  await scene.untilReleased();
}
