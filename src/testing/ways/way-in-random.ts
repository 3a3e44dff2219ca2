/** Random runs: events that come when they like, asks, leaves and stops, and the account after each of them. */
import type { ExitReason } from "../../core/index.ts";
import { Random } from "../random.ts";
import { inTrial, type Trial } from "./trial.ts";
import { isBounded, PLENTY } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";
import type { Taker } from "./taker.ts";
import type { WayInPlan } from "./way-in.ts";

export async function playRandom<Event>(plan: WayInPlan<Event>): Promise<void> {
  for (let run = 0; run < plan.runs; run += 1) {
    const seed = plan.seed + run;
    await inTrial(plan, (trial) => playOne(trial, plan, seed), seed);
  }
}

/** The seed says how long it is, so that it alone repeats the run; the first are short, and easy to read. */
async function playOne<Event>(trial: Trial, plan: WayInPlan<Event>, seed: number): Promise<void> {
  const random = new Random(seed);
  const scene = new WayInScene(trial, plan);
  const taker = scene.taker();
  const steps = 3 + ((seed * 2) % 24);
  for (let step = 0; step < steps; step += 1) {
    if (random.next() < 0.5) {
      scene.give(random.integer(1, random.integer(1, 20)));
    } else taker.ask(random.integer(1, random.integer(1, 20)));
    // Now and then several of them happen in one turn.
    if (random.next() < 0.6) await account(scene, taker);
  }
  await account(scene, taker);
  await finish(trial, scene, taker, random);
}

async function account<Event>(scene: WayInScene<Event>, taker: Taker<Event>): Promise<void> {
  await scene.untilGot(taker, scene.plan.can.has("wait") ? Math.min(scene.given, taker.asked) : taker.asked);
  if (isBounded(scene.plan)) scene.expectWithin(taker.asked, "in total");
}

async function finish<Event>(trial: Trial, scene: WayInScene<Event>, taker: Taker<Event>, random: Random): Promise<void> {
  const endings = (["leave", "stop", "end", "error"] as const).filter((each) => each === "leave" || each === "stop" || scene.plan.can.has(each));
  const ending = random.one(endings);
  const error = new Error("the native side is broken");
  if (ending === "leave") taker.cancel();
  else if (ending === "stop") await trial.settled(scene.producer.stop(error), "it", "settle a stop");
  else {
    if (ending === "end") scene.endIt();
    else scene.fail(error);
    taker.ask(PLENTY);
    await scene.untilGot(taker, scene.given);
  }
  const reason: ExitReason = ending === "end" ? { type: "normal" } : ending === "error" ? { type: "error", error } : { type: "shutdown" };
  await scene.untilEnd(taker, reason);
  await scene.untilReleased(ending === "stop" ? { reason: error } : undefined);
  trial.expect(trial.time.pending === 0, "it", "leave no timer behind at its end", trial.time.pending);
}
