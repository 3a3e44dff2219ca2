import { spend } from "../../../core/index.ts";
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
  /** The reaction of a promise runs, and nobody else's code below it. */
  #isReacting = false;
  /** What has settled in it makes something due in the stage. */
  #behind: ReturnType<Token["resolveOnly"]>;

  constructor(operators: Operators<In, Out>, isEager: boolean) {
    super(operators);
    this.#isEager = isEager;
  }

  /** Feeds an event, when it may. Returns what settles when the event counts as handled; nothing when that is now. */
  take(event: In): Token<In> | undefined {
    const token = new Token<In>(this, event);
    if (this.#waiting === undefined && this.#mayFeed) {
      this.beginCall();
      this.#pass(token);
      this.endCall();
      this.touched();
      if (!token.isHeld && !this.#isCrowded) return undefined;
    } else this.#waiting ??= token;
    this.#append(token);
    this.heedStop();
    return token;
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
      const { behind } = token;
      token.reject(error);
      token = behind;
    }
  }

  override enterReaction(token: Token): void {
    this.#isReacting = true;
    this.enter(token);
  }

  /** The last one that was in work has settled: so no others are about to do the same in this turn, and it goes on at once. */
  override leaveReaction(): void {
    this.left(undefined);
    this.#isReacting = false;
    const behind = this.#behind;
    this.#behind = undefined;
    if (this.#inside > 0 || spend(1)) behind?.goOnSoon();
    else behind?.goOn();
    this.touched();
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
    if (!token.isPending) return;
    this.#remove(token);
    if (this.#isReacting) this.#behind = token.resolveOnly();
    else token.resolve();
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
