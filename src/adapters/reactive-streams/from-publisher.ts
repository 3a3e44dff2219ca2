/**
 * A Publisher as a producer.
 *
 * Demand: a demand of n is `request(n)`. The first subscribes; what is demanded before `onSubscribe` is requested in it.
 *
 * Overflow: nothing is requested that was not demanded. What a Publisher signals beyond that (it breaks rule 1.1) waits in
 * the stage's buffer, within its bound, and is reported as `excess-events`.
 *
 * Completion and errors: `onComplete` ends the stage normally, `onError` with the same object, each behind the events before
 * it. What `subscribe` or `request` throws is such an error. Only the first end counts; what follows it is reported as
 * `late-signal`, an error as `late-failure`. `null` and `undefined` are a `TypeError` to the Publisher that signals them
 * (rule 2.13), and change nothing.
 *
 * Cancel: the end of the stage calls `cancel` once, unless the Publisher has ended. A second subscription is cancelled
 * (rule 2.5), and so is one that comes too late.
 *
 * Acks: none; a Publisher does not hear what becomes of its events.
 */
import { BadOptionError, checkAbsent, checkPlain, producer, type Producer, type ProducerOptions, type PushProducer } from "../../core/index.ts";
import { Receiving } from "./receiving.ts";
import { isPublisher, type Publisher } from "./shapes.ts";

/** Options of {@link fromPublisher}: those of a producer without its source. */
export interface FromPublisherOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop"> {}

/**
 * A producer of what a Publisher signals.
 *
 * @throws BadOptionError when it is no Publisher, or an option is wrong
 */
export function fromPublisher<Event>(publisher: Publisher<Event>, options: FromPublisherOptions<NoInfer<Event>> = {}): Producer<Event> {
  checkPlain("fromPublisher", options);
  checkAbsent("fromPublisher", options, "handleDemand", "handleStop");
  if (!isPublisher(publisher)) throw new BadOptionError("the publisher of fromPublisher", "a Publisher", publisher);
  let hasSubscribed = false;
  const { stage, receiving } = receivingStage<Event>(options, () => {
    if (hasSubscribed) return;
    hasSubscribed = true;
    publisher.subscribe(receiving);
  });
  return stage;
}

/** A producer that is fed by a Subscriber. `touch` is called before each demand. */
export function receivingStage<Event>(options: FromPublisherOptions<Event>, touch: () => void = () => undefined): { readonly stage: PushProducer<Event>; readonly receiving: Receiving<Event> } {
  const stage: PushProducer<Event> = producer<Event>({
    ...options,
    handleDemand(demand) {
      receiving.demand(demand);
      try {
        touch();
      } catch (error) {
        receiving.failed(error);
      }
    },
    handleStop: () => receiving.stop(),
  });
  const receiving = new Receiving<Event>(stage, options.handleReport);
  return { stage, receiving };
}
