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

  constructor(operators: Operators<In, Out>, isEager: boolean) {
    super(operators);
    this.#isEager = isEager;
  }

  /** Feeds an event, when it may. The promise resolves when the event has settled; there is none when that is now. */
  take(event: In): Promise<void> | undefined {
    const token = new Token<In>(this, event);
    if (this.#waiting === undefined && this.#mayFeed) {
      this.beginCall();
      this.#pass(token);
      this.endCall();
      this.touched();
      if (!token.isHeld) return undefined;
    } else this.#waiting ??= token;
    this.#append(token);
    return new Promise((resolve, reject) => {
      token.resolve = resolve;
      token.reject = reject;
    });
  }

  giveUp(error: unknown): void {
    let token = this.#first;
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
  }
}
