/** How the producer ends, and what the native side hears of it. */
import { shown } from "../showing.ts";
import { oddErrors, oddEvents } from "./odd-values.ts";
import { Supply } from "./supply.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import { isBounded, type WayOutCase } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";
import type { Told } from "./way-out-user.ts";
import type { WayOutPlan } from "./way-out.ts";

export const endCases: readonly WayOutCase[] = [
  {
    name: "tells its native side of the end behind the last event, and once",
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan).give(5);
      await scene.untilGot(5);
      await trial.quiet();
      trial.expect(scene.user.told.length === 0, "it", "tell its native side of no end before there is one", "an end");
      scene.endIt();
      await scene.untilTold({ type: "end" });
      trial.expect(scene.user.events.length === 5, "it", "give its native side 5 events, then the end", `${scene.user.events.length} events`);
    },
  },
  {
    name: "tells its native side of the end when there is nothing",
    async run(trial, plan) {
      for (const pace of ["sync", "async"] as const) {
        const scene = new WayOutScene(trial, plan, { pace }).endIt();
        await scene.untilTold({ type: "end" });
        trial.expect(scene.user.events.length === 0, "it", "give its native side nothing", `${scene.user.events.length} events`);
      }
    },
  },
  {
    name: "tells its native side of the very error, behind what came before it",
    async run(trial, plan) {
      const error = new Error("the producer is broken");
      for (const pace of ["sync", "async"] as const) {
        const scene = new WayOutScene(trial, plan, { pace, ready: 2 }).give(7).failIt(error);
        await scene.untilGot(2);
        scene.user.take(Infinity);
        await scene.untilTold({ type: "error", error });
        trial.expect(scene.user.events.length === 7, "it", "give its native side the 7 events before the error first", `${scene.user.events.length} events`);
      }
    },
  },
  {
    name: "tells its native side of the very error before the first event",
    async run(trial, plan) {
      const error = new Error("the producer is broken");
      const scene = new WayOutScene(trial, plan).failIt(error);
      await scene.untilTold({ type: "error", error });
      trial.expect(scene.user.events.length === 0, "it", "give its native side nothing", `${scene.user.events.length} events`);
    },
  },
  {
    name: "passes on an error that is none, or that does not like to be looked at",
    async run(trial, plan) {
      for (const { name, value } of oddErrors()) {
        if (!plan.errors(value, name)) continue;
        trial.note(`the error is ${name}`);
        const scene = new WayOutScene(trial, plan).give(1).failIt(value);
        await scene.untilTold({ type: "error", error: value });
        trial.expect(scene.user.events.length === 1, "it", `give its native side the event before ${name}`, `${scene.user.events.length} events`);
      }
    },
  },
  {
    name: "never shows a stop of the producer as a normal end",
    async run(trial, plan) {
      for (const reason of [undefined, new Error("enough"), { why: "enough" }]) {
        const scene = new WayOutScene(trial, plan).give(3);
        await scene.untilGot(3);
        await trial.settled(scene.supply.producer.stop(reason), "the producer", "settle a stop");
        await scene.untilToldStop(reason);
      }
    },
  },
  {
    name: "tells its native side how a producer has ended that ended before",
    async run(trial, plan) {
      const error = new Error("it was broken before");
      for (const told of [{ type: "end" }, { type: "error", error }] as const) await tryEnded(trial, plan, told);
    },
  },
  {
    name: "gives its native side every event as it is, whatever it looks like, or refuses it with an error that says so",
    where: ({ odd }) => odd !== undefined,
    async run(trial, plan) {
      for (const { name, value } of oddEvents()) {
        if (plan.odd?.(value, name) !== true) continue;
        trial.note(`the event is ${name}`);
        const scene = new WayOutScene<unknown, unknown>(trial, { ...plan, identify: (each: unknown) => each } as never).giveThese([value]).give(1);
        await trial.until(() => scene.user.events.length === 2 || scene.user.told.length > 0, "it", `give its native side ${name}, and the event behind it`, () => `${scene.user.events.length} events, and it hangs`);
        await trial.quiet();
        if (scene.user.events.length === 2) continue;
        const [told] = scene.user.told;
        trial.expect(told?.type === "error" && isNamed(told.error), "it", `give its native side ${name} as it is, or an error that says why not`, told?.type === "error" ? shown(told.error) : "the end");
        await scene.untilLeft();
      }
    },
  },
  {
    name: "ends when its native side has taken and finished all, not before",
    where: ({ stage, by }) => stage !== undefined && by === "writing",
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 0 });
      scene.user.isLingering = true;
      scene.give(3).endIt();
      const stage = plan.stage?.(scene.native);
      let hasEnded = false;
      const ended = stage?.closed.then(() => {
        hasEnded = true;
      });
      for (const count of [1, 1, 1]) {
        await trial.quiet();
        trial.expect(!hasEnded, "the stage", "end when its native side has taken the last event", `an end behind ${scene.user.taken} of 3`);
        scene.user.take(count);
      }
      await scene.untilTold({ type: "end" });
      trial.expect(!hasEnded, "the stage", "end when its native side has finished", "an end before");
      scene.user.finish();
      await trial.settled(ended ?? Promise.resolve(), "the stage", "end when its native side has finished");
    },
  },
  {
    name: "stops within closeWithinMs while its native side is stuck, and leaves its producer",
    where: (plan) => plan.stage !== undefined && isBounded(plan),
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 0 }).give(50);
      await trial.quiet();
      let isStopped = false;
      const reason = new Error("enough");
      void plan.stage?.(scene.native).stop(reason).then(() => {
        isStopped = true;
      });
      await trial.quiet();
      trial.time.pass(CLOSE_WITHIN_MS);
      await trial.quiet();
      trial.expect(isStopped, "it", `settle a stop within the closeWithinMs of ${CLOSE_WITHIN_MS} that it was given`, "nothing, it hangs");
      await scene.untilLeft({ type: "shutdown", reason });
    },
  },
];

async function tryEnded<Event, Native>(trial: Trial, plan: WayOutPlan<Event, Native>, told: Told): Promise<void> {
  const supply = new Supply<Event>(trial, "sync");
  if (told.type === "end") supply.end();
  else supply.fail(told.error);
  // Somebody else was there first, and has gone.
  await trial.settled(drained(supply.producer), "the producer", "end");
  await new WayOutScene(trial, plan, {}, supply).untilTold(told);
}

/** Reads a producer to its end, however that is. */
async function drained(producer: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of producer);
  } catch {
    // The case is about whoever comes next.
  }
}

/** Not just any error: it has a class or a code. */
function isNamed(error: unknown): boolean {
  return error instanceof Error && (error.name !== "Error" || "code" in error);
}
