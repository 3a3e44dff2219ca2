/** What stands behind a way out: a user who takes events in the way that a case wants, and the record of what came. */
import type { Account } from "./account.ts";
import { Decoder, type Numbered } from "./events.ts";

/** How the far side was told of its end. */
export type Told = { readonly type: "normal" } | { readonly type: "error"; readonly error: unknown };

/** What a handler says when it wants no more: the way out leaves as its users do, by `break`, `unsubscribe`, `destroy`, ... */
export const LEAVE: unique symbol = Symbol("leave");

/** A user of a way out. */
export interface Taking {
  /** Gets each event and its number. May throw, return a promise where the way out waits for one, or say {@link LEAVE}. */
  readonly handle?: (event: unknown, index: number) => unknown;
  /** Never asks. */
  readonly isIdle?: boolean;
  /** What the far side's own end fails with, where it is a step of its own. */
  readonly endFailure?: { readonly error: unknown };
  /** Only what the account needs is kept: for runs of very many. */
  readonly isLong?: boolean;
}

export class Sink {
  readonly taking: Taking;
  /** The events that came, in order; of bytes their numbers. */
  readonly events: unknown[] = [];
  /** How many have come. */
  count = 0;
  /** Each end that was told. */
  readonly told: Told[] = [];
  /** Errors that other parts of the far side were told. */
  readonly overheard: unknown[] = [];
  /** The user has left. */
  hasLeft = false;
  /** What the user's handler has thrown. */
  failure: { readonly error: unknown } | undefined;
  /** Events that came behind an end, or to one who had left. */
  late = 0;
  /** The first that was out of order, in a run of very many. */
  disorder: string | undefined;
  readonly #account: Account;
  readonly #decoder: Decoder | undefined;
  #last = -1;

  constructor(taking: Taking, account: Account, isBytes: boolean) {
    this.taking = taking;
    this.#account = account;
    this.#decoder = isBytes ? new Decoder() : undefined;
  }

  /** One event, or a chunk of bytes with some of them. */
  take(event: unknown): unknown {
    if (this.#decoder === undefined) return this.#takeOne(event);
    return this.#takeAll(this.#decoder.decode(event), 0);
  }

  tell(told: Told): void {
    this.told.push(told);
  }

  overhear(error: unknown): void {
    this.overheard.push(error);
  }

  /** The user leaves. */
  leave(): void {
    this.hasLeft = true;
  }

  #takeAll(events: readonly number[], from: number): unknown {
    for (let at = from; at < events.length; at += 1) {
      // Whoever leaves in the middle of a chunk has had the whole of it.
      if (at > 0 && (this.hasLeft || this.failure !== undefined || this.told.length > 0)) return undefined;
      const verdict = this.#takeOne(events[at]);
      if (verdict instanceof Promise) return verdict.then((settled: unknown) => (settled === LEAVE ? LEAVE : this.#takeAll(events, at + 1)));
      if (verdict === LEAVE) return LEAVE;
    }
    return undefined;
  }

  #takeOne(event: unknown): unknown {
    const index = this.count;
    this.count += 1;
    if (this.hasLeft || this.failure !== undefined || this.told.length > 0) this.late += 1;
    if (this.taking.isLong === true) this.#checkOrder(event);
    else this.events.push(event);
    let verdict: unknown;
    try {
      verdict = this.taking.handle?.(event, index);
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
    if (verdict instanceof Promise) {
      return verdict.then(
        (settled: unknown) => this.#handled(settled),
        (error: unknown) => {
          this.failure ??= { error };
          throw error;
        },
      );
    }
    return this.#handled(verdict);
  }

  #handled(verdict: unknown): unknown {
    this.#account.consumed += 1;
    if (verdict === LEAVE) this.leave();
    return verdict;
  }

  #checkOrder(event: unknown): void {
    const number = typeof event === "number" ? event : (event as Numbered).n;
    if (number <= this.#last) this.disorder ??= `${number} behind ${this.#last}`;
    this.#last = number;
  }
}
