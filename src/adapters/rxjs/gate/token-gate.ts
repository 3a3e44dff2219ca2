import { Gate, feedsBetween, isSliceOver } from "./gate.ts";
import type { Operators } from "../operators.ts";
import { Token } from "./token.ts";

/** For operators that go on with an event when `next` has returned: each event has a token. */
export class TokenGate<In, Out> extends Gate<In, Out> {
  readonly #isEager: boolean;
  /** Those for which a callback of the input waits, as they came: first what was fed and is not settled, then what was not fed. */
  #first: Token<In> | undefined;
  #last: Token<In> | undefined;
  /** The first that was not fed. */
  #waiting: Token<In> | undefined;
  /** Fed, and not settled. */
  #inside = 0;
  /** Settled while outputs waited for demand: they keep their places in the window until none does. */
  #kept: Token<In>[] = [];
  /** In the stage an output waits for demand. */
  #isFull = false;
  #hasEnded = false;

  constructor(operators: Operators<In, Out>, isEager: boolean) {
    super(operators);
    this.#isEager = isEager;
  }

  /** Feeds an event, when it may. The promise resolves when the event counts as handled; there is none when that is now. */
  take(event: In): Promise<void> | undefined {
    const token = new Token<In>(this, event);
    if (this.#waiting === undefined && this.#mayFeed) {
      this.beginCall();
      this.#pass(token);
      this.endCall();
      this.touched();
      if (!token.isHeld && !this.#isCrowded) return undefined;
    } else this.#waiting ??= token;
    this.#append(token);
    return new Promise((resolve, reject) => {
      token.resolve = resolve;
      token.reject = reject;
    });
  }

  override demand(demand: number): void {
    this.#isFull = false;
    super.demand(demand);
    this.#letGo();
  }

  /** No output waits in the stage any more. */
  low(): void {
    this.#isFull = false;
    this.#letGo();
  }

  giveUp(error: unknown): void {
    let token = this.#first;
    this.#kept = [];
    this.#first = undefined;
    this.#waiting = undefined;
    while (token !== undefined) {
      token.reject?.(error);
      token.reject = undefined;
      token = token.behind;
    }
  }

  protected get isDue(): boolean {
    return this.#waiting !== undefined && this.#mayFeed;
  }

  protected feed(): boolean {
    for (let fed = 0, check = 1; this.#waiting !== undefined && this.#mayFeed; fed += 1) {
      if (fed === check) {
        check += feedsBetween(fed);
        if (isSliceOver()) return false;
      }
      const token = this.#waiting;
      this.#waiting = token.behind;
      this.#pass(token);
    }
    return true;
  }

  protected done(token: Token<In>): void {
    this.#inside -= 1;
    if (this.#isCrowded) this.#kept.push(token);
    else this.#settle(token);
  }

  protected gave(isMore: boolean): void {
    // The stage may know of a demand that has not come here yet.
    this.#isFull = isMore && (this.waiting?.bufferedCount ?? 0) > 0;
    this.#letGo();
  }

  protected ended(): void {
    this.#hasEnded = true;
    this.#letGo();
  }

  get #isCrowded(): boolean {
    return !this.#hasEnded && (this.#isFull || this.outputs.length > this.wanted);
  }

  #letGo(): void {
    if (this.#kept.length === 0 || this.#isCrowded) return;
    const kept = this.#kept;
    this.#kept = [];
    for (const token of kept) this.#settle(token);
  }

  #settle(token: Token<In>): void {
    if (token.reject === undefined) return;
    this.#remove(token);
    token.resolve?.();
  }

  get #mayFeed(): boolean {
    const room = this.wanted - this.outputs.length;
    return room > 0 && (this.#isEager || this.#inside < room) && this.passage.hasRoom;
  }

  #pass(token: Token<In>): void {
    this.#inside += 1;
    token.hold();
    this.cause = token;
    try {
      this.passage.next(token.event, token);
    } catch (error) {
      this.failed(error);
    }
    this.cause = undefined;
    token.release();
  }

  #append(token: Token<In>): void {
    token.before = this.#last;
    if (this.#first === undefined || this.#last === undefined) this.#first = token;
    else this.#last.behind = token;
    this.#last = token;
  }

  #remove(token: Token<In>): void {
    const { before, behind } = token;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    // A group keeps the token that it came of: that must not keep all that came after it.
    token.before = undefined;
    token.behind = undefined;
  }
}
