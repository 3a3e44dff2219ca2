/** The producer's end of a subscription. */
import type { Recipient } from "./dispatcher.ts";
import { SluiceError } from "./errors.ts";
import { checkOption, isReason } from "./options.ts";
import type { Cancel, DispatchOptions, ExitReason, Return, Subscribe, Subscriber, Upward, Wire } from "./protocol.ts";
import { isRedelivered, markRedelivered } from "./redelivery.ts";
import { lastTime, post } from "./scheduler.ts";
import { StagePort } from "./stage-port.ts";
import type { StageCore } from "./stage.ts";
import type { Consumption } from "./subscription.ts";

/** Who takes what comes over the wire. */
interface Outlet<Out> {
  subscribe(link: OutletLink<Out>, message: Subscribe): void;
  ask(link: OutletLink<Out>, demand: number): void;
  leave(link: OutletLink<Out>, message: Cancel): void;
  /** The last consumer may be about to go while a callback is in progress. */
  leaveMidCall(reason: ExitReason): void;
  /** It has left before it heard of the end. */
  leftBefore(link: OutletLink<Out>, message: Cancel): void;
  takeBuffered(): IteratorYieldResult<Out> | undefined;
  /** It gives back what it has not handled. */
  takeBack(link: OutletLink<Out>, message: Return): void;
  /** How often the events that are being dispatched have been tried already. */
  readonly times: number;
  /** Events cannot be sent to it any more. */
  refused(count: number): void;
}

/** The producer's end of a wire. */
export class OutletLink<Out> extends StagePort<Upward, StageCore> implements Recipient<Out>, Consumption, Wire<Out> {
  readonly side = "consumer";
  seat: unknown = undefined;
  readonly subscriber: Subscriber<Out>;
  /** Asked for, and not sent yet. */
  unanswered = 0;
  /** When something was sent, or asked for when nothing was; at most a slice off, as the clock is not read for it. */
  since = 0;
  isSubscribed = false;
  /** The consumer has been told that the subscription has ended. */
  isOver = false;
  /** Its consumer's cancel waits in the mailbox. */
  isLeaving = false;
  /** It was the consumer who ended it: it must not ask any more. */
  isLeft = false;
  /** The consumer gives back what it has not handled. */
  readonly isRedelivered: boolean;
  /** The reason that it gave for that. */
  leftWith: ExitReason | undefined;
  readonly #outlet: Outlet<Out>;

  constructor(stage: StageCore, outlet: Outlet<Out>, subscriber: Subscriber<Out>) {
    super(stage);
    this.isRedelivered = isRedelivered(subscriber.options);
    this.#outlet = outlet;
    this.subscriber = subscriber;
  }

  get name(): string {
    return this.subscriber.consumer;
  }

  get identity(): object {
    return this.subscriber.identity;
  }

  get options(): DispatchOptions {
    return this.subscriber.options;
  }

  override receive(message: Upward): void {
    if (typeof message === "number") {
      if (this.unanswered === 0) this.since = lastTime();
      this.unanswered += message;
    }
    if (this.stage.isDeferring) {
      this.stage.defer(this, message);
      if (typeof message === "object" && message.type === "cancel") {
        this.isLeaving = true;
        this.#outlet.leaveMidCall(message.reason);
      }
    } else this.handle(message);
  }

  handle(message: Upward): void {
    try {
      if (typeof message === "number") {
        if (this.isSubscribed) this.#outlet.ask(this, message);
        else if (this.isLeft && this.stage.isAlive) this.#refuse();
      } else if (message.type === "subscribe") this.#outlet.subscribe(this, message);
      else if (message.type === "return") this.#outlet.takeBack(this, message);
      else this.leave(message);
    } catch (error) {
      // A dispatcher of the user's that throws where it must not: the account with its consumers is lost.
      this.stage.end({ type: "error", error });
    }
    this.stage.pump();
  }

  leave(message: Cancel): void {
    this.isLeft = true;
    if (this.isOver) this.#outlet.leftBefore(this, message);
    else this.#outlet.leave(this, message);
  }

  cancel(reason: ExitReason = { type: "shutdown" }): void {
    checkOption("the reason of a cancel", reason, isReason);
    this.#inTurn(() => {
      if (!this.isOver) this.#outlet.leave(this, { type: "cancel", kind: "cancel", reason });
    });
  }

  takeBuffered(): IteratorYieldResult<Out> | undefined {
    return this.isSubscribed ? this.#outlet.takeBuffered() : undefined;
  }

  send(events: readonly Out[]): void {
    // Its own function has stopped the stage.
    if (this.isOver && !this.stage.isAlive) {
      this.#outlet.refused(events.length);
      return;
    }
    this.unanswered -= events.length;
    this.since = lastTime();
    if (this.#outlet.times > 0) markRedelivered(events, this.#outlet.times);
    post(this.subscriber, events);
  }

  askAgain(count: number): void {
    this.#inTurn(() => {
      if (this.isSubscribed) this.#outlet.ask(this, count);
    });
  }

  /** A dispatcher that throws ends the stage, whatever called it. */
  #inTurn(task: () => void): void {
    this.stage.inTurn(() => {
      try {
        task();
      } catch (error) {
        this.stage.end({ type: "error", error });
      }
    });
  }

  end(reason: ExitReason, kind: Cancel["kind"]): void {
    this.isOver = true;
    post(this.subscriber, { type: "cancel", kind, reason });
  }

  /** An ask after the consumer's own cancel. One that crossed an end from this side is nobody's fault, and is ignored. */
  #refuse(): void {
    this.stage.report({ kind: "late-signal", partner: this.name, signal: "ask" });
    const error = new SluiceError("SLUICE_UNKNOWN_SUBSCRIPTION", `${this.name} is not subscribed to ${this.stage.name}`);
    this.end({ type: "error", error }, "cancel");
  }
}
