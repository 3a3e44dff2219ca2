/** Demand: what the native side's readiness asks of the producer, and what comes of it. */
import { beyond, isBounded, type WayOutCase } from "./way-out-case.ts";
import { WayOutScene } from "./way-out-scene.ts";

/** The largest prefetch whose edges are tried. */
const MOST_EDGE = 4096;

export const demandCases: readonly WayOutCase[] = [
  {
    name: "asks for no more than its prefetch while its native side takes nothing",
    where: isBounded,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 0 }).give(50 + 2 * plan.prefetch);
      await trial.quiet();
      scene.expectWithin();
    },
  },
  {
    name: "asks for no more than its native side takes and its prefetch",
    where: isBounded,
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan, { ready: 0 }).give(200 + 2 * plan.prefetch);
      let taken = 0;
      for (const count of [1, 1, 3, 10, 1, 50]) {
        taken += count;
        scene.user.take(count);
        await scene.untilGot(taken);
        await trial.quiet();
        scene.expectWithin();
      }
    },
  },
  {
    name: "gives its native side all events, each once, in order, whatever the pace of the producer",
    async run(trial, plan) {
      for (const pace of ["sync", "async"] as const) {
        const scene = new WayOutScene(trial, plan, { pace }).give(3000).endIt();
        await scene.untilGot(3000);
        await scene.untilTold({ type: "end" });
      }
    },
  },
  {
    name: "gives its native side events that come later than the demand for them",
    async run(trial, plan) {
      const scene = new WayOutScene(trial, plan);
      await trial.quiet();
      for (const count of [1, 4, 2]) {
        scene.give(count);
        await scene.untilGot(scene.given);
      }
    },
  },
  {
    name: "serves its prefetch to its edges: as many events as it holds, one more, one less, twice as many",
    async run(trial, plan) {
      const edge = plan.prefetch <= MOST_EDGE ? plan.prefetch : 0;
      const half = edge >> 1;
      const counts = new Set([0, 1, 2, 3, half - 1, half, half + 1, edge - 1, edge, edge + 1, 2 * edge].filter((count) => count >= 0));
      for (const count of counts) {
        trial.note(`${count} events`);
        const scene = new WayOutScene(trial, plan).give(count).endIt();
        await scene.untilTold({ type: "end" });
        trial.expect(scene.user.events.length === count, "it", `give its native side ${count} events, then the end`, `${scene.user.events.length} events`);
      }
    },
  },
  {
    name: "goes on whenever its native side takes one more event",
    where: isBounded,
    async run(trial, plan) {
      const count = 10 + 2 * beyond(plan);
      const scene = new WayOutScene(trial, plan, { ready: 0, pace: "async" }).give(count).endIt();
      for (let taken = 1; taken <= Math.min(count, 60); taken += 1) {
        scene.user.take(1);
        await scene.untilGot(taken);
        scene.expectWithin();
      }
      scene.user.take(Infinity);
      await scene.untilTold({ type: "end" });
      trial.expect(scene.user.events.length === count, "it", `give its native side ${count} events`, scene.user.events.length);
    },
  },
];
