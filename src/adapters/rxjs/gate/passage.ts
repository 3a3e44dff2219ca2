/** What a gate and the operators behind it know of each other. */
import type { Token } from "./token.ts";

/** What an operator gets and gives, as its types see it: an Observable of RxJS 7 or 8. */
export interface ObservableOf<Event> {
  forEach(next: (event: Event) => void): Promise<void>;
}

interface Callable<In, Out> {
  // A method, so that an operator for the class of Observables is one for their shape.
  call(source: ObservableOf<In>): ObservableOf<Out>;
}

/** A function from an Observable to an Observable: an operator of RxJS 7 or 8, several of them by `pipe`, or one of your own. */
export type Operator<In, Out> = Callable<In, Out>["call"];

/** Operators, as a gate uses them. */
export interface Passage<in In> {
  /** How many events it takes at once, if that is known. */
  readonly most: number | undefined;
  /** It would take one more event. */
  readonly hasRoom: boolean;
  /** Somebody takes what is fed. */
  readonly isAttached: boolean;
  open(): void;
  next(event: In, token: Token): void;
  complete(): void;
  error(error: unknown): void;
  /** Ends all subscriptions. Throws what a teardown of the operators throws. */
  close(): void;
}

/** A gate, as the operators use it. */
export interface Host<in Out> {
  /** Who causes what runs at this moment: an event that is being fed, or whose inner observable emits. */
  readonly cause: Token | undefined;
  /** It is being fed, and no inner observable emits in between. */
  readonly isDirect: boolean;
  /** The operators are being subscribed: no event has come yet. */
  readonly isOpening: boolean;
  /** What runs until `leave` is caused by this one. Returns what `leave` wants. */
  enter(token: Token): Token | undefined;
  leave(before: Token | undefined): void;
  /** As `enter` and `leave`, of the reaction of a promise: nobody else's code is below, so what becomes due may run in `leaveReaction`. */
  enterReaction(token: Token): void;
  leaveReaction(): void;
  /** Does what no event causes: the operators act of their own accord. */
  byItself(act: () => void): void;
  emitted(event: Out): void;
  completed(): void;
  failed(error: unknown): void;
  /** Outside of any cause something has changed that may let the next event in. */
  touched(): void;
}
