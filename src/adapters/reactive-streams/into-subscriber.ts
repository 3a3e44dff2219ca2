/**
 * A consumer that signals into a Subscriber: it is the Subscriber's publisher.
 *
 * Demand: `request(n)` is an ask for n to its producer; the requests of one turn add up. No more than `maxDemand` (1,000) are
 * asked for at once, however many were requested: then again when `minDemand` are left.
 *
 * Overflow: none with one producer. Each of several is asked for what was requested, as nobody knows who will deliver: what
 * comes too much waits in the stage, at most `maxDemand` events of each.
 *
 * Completion and errors: when the input has ended normally `onComplete` is called, then the stage ends. An error of a producer
 * is `onError` with the same object, a stop `onError` with a `StoppedError` whose cause is the reason. `null` and `undefined`
 * cannot be signalled (rule 2.13) and fail the stage with a `TypeError`. What the Subscriber throws fails the stage with the
 * same object, and the Subscriber gets nothing more.
 *
 * Cancel: `cancel` stops the stage, which leaves its producers; no signal follows. So does a demand that is no integer of at
 * least 1 (rule 3.9): that is `onError` with a `BadOptionError`, which is the reason of the stop.
 *
 * Acks: an event counts as handled when `onNext` has returned.
 */
import {
  ADOPT,
  BadOptionError,
  OUTLET,
  checkAbsent,
  consumer,
  type Consumer,
  type ConsumerOptions,
  type ExitReason,
  type Snapshot,
  type Subscribable,
  type SubscribeOptions,
  type Subscription as StageSubscription,
  type Target,
  checkPlain,
} from "../../core/index.ts";
import { isSubscriber, type Subscriber } from "./shapes.ts";
import { Signalling } from "./signalling.ts";
import { windowOf } from "./window.ts";

/** Options of {@link intoSubscriber}, beside those of a consumer. */
export interface IntoSubscriberOptions<In> extends Omit<ConsumerOptions, "handleComplete" | "handleStop"> {
  /** Whom it subscribes to at its start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
}

/**
 * A consumer that hands all it gets to a Subscriber, when that requests it. `onSubscribe` is called in a turn of its own,
 * before any other signal, whether there are producers or not.
 *
 * A subscription of it has no window and no `mode` of its own: the Subscriber asks.
 *
 * @throws BadOptionError when it is no Subscriber, or an option is wrong
 */
export function intoSubscriber<In = unknown>(subscriber: Subscriber<In>, options: IntoSubscriberOptions<In> = {}): Consumer<In> {
  checkPlain("intoSubscriber", options);
  if (!isSubscriber(subscriber)) throw new BadOptionError("the subscriber of intoSubscriber", "a Subscriber", subscriber);
  checkAbsent("intoSubscriber", options, "handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered");
  return new SubscriberStage(subscriber, options);
}

let made = 0;

class SubscriberStage<In> implements Consumer<In> {
  readonly role = "consumer";
  readonly #inner: Consumer<In>;
  readonly #signalling: Signalling<In>;

  constructor(subscriber: Subscriber<In>, options: IntoSubscriberOptions<In>) {
    const { subscribeTo = [], name = `subscriber ${(made += 1)}`, handleSubscribe, handleCancel, handleInfo, ...rest } = options;
    // What is no list is refused with the other options.
    const targets: readonly Target<In>[] = Array.isArray(subscribeTo) ? subscribeTo.map((target: Target<In>) => byHand(target)) : subscribeTo;
    const signalling = new Signalling<In>(subscriber, { publisher: name, window: windowOf(options) });
    this.#inner = consumer<readonly Target<In>[]>({
      ...rest,
      name,
      subscribeTo: targets,
      handleSubscribe(from, self) {
        signalling.join(from, self);
        return handleSubscribe?.(from, self);
      },
      handleCancel(info, from, self) {
        signalling.leave(from);
        return handleCancel?.(info, from, self);
      },
      handleEvent: (event, _, from) => signalling.next(event, from),
      handleComplete: (self) => signalling.complete(self),
      handleInfo: (message, self) => (message === BEGIN ? signalling.begin() : handleInfo?.(message, self)),
      handleStop: (reason) => signalling.end(reason),
    });
    this.#signalling = signalling;
    signalling.attach(this.#inner);
    // In a turn of the stage: what the Subscriber throws fails it.
    this.#inner.info(BEGIN);
  }

  get name(): string {
    return this.#inner.name;
  }

  get closed(): Promise<ExitReason> {
    return this.#inner.closed;
  }

  [ADOPT](owner: object): boolean {
    return this.#inner[ADOPT](owner);
  }

  subscribe(producer: Subscribable<In>, options: SubscribeOptions = {}): StageSubscription {
    checkPlain("a subscription of intoSubscriber", options);
    checkOwn(options);
    return this.#inner.subscribe(producer, { ...options, mode: "manual" });
  }

  stop(reason?: unknown): Promise<void> {
    return this.#inner.stop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  info(message: unknown): void {
    this.#inner.info(message);
  }

  flushed(): Promise<void> {
    return this.#inner.flushed();
  }

  snapshot(): Snapshot {
    const snapshot = this.#inner.snapshot();
    const { input } = snapshot;
    return input === undefined ? snapshot : { ...snapshot, input: this.#signalling.counts(input) };
  }
}

/** A message of the stage to itself. */
const BEGIN: unique symbol = Symbol("begin");

function byHand<In>(target: Target<In>): Target<In> {
  if (typeof target !== "object" || target === null || OUTLET in target) return { to: target, mode: "manual" };
  checkOwn(target);
  return { ...target, mode: "manual" };
}

function checkOwn(options: SubscribeOptions): void {
  checkAbsent("a subscription of intoSubscriber", options, "mode", "maxDemand", "minDemand");
}
