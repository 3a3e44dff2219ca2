/** Demand: what is asked of the native side, and when. */
import { consumer } from "../../core/index.ts";
import { isBounded, PLENTY, type WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

/** The windows whose edges are tried. */
const WINDOWS: readonly (readonly [max: number, min: number])[] = [
  [1, 0],
  [2, 1],
  [7, 3],
  [16, 0],
];

export const demandCases: readonly WayInCase[] = [
  {
    name: "does not touch its native side before the first demand",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(5);
      scene.taker();
      await trial.quiet();
      // A native side that fills its buffer by itself may have done so; one that cannot be asked has not begun.
      const most = isBounded(plan) ? plan.prefetch : 0;
      trial.expect(scene.source.produced <= most, "the native side", `give at most its prefetch of ${most} events before the first demand`, `${scene.source.produced} events`);
    },
  },
  {
    name: "asks its native side for no more than was demanded and its prefetch",
    where: isBounded,
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(200 + 2 * plan.prefetch);
      const taker = scene.taker();
      for (const demand of [1, 1, 3, 10, 1, 50]) {
        taker.ask(demand);
        await scene.untilGot(taker, taker.asked);
        await trial.quiet();
        scene.expectWithin(taker.asked, `at a demand of ${demand}`);
      }
    },
  },
  {
    name: "delivers all that was demanded, each event once, in order",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(300);
      const taker = scene.taker();
      for (const demand of [1, 99, 200]) {
        taker.ask(demand);
        await scene.untilGot(taker, taker.asked);
      }
      await trial.quiet();
    },
  },
  {
    name: "adds up the asks of one turn",
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(50 + 2 * (isBounded(plan) ? plan.prefetch : 0));
      const taker = scene.taker();
      for (const demand of [2, 3, 1, 4]) taker.ask(demand);
      await scene.untilGot(taker, 10);
      await trial.quiet();
      if (isBounded(plan)) scene.expectWithin(10, "by four asks of one turn");
      trial.expect(taker.events.length === 10, "it", "deliver 10 events for asks of 2, 3, 1 and 4", taker.events.length);
    },
  },
  {
    name: "delivers events that come later than the demand for them",
    needs: ["wait"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan);
      const taker = scene.taker();
      taker.ask(10);
      await trial.quiet();
      for (const count of [1, 4, 2]) {
        const before = taker.events.length;
        scene.give(count);
        await scene.untilGot(taker, before + count);
      }
    },
  },
  {
    name: "keeps what comes beyond the demand for the next",
    needs: ["wait"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan);
      const taker = scene.taker();
      taker.ask(3);
      await trial.quiet();
      scene.give(7);
      await scene.untilGot(taker, 3);
      taker.ask(PLENTY);
      await scene.untilGot(taker, 7);
    },
  },
  {
    name: "serves a window to its edges: as many events as it holds, one more, one less, twice as many",
    needs: ["end"],
    async run(trial, plan) {
      for (const [maxDemand, minDemand] of WINDOWS) {
        for (const count of edges(maxDemand, minDemand)) {
          const scene = new WayInScene(trial, plan).give(count).endIt();
          const got: unknown[] = [];
          const stage = consumer({
            subscribeTo: [{ to: scene.subscribable, maxDemand, minDemand }],
            handleEvents: (events) => {
              got.push(...events);
            },
          });
          const who = `a consumer with a window of ${maxDemand}/${minDemand}`;
          const reason = await trial.settled(stage.closed, who, `end when all of ${count} events are handled`);
          trial.expect(reason.type === "normal" && got.length === count, who, `get ${count} events and a normal end`, `${got.length}, ${reason.type}`);
          for (const [place, event] of got.entries()) {
            const wrong = scene.expected.wrong(event, place);
            trial.expect(wrong === undefined, who, "get the events in order", wrong);
          }
        }
      }
    },
  },
  {
    name: "is never ahead of a slow consumer by more than its window and the prefetch",
    where: isBounded,
    async run(trial, plan) {
      const total = 60 + 2 * plan.prefetch;
      const scene = new WayInScene(trial, plan).give(total);
      const [maxDemand, minDemand] = [8, 4];
      let handled = 0;
      let greatest = 0;
      const stage = consumer({
        subscribeTo: [{ to: scene.subscribable, maxDemand, minDemand }],
        async handleEvents(events) {
          await trial.quiet();
          greatest = Math.max(greatest, scene.source.produced - handled);
          handled += events.length;
          trial.note(`a slow consumer has handled ${handled}`);
        },
      });
      trial.atEnd(() => stage.stop());
      await trial.until(() => handled >= total, "it", `deliver ${total} events to a slow consumer`, () => `${handled}`);
      const most = maxDemand + plan.prefetch;
      trial.expect(greatest <= most, "the native side", `be at most ${most} events ahead (a window of ${maxDemand} and a prefetch of ${plan.prefetch})`, greatest);
    },
  },
];

/** Nothing, and around both edges of the window. */
function edges(maxDemand: number, minDemand: number): ReadonlySet<number> {
  const counts = [0, minDemand - 1, minDemand, minDemand + 1, maxDemand - 1, maxDemand, maxDemand + 1, 2 * maxDemand];
  return new Set(counts.filter((count) => count >= 0));
}
