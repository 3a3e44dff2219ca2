/**
 * Lets an event into operators only while there is demand for what may come of it.
 *
 * The account is two numbers: demanded and not given, and fed and not settled. `ListGate` is for operators that are done with
 * an event when `next` returns, `TokenGate` for all others.
 */
import { FULL_CREDIT, SluiceError, inNextTurn, post, spend, type Port, type PushProducer, type Self } from "../../../core/index.ts";
import type { Operators } from "../operators.ts";
import type { Host, Passage } from "./passage.ts";
import { Token } from "./token.ts";

/** Where the outputs go: the stage from outside, or as its callbacks see it. */
export type Outgoing<Out> = Pick<PushProducer<Out> | Self<Out>, "emit" | "complete" | "fail">;

/** What waits in the stage for demand. */
export type Waiting = Pick<PushProducer<unknown>, "bufferedCount">;

/** Where the events come from: the input as its callbacks see it. */
export type Incoming = Pick<Self, "fail" | "stop" | "signal">;

/** At most so many events are fed between two looks at the clock; fewer at first, as they may be slow. */
const FEEDS = 64;

export abstract class Gate<In, Out> implements Host<Out> {
  cause: Token | undefined;
  isOpening = false;
  readonly passage: Passage<In>;
  /** There is none before the first subscription, and none behind the end. */
  incoming: Incoming | undefined;
  /** There is none before the stage is put together. */
  outgoing: Outgoing<Out> | undefined;
  waiting: Waiting | undefined;
  /** Of what the operators do of their own accord: as they are subscribed, and at the end of the input. */
  protected readonly own: Token = new Token(this, undefined);
  /** How many deliveries of inner observables are between what is fed and what runs. */
  #depth = 0;
  /** Demanded, and not handed to the stage; 0 when nothing goes in any more. */
  protected wanted = 0;
  /** What is to be handed to the stage. */
  protected outputs: Out[] = [];
  #failure: { readonly error: unknown } | undefined;
  /** Nothing goes in any more. */
  #isOver = false;
  #isOpen = false;
  /** It goes on in a message of its own. */
  #isPosted = false;
  /** What came is handed over in the next turn. */
  #isFlushing = false;
  /** A callback of the input hears what becomes of this call. */
  #isCalled = false;
  #isHeeding = false;

  constructor(operators: Operators<In, Out>) {
    this.passage = operators.enter(this);
  }

  /** Something waits, and may be fed. */
  protected abstract readonly isDue: boolean;
  /** Feeds what it may. Returns false when the slice is over. */
  protected abstract feed(): boolean;
  /** An event, and all that came of it, is over. */
  protected abstract done(token: Token): void;
  /** Outputs were handed to the stage: so many that some of them wait for demand, or no more than were demanded. */
  protected abstract gave(isMore: boolean): void;
  /** The operators have ended: what they made is delivered, and nothing more is fed. */
  protected abstract ended(): void;
  /** What waits, or is not settled, never will be: the callbacks of the input that wait for it fail. */
  abstract giveUp(error: unknown): void;

  // ---- from the stage

  /** Demand has come. The first subscribes to the operators. */
  demand(demand: number): void {
    if (!this.#isOver) this.wanted += demand;
    this.#open();
    this.go();
  }

  /** The input has ended normally, and all of it is settled. */
  complete(): void {
    this.#close(() => this.passage.complete());
  }

  /** The input has failed, and all of it is settled: the operators may know what to do. */
  error(error: unknown): void {
    this.#close(() => this.passage.error(error));
  }

  /** Nothing goes in any more. */
  end(): void {
    this.#isOver = true;
    this.wanted = 0;
  }

  // ---- feeding

  /** What follows is on behalf of a callback of the input. */
  protected beginCall(): void {
    this.#isCalled = true;
  }

  /** A callback of the input is not done with: a stop does not wait for that. The signal is made when one is, which costs. */
  protected heedStop(): void {
    if (this.#isHeeding || this.incoming === undefined) return;
    this.#isHeeding = true;
    const { signal } = this.incoming;
    // In a message of its own where it was stopped in this call, which has not returned what waits.
    if (signal.aborted) post({ receive: () => this.giveUp(signal.reason) }, undefined);
    else signal.addEventListener("abort", () => this.giveUp(signal.reason), { once: true });
  }

  /** Throws the error of the operators. */
  protected endCall(): void {
    this.#isCalled = false;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  protected go(): void {
    const isDone = this.feed();
    this.#flush();
    if (!isDone) this.#post();
  }

  #post(): void {
    if (this.#isPosted || this.#isOver) return;
    this.#isPosted = true;
    post(this.#turn, undefined);
  }

  /** Less than is demanded: what comes in the same turn of the event loop goes with it, as one list. */
  #flushInTurn(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    inNextTurn(this.#onFlush);
  }

  readonly #onFlush = (): void => {
    this.#isFlushing = false;
    this.#flush();
  };

  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      this.go();
    },
  };

  /** As one list, what came of several events or in one turn. */
  #flush(): void {
    const { outputs } = this;
    if (outputs.length === 0) return;
    this.outputs = [];
    const isMore = outputs.length > this.wanted;
    this.wanted = Math.max(0, this.wanted - outputs.length);
    try {
      this.outgoing?.emit(outputs);
      this.gave(isMore);
    } catch (error) {
      // The stage has failed for another reason, and delivers what it has.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      this.end();
    }
  }

  // ---- from the operators

  get isDirect(): boolean {
    return this.cause !== undefined && this.#depth === 0;
  }

  enter(token: Token): Token | undefined {
    const before = this.cause;
    this.cause = token;
    this.#depth += 1;
    return before;
  }

  leave(before: Token | undefined): void {
    this.left(before);
    if (before === undefined) this.touched();
  }

  protected left(before: Token | undefined): void {
    this.cause = before;
    this.#depth -= 1;
  }

  enterReaction(token: Token): void {
    this.enter(token);
  }

  leaveReaction(): void {
    this.leave(undefined);
  }

  byItself(act: () => void): void {
    this.own.hold();
    this.cause = this.own;
    try {
      act();
    } catch (error) {
      this.failed(error);
    }
    this.cause = undefined;
    this.own.release();
  }

  emitted(event: Out): void {
    this.outputs.push(event);
    if (this.cause === undefined) this.touched();
  }

  touched(): void {
    const { length } = this.outputs;
    if (this.isDue || (length > 0 && length >= this.wanted)) this.#post();
    else if (length > 0) this.#flushInTurn();
  }

  completed(): void {
    if (this.#isOver) return;
    this.#flush();
    this.end();
    this.ended();
    try {
      // Here, as RxJS drops what a teardown throws at an end.
      this.passage.close();
      this.outgoing?.complete();
    } catch (error) {
      this.outgoing?.fail(error);
    }
    this.incoming?.stop();
  }

  failed(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#flush();
    this.end();
    this.ended();
    this.outgoing?.fail(error);
    if (!this.#isCalled) this.incoming?.fail(error);
    this.giveUp(error);
    try {
      this.passage.close();
    } catch (late) {
      // The stage reports it.
      this.outgoing?.fail(late);
    }
  }

  settled(token: Token): void {
    if (token !== this.own) this.done(token);
  }

  // ---- what the operators do of their own accord

  #open(): void {
    if (this.#isOpen || this.#isOver) return;
    this.#isOpen = true;
    this.isOpening = true;
    this.byItself(() => this.passage.open());
    this.isOpening = false;
  }

  #close(act: () => void): void {
    this.incoming = undefined;
    this.#open();
    if (this.#isOver) return;
    this.byItself(act);
    this.#flush();
  }
}

/** How many events are fed before the next look at the clock, when so many were fed before. */
export function feedsBetween(fed: number): number {
  return Math.min(fed + 1, FEEDS);
}

/** Looks at the clock. */
export function isSliceOver(): boolean {
  return spend(FULL_CREDIT);
}
