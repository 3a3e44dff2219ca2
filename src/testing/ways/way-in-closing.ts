/** A native side that is stuck, or does not close as it should. */
import { shown } from "../showing.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import type { WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

export const closingCases: readonly WayInCase[] = [
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
      await scene.stop("enough");
      await scene.untilEnd(taker, { type: "shutdown" });
      const reports = scene.reports.filter((report) => report.kind === "cleanup-failed");
      trial.expect(reports.length === 1 && Object.is(reports[0]?.error, error), "it", "report once that the release has failed, with the same error", reports.length === 1 ? shown(reports[0]?.error) : `${reports.length} reports`);
    },
  },
];

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
