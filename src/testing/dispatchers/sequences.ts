/** Random sequences of calls, with the contract held against each of them. */
import { deliverAll, expectServed } from "./alone.ts";
import { FakeStage } from "./fake-stage.ts";
import type { Plan } from "./plan.ts";
import { Random } from "../random.ts";

/** Whoever comes and goes is what goes wrong most: joins and leaves have the weight for it. */
const WEIGHTS = { join: 4, leave: 3, return: 1, ask: 9, bring: 9, again: 4, mark: 1, refused: 1, second: 1 };

/** The most calls in a sequence. The seed says how many, so that it alone repeats the sequence; those of the first seeds are short, and easy to read. */
const MOST_CALLS = 120;

export function playSequences<Event>(plan: Plan<Event>): void {
  for (let run = 0; run < plan.runs; run += 1) playSequence(plan, plan.seed + run);
}

function playSequence<Event>(plan: Plan<Event>, seed: number): void {
  const calls = 4 + ((seed * 2) % MOST_CALLS);
  const random = new Random(seed);
  const stage = new FakeStage(plan, seed);
  for (let call = 0; call < calls; call += 1) {
    playCall(plan, stage, random);
    stage.expectOpen();
  }
  stage.answerAgains();
  const asking = stage.present.filter(({ open }) => open > 0n);
  if (asking.length > 0) expectServed(stage, plan, random.one(asking));
  deliverAll(stage);
}

function playCall<Event>(plan: Plan<Event>, stage: FakeStage<Event>, random: Random): void {
  const free = stage.freePlaces();
  const somebody = stage.present.length === 0 ? undefined : random.one(stage.present);
  switch (random.weighted(WEIGHTS)) {
    case "join":
      if (free.length > 0) stage.join(random.one(free));
      break;
    case "leave":
      if (somebody !== undefined) stage.leave(somebody);
      break;
    case "return":
      if (somebody !== undefined) {
        stage.leave(somebody);
        stage.join(somebody.place, somebody.options, somebody.identity);
      }
      break;
    case "ask":
      if (somebody !== undefined) stage.ask(somebody, random.integer(1, random.integer(1, 30)));
      break;
    case "bring":
      stage.bring(random.integer(0, random.integer(1, 30)));
      break;
    case "again":
      stage.answerAgains();
      break;
    case "mark":
      if (stage.queued > 0) stage.mark();
      break;
    case "refused":
      if (plan.refuses.length > 0) stage.leave(stage.tryJoin(0, random.one(plan.refuses)).guest);
      break;
    case "second":
      // A second subscription of somebody, or somebody for a taken place: it may be refused.
      if (somebody !== undefined) {
        const identity = random.next() < 0.5 ? somebody.identity : {};
        stage.leave(stage.tryJoin(somebody.place, somebody.options, identity).guest);
      }
      break;
  }
}
