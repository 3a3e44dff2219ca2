/**
 * A consumer as a Subscriber, a producerConsumer as a Processor.
 *
 * Demand: what the stage's window asks for is requested: `maxDemand` when it is subscribed, then a batch at a time.
 *
 * Overflow: nothing is requested beyond the window. What a Publisher signals beyond that (it breaks rule 1.1) waits, up to
 * 10,000 events, and is reported as `excess-events`.
 *
 * Completion and errors: `onComplete` and `onError` are the end of a producer: the cancel mode of the subscription says what
 * the stage does, by default it ends in the same way. As of every stage, somebody must hear of its error. Only the first end
 * counts. `null` and `undefined` are a `TypeError` to the Publisher that signals them (rule 2.13), and change nothing.
 *
 * Cancel: when the stage leaves, ends or stops, `cancel` is called once, unless the Publisher has ended. A second subscription
 * is cancelled (rule 2.5), and so is one that comes too late.
 *
 * Acks: a batch is requested again when as many events are handled.
 */
import { ADOPT, BadOptionError, OUTLET, SluiceError, checkPlain, post, tell, throwUncaught, type Consumer, type ExitReason, type ProducerConsumer, type Stage, type SubscribeOptions } from "../../core/index.ts";
import { receivingStage } from "./from-publisher.ts";
import { hasMethods, type Processor, type Subscriber } from "./shapes.ts";
import { toPublisher } from "./to-publisher.ts";

/** The window of the stage towards the Publisher, and what it does when that ends. */
export interface AsSubscriberOptions extends Pick<SubscribeOptions, "maxDemand" | "minDemand" | "cancel"> {}

/**
 * A Subscriber whose events a consumer handles. It is good for one subscription; the consumer may have others.
 *
 * @throws BadOptionError when it is no consumer, or an option is wrong
 */
export function asSubscriber<In>(consumer: Consumer<In>, options: AsSubscriberOptions = {}): Subscriber<In> {
  checkPlain("asSubscriber", options);
  if (!canSubscribe(consumer)) throw new BadOptionError("the consumer of asSubscriber", "a consumer or a producerConsumer", consumer);
  return subscriberOf(consumer, options);
}

/**
 * A Processor whose events a producerConsumer handles. Its Subscribers are those of {@link toPublisher}: for another window, or
 * for an option of the dispatcher, give that the same stage.
 *
 * @throws BadOptionError when it is no producerConsumer, or an option is wrong
 */
export function asProcessor<In, Out>(producerConsumer: ProducerConsumer<In, Out>, options: AsSubscriberOptions = {}): Processor<In, Out> {
  checkPlain("asProcessor", options);
  if (!canSubscribe(producerConsumer) || !(OUTLET in producerConsumer)) {
    throw new BadOptionError("the stage of asProcessor", "a producerConsumer", producerConsumer);
  }
  const publisher = toPublisher<Out>(producerConsumer);
  return {
    ...subscriberOf(producerConsumer, options),
    subscribe: (subscriber) => publisher.subscribe(subscriber),
  };
}

/** Two objects: what the Publisher is given has nothing but signals. */
function subscriberOf<In>(consumer: Consumer<In>, { maxDemand, minDemand, cancel, ...others }: AsSubscriberOptions): Subscriber<In> {
  for (const name of Object.keys(others)) throw new BadOptionError("the options of asSubscriber", "among maxDemand, minDemand, cancel", name);
  const { stage, receiving } = receivingStage<In>({ name: `the publisher of ${consumer.name}` });
  const { closed } = consumer.subscribe(stage, { maxDemand, minDemand, cancel });
  // Whatever ends the subscription ends the stage, which would hold the Publisher for ever: behind what that has signalled.
  void closed.then(() => post({ receive: () => void stage.stop() }, undefined));
  if (cancel !== "temporary") receiveCrossing(stage, closed);
  return {
    onSubscribe: (subscription) => receiving.onSubscribe(subscription),
    onNext: (event) => receiving.onNext(event),
    onError: (error) => receiving.onError(error),
    onComplete: () => receiving.onComplete(),
  };
}

/**
 * An error that crosses the departure of the consumer has reached nobody, and is thrown; but for a stop upstream, which is no
 * news to a consumer that was stopped itself, and is reported.
 */
function receiveCrossing(stage: Stage, left: Promise<ExitReason>): void {
  stage[ADOPT](left);
  void Promise.all([left, stage.closed]).then(([{ type }, end]) => {
    if (end.type !== "error" || type === "error") return;
    if (end.error instanceof SluiceError && end.error.code === "SLUICE_STOPPED") tell(undefined, { kind: "late-failure", stage: stage.name, error: end.error });
    else throwUncaught(end.error);
  });
}

/** No producer has a `subscribe`, and no Publisher a `role`. */
function canSubscribe(value: unknown): value is Consumer<never> {
  return hasMethods(value, "subscribe") && "role" in value;
}
