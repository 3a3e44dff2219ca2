/** A source with a dispatcher, and behind each of its consumers a row of stages: much flows through, and nothing random happens. */
import * as fc from "fast-check";
import { broadcastDispatcher, consumer, demandDispatcher, partitionDispatcher, producer, producerConsumer, type DispatcherFactory, type Producer, type Stage } from "sluice";
import { monitored } from "sluice/testing";

export type Kind = "demand" | "broadcast" | "partition";

export interface FlowPlan {
  readonly kind: Kind;
  /** How many consumers the source has, and how many stages are before each of these. */
  readonly branches: number;
  readonly depth: number;
  readonly maxDemand: number;
  readonly minDemand: number;
  /** Callbacks return promises that are resolved already. */
  readonly isAsync: boolean;
}

export const flows = (kind: Kind): fc.Arbitrary<FlowPlan> =>
  fc
    .record({
      kind: fc.constant(kind),
      branches: fc.integer({ min: 1, max: 3 }),
      depth: fc.nat(3),
      maxDemand: fc.constantFrom(1, 2, 7, 64, 1000),
      part: fc.constantFrom(0, 0.5, 1),
      isAsync: fc.boolean(),
    })
    .map(({ part, ...plan }) => ({ ...plan, minDemand: Math.min(plan.maxDemand - 1, Math.floor(plan.maxDemand * part)) }));

export interface Flow {
  readonly source: Producer<number>;
  /** All stages, the source first. */
  readonly stages: readonly Stage[];
}

/** `look` is called in each callback. `more` says how many of the demanded events there are still; with none the source is complete. */
export function start(plan: FlowPlan, more: (demand: number) => number, look: () => void): Flow {
  const { isAsync, maxDemand, minDemand, branches, depth } = plan;
  const reply = <Value>(value: Value): Value | Promise<Value> => (isAsync ? Promise.resolve(value) : value);
  let next = 0;
  const source = producer<number>({
    dispatcher: dispatcherOf(plan),
    handleDemand(demand, self) {
      look();
      const count = more(demand);
      if (count < demand) self.complete();
      const first = next;
      next += count;
      return reply(Array.from({ length: count }, (_, place) => first + place));
    },
  });
  const stages: Stage[] = [source];
  for (let branch = 0; branch < branches; branch += 1) {
    let last: Producer<number> = source;
    const window = { maxDemand, minDemand };
    const place = (): object => ({ ...window, ...(last === source && plan.kind === "partition" && { partition: branch }) });
    for (let level = 0; level < depth; level += 1) {
      const stage = producerConsumer<number, number>({
        handleEvents(events) {
          look();
          return reply(events);
        },
      });
      stage.subscribe(monitored(last, { maxDemand }), place());
      stages.push(stage);
      last = stage;
    }
    const sink = consumer<number>({
      handleEvents() {
        look();
        return reply(undefined);
      },
    });
    sink.subscribe(monitored(last, { maxDemand }), place());
    stages.push(sink);
  }
  return { source, stages };
}

function dispatcherOf({ kind, branches }: FlowPlan): DispatcherFactory<number> {
  if (kind === "demand") return demandDispatcher();
  if (kind === "broadcast") return broadcastDispatcher();
  return partitionDispatcher({ partitions: branches, hash: (event) => event % branches });
}
