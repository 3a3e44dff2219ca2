import { producerConsumer } from "sluice";
import { asProcessor, asSubscriber, toPublisher } from "sluice/reactive-streams";
import type { Middle } from "./middle.ts";

const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

/** A stage that is dressed as a Processor, between a Publisher and a Subscriber of other stages. */
export const processor: Middle = {
  name: "asProcessor",
  // Neither null nor undefined can be signalled, also as an error.
  carries: "objects",
  canFailWith: isPresent,
  showsAs: (error, shown) => !isPresent(error) && shown instanceof TypeError,
  // `cancel()` takes no reason, and gives no answer.
  tellsNothing: true,
  startsItself: true,
  open(producer, { maxDemand, minDemand, closeWithinMs, signal }) {
    const options = { stopWithinMs: closeWithinMs, handleEvents: (events: readonly unknown[]) => events };
    const window = { maxDemand, minDemand };
    const between = producerConsumer({ ...options, name: "between" });
    const behind = producerConsumer({ ...options, name: "behind", signal });
    const dressed = asProcessor(between, window);
    dressed.subscribe(asSubscriber(behind, window));
    toPublisher(producer, window).subscribe(dressed);
    return {
      producer: behind,
      stages: [between, behind],
      // The subscriptions of both stages, and one more for each.
      windows: 4 * maxDemand,
      marks: 0,
      isClosed: () => true,
      residue: () => [],
    };
  },
};
