import { consumer, supervisor, type Consumer, type Producer, type PushProducer, type Supervisor } from "sluice";

import type { Attempt } from "./attempt.ts";
import type { Outcome } from "./outcome.ts";
import { MAX_REDELIVERIES } from "./queue.ts";

export interface WorkerOptions {
  readonly name: string;
  /** How many files it has at work at once. */
  readonly concurrency: number;
}

/**
 * Workers that share a queue. One that crashes is started again, and the files that it had at work go back to the queue:
 * the others do not notice, and no file is lost. Ends when the queue is empty and all are done.
 */
export function workers(crew: readonly WorkerOptions[], queue: Producer<string>, outcomes: PushProducer<Outcome>, attempt: Attempt): Supervisor {
  // Each of some poisonous files costs as many restarts as it is delivered; a defect that hits every file still ends this soon.
  let builder = supervisor({ name: "workers", maxRestarts: 100, withinMs: 60_000 });
  for (const options of crew) builder = builder.child<string, Consumer<string>>(options.name, () => worker(options, queue, outcomes, attempt), { restart: "transient" });
  return builder.start();
}

function worker({ name, concurrency }: WorkerOptions, queue: Producer<string>, outcomes: PushProducer<Outcome>, attempt: Attempt): Consumer<string> {
  return consumer({
    name,
    subscribeTo: [
      {
        to: queue,
        // One more is asked for when one is done: nobody has files waiting that another worker could begin with.
        maxDemand: concurrency,
        minDemand: concurrency - 1,
        onCrash: "redeliver",
        maxRedeliveries: MAX_REDELIVERIES,
      },
    ],
    concurrency,
    async handleEvent(path, { signal }) {
      outcomes.emit([await attempt(path, name, signal)]);
      // Those who write the outcomes down may be slower: no more of them wait than files are at work.
      await outcomes.flushed();
    },
  });
}
