/** Random runs: events and readiness that come when they like, then an end of some kind, and the account after each of them. */
import { Random } from "../random.ts";
import { inTrial, type Trial } from "./trial.ts";
import { isBounded } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";
import type { WayOutPlan } from "./way-out.ts";

export async function playRandom<Event, Native>(plan: WayOutPlan<Event, Native>): Promise<void> {
  for (let run = 0; run < plan.runs; run += 1) {
    const seed = plan.seed + run;
    await inTrial(plan, (trial) => playOne(trial, plan, seed), seed);
  }
}

/** The seed says how long it is, so that it alone repeats the run; the first are short, and easy to read. */
async function playOne<Event, Native>(trial: Trial, plan: WayOutPlan<Event, Native>, seed: number): Promise<void> {
  const random = new Random(seed);
  const scene = new WayOutScene(trial, plan, { pace: random.one(["sync", "async"]), ready: 0 });
  const steps = 3 + ((seed * 2) % 24);
  let ready = 0;
  for (let step = 0; step < steps; step += 1) {
    const count = random.integer(1, random.integer(1, 30));
    if (random.next() < 0.5) scene.give(count);
    else {
      ready += count;
      scene.user.take(count);
    }
    // Now and then several of them happen in one turn.
    if (random.next() < 0.6) await account(scene, ready);
  }
  await account(scene, ready);
  await finish(trial, scene, random);
}

async function account<Event, Native>(scene: WayOutScene<Event, Native>, ready: number): Promise<void> {
  await scene.untilGot(isBounded(scene.plan) ? Math.min(scene.given, ready) : scene.plan.by === "telling" ? scene.given : 0);
  scene.expectWithin();
}

async function finish<Event, Native>(trial: Trial, scene: WayOutScene<Event, Native>, random: Random): Promise<void> {
  const ending = random.one(scene.plan.leave === undefined ? (["end", "fail", "stop"] as const) : (["end", "fail", "stop", "leave"] as const));
  const error = new Error("the producer is broken");
  if (ending === "leave") {
    await scene.leave();
    await scene.untilLeft();
    return;
  }
  scene.user.take(Infinity);
  if (ending === "stop") {
    await trial.settled(scene.supply.producer.stop(error), "the producer", "settle a stop");
    await scene.untilToldStop(error);
    return;
  }
  if (ending === "end") scene.endIt();
  else scene.failIt(error);
  await scene.untilTold(ending === "end" ? { type: "end" } : { type: "error", error });
  trial.expect(scene.user.events.length === scene.given, "it", `give its native side ${scene.given} events before the end`, scene.user.events.length);
}
