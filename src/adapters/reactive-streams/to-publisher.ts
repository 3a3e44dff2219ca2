/**
 * A producer as a Publisher.
 *
 * Demand: each Subscriber is one consumer more, and the dispatcher decides who gets what. `request(n)` is an ask for n; the
 * requests of one turn add up and are asked for together. No more than `maxDemand` (1,000) are asked for at once, however
 * many were requested: then again when `minDemand` are left.
 *
 * Overflow: none, nothing is asked for that was not requested. A broadcast gives every event to all: when one Subscriber of
 * it requests, up to 16 events are fetched and wait for each of the others, so that they do not hold it up at once.
 *
 * Completion and errors: a normal end is `onComplete`, an error `onError` with the same object, a stop of the producer
 * `onError` with a `StoppedError` whose cause is the reason: each behind the events before it. `null` and `undefined` cannot
 * be signalled (rule 2.13): such an event, or error, is a `TypeError` to `onError`. So is a demand that is no integer of at
 * least 1 (rule 3.9) with a `BadOptionError`, at once. What a Subscriber throws is an uncaught exception with its identity,
 * and the Subscriber gets nothing more.
 *
 * Cancel: `cancel` ends the subscription; no signal follows, not even the rest of a list that is being signalled. What it
 * leaves unused stops. `toPublisher(() => producer)` stops the producer.
 *
 * Acks: an event counts as handled when `onNext` has returned.
 */
import { BadOptionError, OUTLET, causeOf, checkPlain, consumer, throwUncaught, type Consumer, type Producer, type SubscribeOptions, type Subscription as StageSubscription } from "../../core/index.ts";
import { Audience } from "./audience.ts";
import { checkSubscriber, subscribedTwice } from "./rules.ts";
import type { Publisher, Subscriber } from "./shapes.ts";
import { Signalling } from "./signalling.ts";
import { windowOf, type Window } from "./window.ts";

/** The window of each Subscriber, and what the producer's dispatcher wants to know of it. */
export interface ToPublisherOptions extends Omit<SubscribeOptions, "cancel" | "mode" | "replaces"> {}

/**
 * A Publisher of a producer's events. `subscribe` calls `onSubscribe` before it returns, and no other signal is sent from
 * within a call of the Subscriber's. A Subscriber that subscribes while it has an active subscription loses that one, with
 * an error (rules 1.10 and 2.12).
 *
 * With a function it is cold: each Subscriber has a producer of its own, made when it subscribes and stopped when it leaves.
 * What the function throws is signalled as an error.
 *
 * @throws BadOptionError when it is neither a producer nor a function, or an option is wrong
 */
export function toPublisher<Event>(source: Producer<Event> | (() => Producer<Event>), options: ToPublisherOptions = {}): Publisher<Event> {
  checkPlain("toPublisher", options);
  if (typeof source !== "function" && !isProducer(source)) {
    throw new BadOptionError("the source of toPublisher", "a producer, or a function that makes one", source);
  }
  const window = windowOf(options);
  const { maxDemand: _max, minDemand: _min, ...dispatch } = options;
  const known = typeof source === "function" ? Object.keys(dispatch) : source[OUTLET].dispatchOptions;
  for (const name of Object.keys(dispatch)) {
    if (!known.includes(name)) throw new BadOptionError("the options of toPublisher", `among maxDemand, minDemand, ${known.join(", ")}`, name);
  }
  return new Published(source, window, dispatch);
}

class Published<Event> implements Publisher<Event> {
  readonly #source: Producer<Event> | (() => Producer<Event>);
  readonly #window: Window;
  readonly #dispatch: SubscribeOptions;
  /** Those that have had no last signal. */
  readonly #active = new Map<Subscriber<Event>, Signalling<Event>>();
  /** A dispatcher lets its consumers select when it gives every event to all of them. */
  readonly #audience: Audience | undefined;

  constructor(source: Producer<Event> | (() => Producer<Event>), window: Window, dispatch: SubscribeOptions) {
    this.#source = source;
    this.#audience = typeof source !== "function" && source[OUTLET].dispatchOptions.includes("selector") ? new Audience() : undefined;
    this.#window = window;
    this.#dispatch = dispatch;
  }

  /** @throws TypeError for null, and for what is no Subscriber (rule 1.9) */
  subscribe(subscriber: Subscriber<Event>): void {
    checkSubscriber(subscriber);
    const active = this.#active.get(subscriber);
    if (active === undefined) this.#begin(subscriber);
    else active.refuse(subscribedTwice(active.publisher));
  }

  /** No closure of a subscription's own, which would remember the Subscriber. */
  readonly #forget = (subscriber: Subscriber<Event>): void => void this.#active.delete(subscriber);

  #begin(subscriber: Subscriber<Event>): void {
    const isOwner = typeof this.#source === "function";
    let producer: Producer<Event> | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      producer = typeof this.#source === "function" ? this.#source() : this.#source;
    } catch (error) {
      failure = { error };
    }
    const publisher = producer?.name ?? "a producer";
    const signalling = new Signalling<Event>(subscriber, {
      publisher,
      window: this.#window,
      ...(this.#audience && { audience: this.#audience }),
      handleOver: this.#forget,
    });
    const stage: Consumer<Event> = consumer<Event>({
      name: `a subscriber of ${publisher}`,
      handleSubscribe: (from, self) => signalling.join(from, self),
      // One by one where the stage must know which are to be delivered again.
      ...(this.#dispatch.onCrash === "redeliver"
        ? { handleEvent: (event: Event, _: unknown, from: StageSubscription) => signalling.next(event, from) }
        : { handleEvents: (events: readonly Event[], from: StageSubscription) => signalling.list(events, from) }),
      handleComplete: (self) => signalling.complete(self),
      handleStop(reason) {
        signalling.end(reason);
        if (isOwner) void producer?.stop?.(causeOf(reason));
      },
    });
    signalling.attach(stage);
    try {
      if (failure === undefined) stage.subscribe(producer as Producer<Event>, { ...this.#dispatch, mode: "manual" });
    } catch (error) {
      failure = { error };
    }
    this.#active.set(subscriber, signalling);
    if (failure !== undefined) signalling.refuse(failure.error);
    try {
      signalling.begin();
    } catch (error) {
      throwUncaught(error);
      void stage.stop(error);
    }
  }
}

function isProducer(value: unknown): boolean {
  return typeof value === "object" && value !== null && OUTLET in value;
}
