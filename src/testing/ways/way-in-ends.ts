/** How the native side ends, and what its consumers hear of it. */
import { NORMAL, type ExitReason } from "../../core/index.ts";
import { shown } from "../showing.ts";
import { oddErrors } from "./odd-values.ts";
import { PLENTY, type WayInCase } from "./way-in-case.ts";
import { WayInScene } from "./way-in-scene.ts";

export const endCases: readonly WayInCase[] = [
  {
    name: "ends normally, behind the last event",
    needs: ["end"],
    async run(trial, plan) {
      for (const layout of layouts(plan)) await tryEnd(new WayInScene(trial, plan), layout, NORMAL);
    },
  },
  {
    name: "ends normally when there is nothing",
    needs: ["end"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).endIt();
      const taker = scene.taker();
      taker.ask(1);
      await scene.untilEnd(taker, NORMAL);
      trial.expect(taker.events.length === 0, "it", "deliver nothing", `${taker.events.length} events`);
    },
  },
  {
    name: "ends a loop, and answers whoever comes after the end with it",
    needs: ["end"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(3).endIt();
      let count = 0;
      const loop = async (): Promise<void> => {
        for await (const _ of scene.producer) count += 1;
      };
      await trial.settled(loop(), "a loop", "end");
      trial.expect(count === 3, "a loop", "get 3 events", count);
      await scene.untilClosed(NORMAL);
      const late = scene.taker();
      late.ask(1);
      await scene.untilEnd(late, NORMAL);
    },
  },
  {
    name: "fails with the same error, behind what came before it",
    needs: ["error"],
    async run(trial, plan) {
      const error = new Error("the native side is broken");
      for (const layout of layouts(plan)) await tryEnd(new WayInScene(trial, plan), layout, { type: "error", error });
    },
  },
  {
    name: "fails with the same error before the first event",
    needs: ["error"],
    async run(trial, plan) {
      const error = new Error("the native side is broken");
      const scene = new WayInScene(trial, plan).fail(error);
      const taker = scene.taker();
      taker.ask(4);
      await scene.untilEnd(taker, { type: "error", error });
      trial.expect(taker.events.length === 0, "it", "deliver nothing", `${taker.events.length} events`);
      await scene.untilReleased();
    },
  },
  {
    name: "fails a loop with the same error, and whoever comes after it",
    needs: ["error"],
    async run(trial, plan) {
      const error = new Error("the native side is broken");
      const scene = new WayInScene(trial, plan).give(2).fail(error);
      const loop = async (): Promise<void> => {
        for await (const _ of scene.producer);
      };
      const got = await trial.settled(loop().then(() => undefined, (reason: unknown) => ({ reason })), "a loop", "fail");
      trial.expect(got !== undefined && Object.is(got.reason, error), "a loop", `fail with the same error: ${shown(error)}`, got === undefined ? "a normal end" : shown(got.reason));
      const late = scene.taker();
      late.ask(1);
      await scene.untilEnd(late, { type: "error", error });
    },
  },
  {
    name: "passes on an error that is none, or that does not like to be looked at",
    needs: ["error"],
    async run(trial, plan) {
      for (const { name, value } of oddErrors()) {
        if (!plan.errors(value, name)) continue;
        trial.note(`the error is ${name}`);
        const scene = new WayInScene(trial, plan).give(1).fail(value);
        const taker = scene.taker();
        taker.ask(2);
        await scene.untilEnd(taker, { type: "error", error: value });
        trial.expect(taker.events.length === 1, "it", `deliver the event before ${name}`, `${taker.events.length} events`);
      }
    },
  },
  {
    name: "counts the first end only: a second one changes nothing",
    needs: ["end"],
    async run(trial, plan) {
      const scene = new WayInScene(trial, plan).give(2).endIt();
      if (plan.can.has("error")) scene.fail(new Error("behind the end"));
      scene.endIt();
      const taker = scene.taker();
      taker.ask(5);
      await scene.untilGot(taker, 2);
      await scene.untilEnd(taker, NORMAL);
    },
  },
  {
    name: "counts the first end only: an end behind an error changes nothing",
    needs: ["end", "error"],
    async run(trial, plan) {
      const error = new Error("the first");
      const scene = new WayInScene(trial, plan).give(2).fail(error).endIt().fail(new Error("the second"));
      const taker = scene.taker();
      taker.ask(5);
      await scene.untilGot(taker, 2);
      await scene.untilEnd(taker, { type: "error", error });
    },
  },
  {
    name: "delivers nothing from behind the end",
    needs: ["end"],
    async run(trial, plan) {
      // Said in the turn in which it is waited for, and before it is asked.
      for (const isAsked of plan.can.has("wait") ? [true, false] : [false]) {
        const scene = new WayInScene(trial, plan);
        const taker = scene.taker();
        if (isAsked) {
          taker.ask(9);
          await trial.quiet();
        }
        scene.give(2).endIt().give(3);
        if (!isAsked) taker.ask(9);
        await scene.untilGot(taker, 2);
        await scene.untilEnd(taker, NORMAL);
        trial.expect(taker.events.length === 2, "it", "deliver the 2 events before the end", taker.events.length);
      }
    },
  },
];

/** How many events there are, and how many of them are demanded at first. */
interface Layout {
  readonly demand: number;
  readonly count: number;
}

/** The largest prefetch whose edge is tried. */
const MOST_EDGE = 256;

/** The end lies just behind what was demanded, or in what was read ahead, or further. */
function layouts({ prefetch }: { readonly prefetch: number }): readonly Layout[] {
  const ahead = new Set([0, 1, 2, 3, 20]);
  if (prefetch <= MOST_EDGE) for (const count of [prefetch - 1, prefetch, prefetch + 1]) if (count >= 0) ahead.add(count);
  return [1, 3].flatMap((demand) => Array.from(ahead, (more) => ({ demand, count: demand + more })));
}

async function tryEnd<Event>(scene: WayInScene<Event>, { demand, count }: Layout, end: ExitReason): Promise<void> {
  const { trial } = scene;
  scene.give(count);
  if (end.type === "error") scene.fail(end.error);
  else scene.endIt();
  const taker = scene.taker();
  taker.ask(demand);
  await scene.untilGot(taker, demand);
  await trial.quiet();
  trial.expect(taker.end === undefined || demand === count, "it", "deliver all that came before the end first", `its end behind ${demand} of ${count} events`);
  taker.ask(PLENTY);
  await scene.untilGot(taker, count);
  await scene.untilEnd(taker, end);
  await scene.untilReleased();
}
