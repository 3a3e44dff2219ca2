/** What one Subscriber is told, and asks for: the publisher's side of a subscription. */
import { Queue, errorOf, post, spend, throwUncaught, type Consumer, type ExitReason, type InputCounts, type Port, type Self, type Subscription as StageSubscription } from "../../core/index.ts";
import { Asking } from "./asking.ts";
import { Audience } from "./audience.ts";
import { absent, added, badDemand, isDemand } from "./rules.ts";
import type { Subscriber, Subscription } from "./shapes.ts";
import type { Window } from "./window.ts";

/** In this order; it never goes back. */
type State = typeof NEW | typeof OPEN | typeof OVER;
const NEW = 0;
/** It has its subscription. */
const OPEN = 1;
/** No further signal; but for the error, when the Subscriber or an event broke a rule. */
const OVER = 2;

/** How many events are fetched for one that has not requested them, when others of its audience have. */
const READ_AHEAD = 16;
/** To {@link spend} so much is to have the clock read; the most events between two readings. */
const CLOCK = 16;
const CLOCK_EVENTS = 64;

interface SignallingOptions<Event> {
  /** The name of what the Subscriber is subscribed to. */
  readonly publisher: string;
  readonly window: Window;
  readonly audience?: Audience;
  /** Called once, when the Subscriber has had its last signal. It must not remember the Subscriber (rule 3.13). */
  readonly handleOver?: (subscriber: Subscriber<Event>) => void;
}

/**
 * A consumer stage hands it the events one by one, and they are signalled at once when they were requested. With one producer
 * none other come; what does is held: what a producer sent unasked, what several of them sent for one request, and what
 * others of the audience have requested.
 */
export class Signalling<Event> {
  readonly publisher: string;
  readonly #asking: Asking;
  readonly #audience: Audience;
  readonly #handleOver: ((subscriber: Subscriber<Event>) => void) | undefined;
  /** Dropped at the end (rule 3.13). */
  #subscriber: Subscriber<Event> | undefined;
  #stage: Consumer<Event> | undefined;
  #self: Pick<Self, "fail"> | undefined;
  #state: State = NEW;
  #failure: { readonly error: unknown } | undefined;
  /** Requested and not signalled: the account of rule 1.1. */
  #open = 0;
  /** In a call of `onNext`: what it requests is asked for behind it. */
  #isSignalling = false;
  readonly #held = new Queue<Event>();
  /** Of a list that is being signalled, and goes on in the next slice. */
  #rest = 0;
  /** Held, and thrown away by the end. */
  #lost = 0;
  #isPosted = false;
  /** Ends the wait of a normal end for what is held. */
  #drained: (() => void) | undefined;

  constructor(subscriber: Subscriber<Event>, { publisher, window, audience = new Audience(), handleOver }: SignallingOptions<Event>) {
    this.#subscriber = subscriber;
    this.#handleOver = handleOver;
    this.publisher = publisher;
    this.#asking = new Asking(window);
    this.#audience = audience;
    audience.add(this);
  }

  /** The stage whose callbacks call those below. */
  attach(stage: Consumer<Event>): void {
    this.#stage = stage;
  }

  /** Signals `onSubscribe`. What that throws is thrown on, and no signal follows. */
  begin(): void {
    if (this.#state !== NEW) return;
    this.#state = OPEN;
    // An object of its own: it is all of this that a Subscriber should see.
    const subscription: Subscription = { request: (demand) => this.#request(demand), cancel: () => this.#cancel() };
    try {
      this.#subscriber?.onSubscribe(subscription);
    } catch (error) {
      // Rule 2.13: a Subscriber that throws gets nothing more.
      this.#close();
      throw error;
    }
  }

  /** The Subscriber broke a rule, or cannot be served: it is told in a turn of its own, and the stage stops. */
  refuse(error: unknown): void {
    if (this.#failure !== undefined) return;
    if (this.#state === OPEN) this.#state = OVER;
    this.#failure = { error };
    void this.#stage?.stop(error);
  }

  /** The counts of the stage, where what is held is queued. */
  counts<Counts extends InputCounts>(input: Counts): Counts {
    const held = this.#held.length;
    return { ...input, queued: input.queued + held, handled: input.handled - held - this.#lost, lost: input.lost + this.#lost };
  }

  // ---- callbacks of the stage

  join(from: StageSubscription, self: Pick<Self, "fail">): void {
    this.#self = self;
    this.#asking.join(from);
    this.#audience.askLater(true);
  }

  leave(from: StageSubscription): void {
    this.#asking.leave(from);
  }

  /** One event. Throws what the Subscriber throws, and for an event that cannot be signalled. */
  next(event: Event, from: StageSubscription): void {
    const isTime = this.#asking.received(from, 1);
    if (this.#open > 0 && this.#held.length === 0) this.#next(event);
    else this.#held.push(event);
    if (isTime) this.#audience.took(this);
  }

  /** As {@link next} for each event of a list. A promise where the Subscriber takes longer than a slice. */
  list(events: readonly Event[], from: StageSubscription): Promise<void> | undefined {
    this.#asking.received(from, events.length);
    return this.#list(events, 0);
  }

  /** A normal end waits for what is held, and for nothing when the stage stops. */
  complete({ signal }: Pick<Self, "signal">): Promise<void> | undefined {
    if (this.#held.length === 0) return undefined;
    return new Promise((resolve) => {
      this.#drained = resolve;
      signal.addEventListener("abort", () => resolve());
    });
  }

  /** The last signal: unless the Subscriber has cancelled, or thrown. What `onComplete` throws is thrown on. */
  end(reason: ExitReason): void {
    const failure = this.#failure ?? errorOf(reason, this.publisher);
    try {
      this.begin();
      // What was requested before an error comes before it; the rest would hold the error up.
      if (reason.type === "error") while (this.#canDrain) this.#next(this.#held.shift());
      const subscriber = this.#subscriber;
      if (subscriber === undefined) return;
      this.#close();
      if (failure === undefined) subscriber.onComplete();
      else {
        // It receives the error.
        void this.#stage?.closed;
        subscriber.onError(failure.error ?? absent("the error of onError", failure.error));
      }
    } catch (error) {
      if (reason.type === "normal") throw error;
      throwUncaught(error);
    }
  }

  // ---- what the Subscriber says

  #request(demand: unknown): void {
    if (this.#state !== OPEN) return;
    if (!isDemand(demand)) {
      this.refuse(badDemand(demand));
      return;
    }
    this.#open = added(this.#open, demand);
    if (this.#held.length > 0) this.#drainLater();
    else this.#audience.askLater(!this.#isSignalling);
  }

  #cancel(): void {
    this.#close();
    void this.#stage?.stop();
  }

  // ---- demand

  get missing(): number {
    return this.#state === OPEN ? Math.max(0, this.#open - this.#held.length - this.#rest) : 0;
  }

  ask(isAll: boolean, most: number): void {
    this.#asking.ask(Math.max(this.missing, Math.min(most, READ_AHEAD - this.#held.length)), isAll);
  }

  // ---- signals

  #list(events: readonly Event[], from: number): Promise<void> | undefined {
    let place = from;
    let most = 1;
    while (place < events.length && this.#open > 0 && this.#held.length === 0 && this.#state === OPEN) {
      const end = Math.min(events.length, place + most, place + this.#open);
      this.#some(events, place, end);
      place = end;
      most = Math.min(2 * most, CLOCK_EVENTS);
      if (spend(CLOCK) && place < events.length) {
        this.#rest = events.length - place;
        return inNextSlice().then(() => this.#list(events, place));
      }
    }
    this.#rest = 0;
    if (this.#state !== OPEN) return undefined;
    for (; place < events.length; place += 1) this.#held.push(events[place] as Event);
    this.#audience.took(this);
    return undefined;
  }

  /** Signals some of a list; they have been requested. */
  #some(events: readonly Event[], from: number, end: number): void {
    const subscriber = this.#subscriber as Subscriber<Event>;
    this.#open -= end - from;
    let place = from;
    this.#isSignalling = true;
    try {
      for (; place < end && this.#state === OPEN; place += 1) {
        const event = events[place];
        if (event === null || event === undefined) break;
        subscriber.onNext(event);
      }
      this.#isSignalling = false;
    } catch (error) {
      this.#close();
      throw error;
    }
    if (place < end && this.#state === OPEN) this.#refuseEvent(events[place]);
  }

  #next(event: Event): void {
    if (event === null || event === undefined) this.#refuseEvent(event);
    this.#open -= 1;
    this.#isSignalling = true;
    try {
      this.#subscriber?.onNext(event);
      this.#isSignalling = false;
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /** One that cannot be signalled: it fails the stage. */
  #refuseEvent(event: unknown): never {
    const error = absent("the event of onNext", event);
    this.#failure = { error };
    this.#state = OVER;
    throw error;
  }

  #drainLater(): void {
    if (this.#isPosted) return;
    this.#isPosted = true;
    post(this.#turn, undefined);
  }

  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      try {
        this.#drain();
      } catch (error) {
        this.#self?.fail(error);
      }
    },
  };

  #drain(): void {
    let check = 1;
    for (let count = 1; this.#canDrain; count += 1) {
      this.#next(this.#held.shift());
      if (count === check) {
        check += Math.min(check, CLOCK_EVENTS);
        if (spend(CLOCK)) {
          this.#drainLater();
          return;
        }
      }
    }
    if (this.#held.length === 0) this.#drained?.();
    this.#audience.took(this);
  }

  get #canDrain(): boolean {
    return this.#open > 0 && this.#held.length > 0 && this.#state === OPEN;
  }

  // ---- the end

  #close(): void {
    const subscriber = this.#subscriber;
    this.#state = OVER;
    this.#subscriber = undefined;
    this.#lost += this.#held.length;
    this.#held.clear();
    this.#drained?.();
    this.#audience.delete(this);
    if (subscriber !== undefined) this.#handleOver?.(subscriber);
  }
}

/** When the queue has its turn again. */
function inNextSlice(): Promise<void> {
  return new Promise((resolve) => post({ receive: () => resolve() }, undefined));
}
