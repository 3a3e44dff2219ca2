/** Its user leaves, its native side breaks, its signal aborts: what its producer hears of it. */
import type { ExitReason } from "../../core/index.ts";
import { CountedSignal } from "./counted-signal.ts";
import type { Trial } from "./trial.ts";
import { beyond, isBounded, type WayOutCase } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";
import type { WayOutPlan } from "./way-out.ts";

/** So many short runs must leave nothing behind. */
const MANY = 50;

export const leavingCases: readonly WayOutCase[] = [
  {
    name: "leaves its producer, once, when its user leaves early",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 3 }).give(100 + 2 * beyond(plan));
      await scene.untilGot(3);
      await leave(trial, scene, true);
      await scene.untilLeft();
      scene.expectWithin();
      const { produced } = scene.supply;
      scene.take(Infinity);
      await trial.quiet();
      trial.expect(scene.supply.produced === produced, "the producer", "be asked for nothing when everybody has left", `${scene.supply.produced - produced} events`);
      // A stage that was stopped tells the stream that it writes into; whoever has left a reader, or an observer, is told nothing.
      if (plan.stage === undefined) trial.expect(scene.told.every(({ type }) => type === "end"), "it", "tell its native side of no error when its user has left", "an error");
    },
  },
  {
    name: "leaves its producer when its user leaves before the first event",
    where: canLeave,
    async run(trial, plan) {
      for (const ready of [0, Infinity]) {
        const scene = new WayOutScene(trial, plan, { ready });
        await trial.quiet();
        const left = leave(trial, scene);
        // In the turn in which he leaves, and when he has left.
        scene.give(3);
        await left;
        await scene.untilLeft();
        scene.give(3);
        await trial.quiet();
        trial.expect(scene.events.length === 0, "it", "give nothing to a native side whose user has left", `${scene.events.length} events`);
        trial.expect(!scene.isReading, "it", "answer a read in flight when its user leaves", "nothing, it hangs");
      }
    },
  },
  {
    name: "gives its native side nothing more when its user leaves as an event comes",
    where: (plan) => plan.leave !== undefined && plan.by !== "reading",
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan);
      let left: Promise<void> | undefined;
      scene.handle = (count) => {
        if (count !== 3) return;
        left = leave(trial, scene);
        // Whoever waits for it hears of it, later.
        left.catch(() => undefined);
      };
      scene.give(20).endIt();
      await scene.untilGot(3);
      await left;
      await scene.untilLeft();
      trial.expect(scene.told.length === 0 || plan.stage !== undefined, "it", "tell its native side of no end when its user has left", "an end");
    },
  },
  {
    name: "leaves its producer once, however often its user leaves",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 2 }).give(100);
      await scene.untilGot(2);
      await leave(trial, scene);
      await leave(trial, scene);
      await scene.untilLeft();
      await leave(trial, scene);
      await scene.untilLeft();
    },
  },
  {
    name: "settles when its user leaves behind the end",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan).give(2).endIt();
      await scene.untilTold({ type: "end" });
      await leave(trial, scene);
      await trial.quiet();
      trial.expect(scene.told.length === 1, "it", "tell its native side of its end once", `${scene.told.length} times`);
    },
  },
  {
    name: "comes to one end when its producer ends as its user leaves, whichever is first",
    where: canLeave,
    async run(trial, plan) {
      for (const isLeavingFirst of [true, false]) {
        const scene = new WayOutScene(trial, plan).give(1);
        await scene.untilGot(1);
        if (!isLeavingFirst) scene.endIt();
        const left = leave(trial, scene);
        if (isLeavingFirst) scene.endIt();
        await left;
        await scene.untilLeft();
        trial.expect(scene.told.length <= 1, "it", "tell its native side of one end", `${scene.told.length}`);
      }
    },
  },
  {
    name: "tells its producer the reason for which its user leaves, by identity",
    where: ({ cancel }) => cancel !== undefined,
    async run(trial, plan) {
      for (const reason of [new Error("enough"), { why: "enough" }]) {
        const scene = new WayOutScene(trial, plan, { ready: 2 }).give(100);
        await scene.untilGot(2);
        scene.hasLeft = true;
        trial.note("its user leaves with a reason");
        const left = Promise.resolve(plan.cancel?.(scene.native, reason));
        scene.letGo();
        await trial.settled(left, "it", "settle when its user leaves");
        await scene.untilLeft({ type: "shutdown", reason });
      }
    },
  },
  {
    name: "tells its producer the error with which its native side breaks, by identity",
    where: ({ fail }) => fail !== undefined,
    async run(trial, plan) {
      const error = new Error("the native side is broken");
      for (const ready of [0, 3]) {
        const scene = new WayOutScene(trial, plan, { ready }).give(100 + 2 * beyond(plan));
        await scene.untilGot(ready);
        await trial.quiet();
        scene.hasLeft = true;
        trial.note("its native side breaks");
        const broken = swallowed(plan.fail?.(scene.native, error));
        // A write in flight comes to its end all the same: some native sides wait for that.
        scene.letGo();
        await trial.settled(broken, "it", "settle when its native side breaks");
        await scene.untilLeft({ type: "error", error });
        const stage = plan.stage?.(scene.native);
        if (stage !== undefined) expectError(trial, await trial.settled(stage.closed, "the stage", "end when its native side breaks"), error);
      }
    },
  },
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
      trial.expect(scene.events.length === 0, "it", "give its native side nothing when its signal has aborted before", `${scene.events.length} events`);
      if (scene.told.length > 0 || scene.plan.read !== undefined) await scene.untilToldStop(reason);
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
        scene.take(Infinity);
        await trial.quiet();
        trial.expect(scene.events.length === 2, "it", "give its native side nothing behind the abort", `${scene.events.length - 2} events`);
        if (scene.told.length > 0 || scene.plan.read !== undefined) await scene.untilToldStop(reason);
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

function canLeave<Event, Native>({ leave: leaves }: WayOutPlan<Event, Native>): boolean {
  return leaves !== undefined;
}

/** Waits until it has been left. A native side that is stuck never says that it has taken what it was given. */
export async function leave<Event, Native>(trial: Trial, scene: WayOutScene<Event, Native>, isStuck = false): Promise<void> {
  scene.hasLeft = true;
  trial.note("its user leaves");
  const left = Promise.resolve(scene.plan.leave?.(scene.native));
  if (!isStuck) scene.letGo();
  await trial.settled(left, "it", "settle when its user leaves");
}

/** Whoever breaks a reader is answered with his own error. */
async function swallowed(result: unknown): Promise<void> {
  try {
    await result;
  } catch {
    // What the producer hears is what the case is about.
  }
}

function expectError(trial: Trial, reason: ExitReason, error: unknown): void {
  trial.expect(reason.type === "error" && Object.is(reason.error, error), "the stage", "end with the error of its native side, the very same", reason.type);
}

/** Runs to its end, fails, or is left, at different places. */
async function shortRun<Event, Native>(trial: Trial, plan: WayOutPlan<Event, Native>, run: number, signal?: AbortSignal): Promise<void> {
  const isLeaving = run % 3 === 2 && plan.leave !== undefined;
  const scene = new WayOutScene(trial, plan, { ...(signal && { signal }), ready: isLeaving && isBounded(plan) ? run % 4 : Infinity });
  scene.give(isLeaving ? 10 : run % 7);
  await trial.quiet();
  if (isLeaving) {
    await leave(trial, scene);
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
