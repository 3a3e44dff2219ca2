/** What a dispatcher does that has queues of its own. */
import { deliverAll, type AloneCase } from "./alone.ts";
import { FakeStage } from "./fake-stage.ts";

/** How many lists may come until something is queued. */
const MOST_LISTS = 50;

export const queueCases: readonly AloneCase[] = [
  {
    name: "has a count of what it queues, a mark and a clear, or none of them",
    run: (plan) => {
      const stage = new FakeStage(plan);
      const { dispatcher } = stage;
      const has = [dispatcher.queued !== undefined, typeof dispatcher.mark === "function", typeof dispatcher.clear === "function"];
      if (new Set(has).size > 1) throw stage.violation("it", "have queued, mark and clear, or none of them", ["queued", "mark", "clear"].filter((_, i) => has[i]).join(" and "));
    },
  },
  {
    name: "reaches a mark when what was queued before it is delivered, not before and not later",
    run: (plan) => {
      for (let place = 0; place < plan.consumers; place += 1) {
        const stage = new FakeStage(plan);
        if (!fillQueues(stage, place)) continue;
        stage.mark();
        // What is queued behind a mark does not hold it.
        for (let count = 0; count < 5; count += 1) stage.bring(1);
        if (stage.queued > 0) stage.mark();
        for (let count = 0; count < 200; count += 1) {
          for (const guest of stage.joinAll()) stage.ask(guest, 1);
          if (count % 3 === 0) stage.bring(1);
          stage.answerAgains();
        }
        deliverAll(stage);
      }
    },
  },
  {
    name: "has nothing queued, and sends nothing of it, when it was cleared",
    run: (plan) => {
      for (let place = 0; place < plan.consumers; place += 1) {
        const stage = new FakeStage(plan);
        if (!fillQueues(stage, place)) continue;
        stage.mark();
        stage.clear();
        if (stage.queued !== 0) throw stage.violation("queued", "be 0 after a clear", stage.queued);
        if (stage.isFull) throw stage.violation("isFull", "be false after a clear", true);
        for (const guest of stage.joinAll()) {
          const { length } = guest.received;
          stage.ask(guest, 3);
          if (guest.received.length > length) throw stage.violation("it", "send nothing of what was cleared", `${guest.received.length - length} events for ${guest.name}`);
        }
        stage.bring(5);
      }
    },
  },
];

/** Makes a dispatcher with queues queue something: only one consumer asks. Returns whether there is something. */
function fillQueues<Event>(stage: FakeStage<Event>, place: number): boolean {
  if (stage.dispatcher.queued === undefined) return false;
  stage.ask(stage.join(place), 30);
  for (let list = 0; list < MOST_LISTS && stage.queued < 4; list += 1) stage.bring(1);
  return stage.queued > 0;
}
