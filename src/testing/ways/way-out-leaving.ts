/** Its user leaves, or its native side breaks: what its producer hears of it. */
import type { ExitReason } from "../../core/index.ts";
import type { Trial } from "./trial.ts";
import { beyond, type WayOutCase } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";
import type { WayOutPlan } from "./way-out.ts";

export const leavingCases: readonly WayOutCase[] = [
  {
    name: "leaves its producer, once, when its user leaves early",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 3 }).give(100 + 2 * beyond(plan));
      await scene.untilGot(3);
      await scene.leave(true);
      await scene.untilLeft();
      scene.expectWithin();
      const { produced } = scene.supply;
      scene.user.take(Infinity);
      await trial.quiet();
      trial.expect(scene.supply.produced === produced, "the producer", "be asked for nothing when everybody has left", `${scene.supply.produced - produced} events`);
      // A stage that was stopped tells the stream that it writes into; whoever has left a reader, or an observer, is told nothing.
      if (plan.stage === undefined) trial.expect(scene.user.told.every(({ type }) => type === "end"), "it", "tell its native side of no error when its user has left", "an error");
    },
  },
  {
    name: "leaves its producer when its user leaves before the first event",
    where: canLeave,
    async run(trial, plan) {
      for (const ready of [0, Infinity]) {
        const scene = new WayOutScene(trial, plan, { ready });
        await trial.quiet();
        const left = scene.leave();
        // In the turn in which he leaves, and when he has left.
        scene.give(3);
        await left;
        await scene.untilLeft();
        scene.give(3);
        await trial.quiet();
        trial.expect(scene.user.events.length === 0, "it", "give nothing to a native side whose user has left", `${scene.user.events.length} events`);
        trial.expect(!scene.user.isReading, "it", "answer a read in flight when its user leaves", "nothing, it hangs");
      }
    },
  },
  {
    name: "gives its native side nothing more when its user leaves as an event comes",
    where: (plan) => plan.leave !== undefined && plan.by !== "reading",
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan);
      let left: Promise<void> | undefined;
      scene.user.handle = (count) => {
        if (count !== 3) return;
        left = scene.leave();
        // Whoever waits for it hears of it, later.
        left.catch(() => undefined);
      };
      scene.give(20).endIt();
      await scene.untilGot(3);
      await left;
      await scene.untilLeft();
      trial.expect(scene.user.told.length === 0 || plan.stage !== undefined, "it", "tell its native side of no end when its user has left", "an end");
    },
  },
  {
    name: "leaves its producer once, however often its user leaves",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 2 }).give(100);
      await scene.untilGot(2);
      await scene.leave();
      await scene.leave();
      await scene.untilLeft();
      await scene.leave();
      await scene.untilLeft();
    },
  },
  {
    name: "settles when its user leaves behind the end",
    where: canLeave,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan).give(2).endIt();
      await scene.untilTold({ type: "end" });
      await scene.leave();
      await trial.quiet();
      trial.expect(scene.user.told.length === 1, "it", "tell its native side of its end once", `${scene.user.told.length} times`);
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
        const left = scene.leave();
        if (isLeavingFirst) scene.endIt();
        await left;
        await scene.untilLeft();
        trial.expect(scene.user.told.length <= 1, "it", "tell its native side of one end", `${scene.user.told.length}`);
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
        scene.user.hasLeft = true;
        trial.note("its user leaves with a reason");
        const left = Promise.resolve(plan.cancel?.(scene.native, reason));
        scene.user.letGo();
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
        scene.user.hasLeft = true;
        trial.note("its native side breaks");
        const broken = swallowed(plan.fail?.(scene.native, error));
        // A write in flight comes to its end all the same: some native sides wait for that.
        scene.user.letGo();
        await trial.settled(broken, "it", "settle when its native side breaks");
        await scene.untilLeft({ type: "error", error });
        const stage = plan.stage?.(scene.native);
        if (stage !== undefined) expectError(trial, await trial.settled(stage.closed, "the stage", "end when its native side breaks"), error);
      }
    },
  },
];

function canLeave<Event, Native>({ leave: leaves }: WayOutPlan<Event, Native>): boolean {
  return leaves !== undefined;
}

/** Waits until it has been left. A native side that is stuck never says that it has taken what it was given. */
export async function leave<Event, Native>(trial: Trial, scene: WayOutScene<Event, Native>, isStuck = false): Promise<void> {
  scene.user.hasLeft = true;
  trial.note("its user leaves");
  const left = Promise.resolve(scene.plan.leave?.(scene.native));
  if (!isStuck) scene.user.letGo();
  await trial.settled(left, "it", "settle when its user leaves");
}

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
