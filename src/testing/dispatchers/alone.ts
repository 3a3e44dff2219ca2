/** What the cases of a dispatcher alone share: each makes its own, with a fake stage around it. */
import type { FakeStage } from "./fake-stage.ts";
import type { Guest } from "./guest.ts";
import { isSomeWanted, type Plan } from "./plan.ts";

/** One rule, and how it is tried. */
export interface AloneCase {
  readonly name: string;
  readonly run: <Event>(plan: Plan<Event>) => void;
}

/** Lists of such lengths, one after the other. */
export const LENGTHS: readonly number[] = [1, 2, 7, 3, 20, 1, 5];

/** More than any case brings. */
const PLENTY = 100_000;
/** How many lists may come until somebody is served. */
const MOST_LISTS = 50;

/** Everybody asks for more than there is: then nothing is queued any more. */
export function deliverAll<Event>(stage: FakeStage<Event>): void {
  for (const guest of stage.joinAll()) stage.ask(guest, PLENTY);
  stage.answerAgains();
  stage.expectDelivered();
}

/**
 * The demand of a consumer is not lost: it is served to the end. Either when the others have left, or, where what is for
 * others holds it up, when they ask for plenty.
 */
export function expectServed<Event>(stage: FakeStage<Event>, plan: Plan<Event>, guest: Guest<Event>): void {
  stage.leaveAll(guest);
  serve(stage, guest);
  if (isServed(guest)) return;
  for (const place of stage.freePlaces()) stage.ask(stage.join(place), PLENTY);
  const before = stage.taken;
  serve(stage, guest);
  if (isServed(guest)) return;
  // A selector may want none of all that came.
  if (stage.taken > before && !isSomeWanted(plan, guest.options, before, stage.taken)) return;
  throw stage.violation("it", `serve the demand of ${guest.name} to the end`, `${guest.open} events open`);
}

/** Brings lists until a consumer has got all that he asked for, or nothing is taken any more. */
function serve<Event>(stage: FakeStage<Event>, guest: Guest<Event>): void {
  for (let list = 0; list < MOST_LISTS && !isServed(guest); list += 1) {
    const taken = stage.bring(100);
    stage.answerAgains();
    if (taken === 0) return;
  }
}

function isServed<Event>({ open, askedAgain }: Guest<Event>): boolean {
  return open === 0n && askedAgain === 0;
}
