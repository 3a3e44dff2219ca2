/** Who leaves and who stops, and what becomes of the native side. */
import { consumer } from "../../core/index.ts";
import { reasonShown } from "../showing.ts";
import { oddErrors } from "./odd-values.ts";
import { isBounded, type WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

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
        await scene.stop(reason);
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
];
