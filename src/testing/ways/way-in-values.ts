/** Events that look like something else. */
import { shown } from "../showing.ts";
import { oddEvents, type OddValue } from "./odd-values.ts";
import type { Trial } from "./trial.ts";
import type { WayInCase } from "./way-in-case.ts";
import type { WayInPlan } from "./way-in.ts";
import { WayInScene } from "./way-in-scene.ts";

export const valueCases: readonly WayInCase[] = [
  {
    name: "delivers every event as it is, whatever it looks like, or refuses it with an error that says so",
    where: ({ odd }) => odd !== undefined,
    async run(trial, plan) {
      for (const odd of oddEvents()) if (plan.odd?.(odd.value, odd.name) === true) await tryEvent(trial, plan, odd);
    },
  },
];

async function tryEvent<Event>(trial: Trial, plan: WayInPlan<Event>, { name, value }: OddValue): Promise<void> {
  trial.note(`the event is ${name}`);
  // As it is: identity, and no `identify` of a copy.
  const scene = new WayInScene<unknown>(trial, { ...plan, identify: (each) => each } as WayInPlan<unknown>).giveThese([value]).give(1);
  const taker = scene.taker();
  taker.ask(2);
  await trial.until(() => taker.events.length === 2 || taker.end !== undefined, "it", `deliver ${name}, and the event behind it`, () => `${taker.events.length} events, and it hangs`);
  await trial.quiet();
  if (taker.events.length === 2) return;
  const { end } = taker;
  trial.expect(end?.type === "error" && isNamed(end.error), "it", `deliver ${name} as it is, or end with an error that says why not`, end?.type === "error" ? shown(end.error) : `its end (${end?.type})`);
}

/** Not just any error: it has a class or a code. */
function isNamed(error: unknown): boolean {
  return error instanceof Error && (error.name !== "Error" || "code" in error);
}
