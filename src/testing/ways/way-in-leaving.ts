/** Who leaves, who stops, and what becomes of the native side. */
import { StoppedError, consumer, type ExitReason } from "../../core/index.ts";
import { reasonShown, shown } from "../showing.ts";
import { CountedSignal } from "./counted-signal.ts";
import { oddErrors } from "./odd-values.ts";
import type { Taker } from "./taker.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import { isBounded, PLENTY, type WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

/** So many short runs must leave nothing behind. */
const MANY = 50;

export const leavingCases: readonly WayInCase[] = [
  {
    name: "releases its native side once, with the reason, when it is stopped",
    async run(trial, plan) {
      const odd = oddErrors().filter(({ name, value }) => plan.errors(value, name));
      for (const reason of [undefined, new Error("enough"), ...odd.map(({ value }) => value)]) {
        const scene = new WayInScene(trial, plan).give(500);
        const taker = scene.taker();
        taker.ask(3);
        await scene.untilGot(taker, 3);
        await stop(trial, scene, reason);
        await scene.untilReleased({ reason });
        await scene.untilEnd(taker, { type: "shutdown" });
      }
    },
  },
  {
    name: "is released once, however often it is stopped",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(500);
      const taker = scene.taker();
      taker.ask(1);
      await scene.untilGot(taker, 1);
      const stops = Promise.all([scene.producer.stop("first"), scene.producer.stop("second")]);
      await trial.settled(stops, "it", "settle both of two stops");
      await trial.settled(scene.producer.stop("third"), "it", "settle a stop after its end");
      await scene.untilReleased({ reason: "first" });
    },
  },
  {
    name: "releases its native side once when its consumer leaves early",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(500 + (isBounded(plan) ? plan.prefetch : 0));
      const taker = scene.taker();
      taker.ask(10);
      await scene.untilGot(taker, 10);
      taker.ask(20);
      taker.cancel();
      await scene.untilClosed({ type: "shutdown" });
      await scene.untilReleased({ reason: undefined });
      if (isBounded(plan)) scene.expectWithin(taker.asked, "by a consumer that has left");
    },
  },
  {
    name: "lets go of its native side when its consumer leaves before the first event",
    needs: ["wait"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan);
      const taker = scene.taker();
      taker.ask(5);
      await trial.quiet();
      taker.cancel();
      await scene.untilClosed({ type: "shutdown" });
      await scene.untilReleased({ reason: undefined });
      scene.give(20 + (isBounded(plan) ? plan.prefetch : 0));
      await trial.quiet();
      trial.expect(taker.events.length === 0, "it", "deliver nothing to who has left", `${taker.events.length} events`);
      // A call that was in flight may still come to something.
      if (isBounded(plan)) scene.expectWithin(taker.asked, "by a consumer that has left");
    },
  },
  {
    name: "starts nothing for a consumer that leaves before it has demanded anything",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(5);
      const before = scene.source.produced;
      scene.taker().cancel();
      await scene.untilClosed({ type: "shutdown" });
      await scene.untilReleased({ reason: undefined });
      const most = isBounded(plan) ? plan.prefetch : 0;
      trial.expect(scene.source.produced - before <= most, "the native side", `give at most ${most} events for nobody`, scene.source.produced);
    },
  },
  {
    name: "delivers nothing more to a consumer that stops in its handler",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(200);
      let handled = 0;
      const stage = consumer({
        subscribeTo: [{ to: scene.subscribable, maxDemand: 8 }],
        handleEvent(_, self) {
          handled += 1;
          if (handled === 3) self.stop("enough");
        },
      });
      await trial.settled(stage.closed, "a consumer that stops in its handler", "end");
      await scene.untilClosed({ type: "shutdown" });
      await scene.untilReleased({ reason: "enough" });
      trial.expect(handled === 3, "a consumer that stops in its handler", "handle 3 events", handled);
    },
  },
  {
    name: "releases its native side once, with the error, when its consumer fails",
    async run(trial, plan) {
      for (const error of [new Error("the consumer is broken"), { code: 7 }]) {
        const scene = new WayInScene(trial, plan).give(200);
        const stage = consumer({
          subscribeTo: [{ to: scene.subscribable, maxDemand: 4 }],
          handleEvents: () => {
            throw error;
          },
        });
        const reason = await trial.settled(stage.closed, "a consumer that fails", "end");
        scene.expectReason(reason, { type: "error", error }, "leave the error of its consumer alone");
        await scene.untilClosed();
        await scene.untilReleased({ reason: error });
      }
    },
  },
  {
    name: "comes to one end when its native side ends as its consumer leaves, whichever is first",
    needs: ["end", "wait"],
    async run(trial, plan) {
      for (const isLeavingFirst of [true, false]) {
        const scene = new WayInScene(trial, plan);
        const taker = scene.taker();
        taker.ask(5);
        await trial.quiet();
        const leave = (): void => taker.cancel();
        const end = (): void => void scene.give(1).endIt();
        for (const act of isLeavingFirst ? [leave, end] : [end, leave]) act();
        await scene.untilClosed();
        await scene.untilReleased();
        trial.expect(taker.ends === 1, "it", "tell its consumer of one end", `${taker.ends}`);
      }
    },
  },
  {
    name: "comes to one end when its native side fails as it is stopped, whichever is first",
    needs: ["error", "wait"],
    async run(trial, plan) {
      for (const isStopFirst of [true, false]) {
        const error = new Error("too late");
        const scene = new WayInScene(trial, plan);
        const taker = scene.taker();
        taker.ask(5);
        await trial.quiet();
        const stopIt = (): void => void scene.producer.stop("enough");
        const fail = (): void => void scene.give(2).fail(error);
        for (const act of isStopFirst ? [stopIt, fail] : [fail, stopIt]) act();
        await scene.untilClosed();
        await scene.untilReleased();
        trial.expect(taker.ends === 1, "it", "tell its consumer of one end", `${taker.ends}`);
        const { reason } = scene;
        trial.expect(reason?.type === "shutdown" || (reason?.type === "error" && Object.is(reason.error, error)), "it", "end with the stop, or with the error", reason && reasonShown(reason));
      }
    },
  },
  {
    name: "stops within closeWithinMs while its native side is stuck",
    needs: ["wait"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan, { closing: { type: plan.awaitsRelease ? "hangs" : "closes" } }).give(2);
      const taker = scene.taker();
      // The third never comes: a call of the native side is in flight for ever.
      taker.ask(3);
      await scene.untilGot(taker, 2);
      const reason = new Error("enough");
      await expectStopWithin(trial, scene, reason);
      await scene.untilReleased({ reason });
      await scene.untilEnd(taker, { type: "shutdown" });
    },
  },
  {
    name: "answers a loop that leaves while its native side is stuck",
    needs: ["wait"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(1);
      const reader = scene.producer[Symbol.asyncIterator]();
      await trial.settled(reader.next(), "a loop", "get the first event");
      const stuck = reader.next();
      await trial.quiet();
      const left = reader.return();
      const [next] = await trial.settled(Promise.all([stuck, left]), "a loop that leaves", "get an answer, and its next() in flight, too");
      trial.expect(next.done === true, "the next() in flight of a loop that leaves", "be done", "an event");
      await scene.untilClosed({ type: "shutdown" });
      await scene.untilReleased({ reason: undefined });
    },
  },
  {
    name: "ends when its native side has closed, not before",
    where: ({ awaitsRelease }) => awaitsRelease,
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan, { closing: { type: "hangs" } }).give(100);
      const taker = scene.taker();
      taker.ask(2);
      await scene.untilGot(taker, 2);
      void scene.producer.stop("enough");
      await trial.until(() => scene.source.releases.length > 0, "it", "release its native side");
      await trial.quiet();
      trial.expect(scene.reason === undefined, "it", "end when its native side has closed", "an end before");
      trial.time.pass(CLOSE_WITHIN_MS);
      await scene.untilClosed({ type: "shutdown" });
    },
  },
  {
    name: "ends for the reason that it was stopped for when its native side cannot be released, and reports that",
    where: ({ awaitsRelease }) => awaitsRelease,
    async run(trial, plan) {
      const error = new Error("it does not close");
      const scene = new WayInScene(trial, plan, { closing: { type: "fails", error } }).give(100);
      const taker = scene.taker();
      taker.ask(2);
      await scene.untilGot(taker, 2);
      await stop(trial, scene, "enough");
      await scene.untilEnd(taker, { type: "shutdown" });
      const reports = scene.reports.filter((report) => report.kind === "cleanup-failed");
      trial.expect(reports.length === 1 && Object.is(reports[0]?.error, error), "it", "report once that the release has failed, with the same error", reports.length === 1 ? shown(reports[0]?.error) : `${reports.length} reports`);
    },
  },
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

async function stop<Event>(trial: Trial, scene: WayInScene<Event>, reason: unknown): Promise<void> {
  trial.note(`it is stopped: ${shown(reason)}`);
  await trial.settled(scene.producer.stop(reason), "it", "settle a stop");
}

/** That a stop settles when so much time has passed, at the latest. */
async function expectStopWithin<Event>(trial: Trial, scene: WayInScene<Event>, reason: unknown): Promise<void> {
  let isStopped = false;
  trial.note(`it is stopped: ${shown(reason)}`);
  void scene.producer.stop(reason).then(() => {
    isStopped = true;
  });
  await trial.quiet();
  trial.time.pass(CLOSE_WITHIN_MS);
  await trial.quiet();
  trial.expect(isStopped, "it", `settle a stop within the closeWithinMs of ${CLOSE_WITHIN_MS} that it was given`, "nothing, it hangs");
}

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

/** Runs to its end, or is left: by its consumer, or by a stop, at different places. */
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
