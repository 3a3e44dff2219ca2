/** Aborts, and what many short runs leave behind. */
import { CountedSignal } from "./counted-signal.ts";
import type { Trial } from "./trial.ts";
import { isBounded, type WayOutCase } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";
import type { WayOutPlan } from "./way-out.ts";

/** So many short runs must leave nothing behind. */
const MANY = 50;

export const signalCases: readonly WayOutCase[] = [
  {
    name: "asks for nothing when its signal has aborted before",
    where: ({ isAbortable }) => isAbortable,
    async run(trial, plan) {
      const counted = new CountedSignal();
      const reason = new Error("too late");
      counted.abort(reason);
      const scene = new WayOutScene(trial, plan, { signal: counted.signal }).give(10);
      await trial.quiet();
      trial.expect(scene.supply.produced === 0, "it", "ask for nothing when its signal has aborted before", `${scene.supply.produced} produced`);
      trial.expect(scene.user.events.length === 0, "it", "give its native side nothing when its signal has aborted before", `${scene.user.events.length} events`);
      if (scene.user.told.length > 0 || scene.plan.read !== undefined) await scene.untilToldStop(reason);
    },
  },
  {
    name: "leaves its producer, with the reason, when its signal aborts",
    where: ({ isAbortable }) => isAbortable,
    async run(trial, plan) {
      for (const ready of [2, Infinity]) {
        const counted = new CountedSignal();
        const reason = new Error("enough");
        const scene = new WayOutScene(trial, plan, { signal: counted.signal, ready }).give(2);
        await scene.untilGot(2);
        trial.note("its signal aborts");
        counted.abort(reason);
        await scene.untilLeft({ type: "shutdown", reason });
        scene.user.take(Infinity);
        await trial.quiet();
        trial.expect(scene.user.events.length === 2, "it", "give its native side nothing behind the abort", `${scene.user.events.length - 2} events`);
        if (scene.user.told.length > 0 || scene.plan.read !== undefined) await scene.untilToldStop(reason);
      }
    },
  },
  {
    name: "leaves no listener on a signal that lives longer",
    where: ({ isAbortable }) => isAbortable,
    async run(trial, plan) {
      const counted = new CountedSignal();
      for (let run = 0; run < MANY; run += 1) {
        await shortRun(trial, plan, run, counted.signal);
        trial.expect(counted.count === 0, "it", "leave no listener on its signal at its end", `${counted.count} after ${run + 1} runs`);
      }
    },
  },
  {
    name: "leaves nothing behind after many short runs: no timer, and no producer that was not left",
    async run(trial, plan) {
      for (let run = 0; run < MANY; run += 1) {
        await shortRun(trial, plan, run);
        trial.expect(trial.time.pending === 0, "it", "leave no timer behind at its end", `${trial.time.pending} after ${run + 1} runs`);
      }
    },
  },
];

async function shortRun<Event, Native>(trial: Trial, plan: WayOutPlan<Event, Native>, run: number, signal?: AbortSignal): Promise<void> {
  const isLeaving = run % 3 === 2 && plan.leave !== undefined;
  const scene = new WayOutScene(trial, plan, { ...(signal && { signal }), ready: isLeaving && isBounded(plan) ? run % 4 : Infinity });
  scene.give(isLeaving ? 10 : run % 7);
  await trial.quiet();
  if (isLeaving) {
    await scene.leave();
    await scene.untilLeft();
  } else if (run % 3 === 0) {
    scene.endIt();
    await scene.untilTold({ type: "end" });
  } else {
    const error = new Error("the producer is broken");
    scene.failIt(error);
    await scene.untilTold({ type: "error", error });
  }
  const stage = plan.stage?.(scene.native);
  if (stage !== undefined) await trial.settled(stage.closed, "the stage", "end");
}
