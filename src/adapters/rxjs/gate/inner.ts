/** A value that has come to a flattening operator, and then its inner observable: what RxJS subscribes to in its place. */
import { subscribeTo } from "./inputs.ts";
import { Receiver, type SubscriberLike } from "./receiver.ts";
import type { Visit } from "./sites.ts";
import type { Token } from "./token.ts";

/** Makes an inner observable of a value: `(value, index)` for most operators, `(accumulated, value, index)` for scans. */
export type Project = (first: unknown, second: unknown, third: unknown) => unknown;

/**
 * Between the inner observable and RxJS, for one subscription. Whatever it says, its cause says. When the subscription ends,
 * by its end, by an error or because RxJS leaves it, the hold on the cause does.
 */
export class Inner extends Receiver<unknown> {
  /** The one behind it, where RxJS keeps those that it has not begun with. */
  behind: Inner | undefined;
  readonly #visit: Visit;
  readonly #token: Token;
  #value: unknown;
  #destination: SubscriberLike<unknown> | undefined;
  #hasBegun = false;
  /** It is being subscribed to: what it emits comes of itself. */
  #isBeginning = false;
  /** It emits what is fed: it is a part of the input (a group, a window). */
  #isSubstream = false;

  constructor(visit: Visit, token: Token) {
    super();
    this.#visit = visit;
    this.#token = token;
    token.hold();
    this.#visit.site.waiting += 1;
  }

  /** RxJS begins with it. */
  begin(value?: unknown): this {
    this.#value = value;
    this.#hasBegun = true;
    this.#visit.site.waiting -= 1;
    this.#visit.site.active += 1;
    return this;
  }

  made(project: Project, first: unknown, second: unknown, third: unknown): this {
    const before = this.#visit.host.enter(this.#token);
    try {
      this.#value = project(first, second, third);
    } catch (error) {
      this.unsubscribe();
      throw error;
    } finally {
      this.#visit.host.leave(before);
    }
    return this;
  }

  "@@observable"(): this {
    return this;
  }

  /** Returns nothing, as the subscriber knows it already: RxJS would add it once more. */
  subscribe(destination: SubscriberLike<unknown>): void {
    this.#destination = destination;
    destination.add(this);
    if (this.closed) return;
    const before = this.#visit.host.enter(this.#token);
    this.#isBeginning = true;
    try {
      subscribeTo(this.#value, this);
    } catch (error) {
      this.error(error);
    } finally {
      this.#isBeginning = false;
      this.#visit.host.leave(before);
    }
  }

  next(value: unknown): void {
    if (this.isStopped) return;
    const host = this.#visit.host;
    const isMoved = host.isDirect && this.#isMoved();
    const before = isMoved ? undefined : host.enter(this.#token);
    try {
      this.#visit.emitted(value, this.#destination as SubscriberLike<unknown>);
    } finally {
      if (!isMoved) host.leave(before);
    }
  }

  /** Its last value and its end, as one: a promise has resolved, and this is its reaction. */
  last(value: unknown): void {
    if (this.isStopped) return;
    this.#visit.host.enterReaction(this.#token);
    try {
      this.#visit.emitted(value, this.#destination as SubscriberLike<unknown>);
      if (!this.closed) this.#end();
    } finally {
      this.#visit.host.leaveReaction();
    }
  }

  #end(): void {
    this.isStopped = true;
    try {
      this.#destination?.complete();
    } finally {
      this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    try {
      super.unsubscribe();
    } finally {
      if (!this.#hasBegun) this.#visit.site.waiting -= 1;
      else this.#visit.site.active -= 1;
      if (this.#isSubstream) this.#visit.site.substreams -= 1;
      else this.#token.release();
      if (this.#visit.host.cause === undefined) this.#visit.host.touched();
    }
  }

  protected failed(error: unknown): void {
    const host = this.#visit.host;
    const isMoved = host.isDirect && this.#isMoved();
    const before = isMoved ? undefined : host.enter(this.#token);
    try {
      this.#destination?.error(error);
    } finally {
      if (!isMoved) host.leave(before);
    }
  }

  protected completed(): void {
    const host = this.#visit.host;
    const isMoved = host.isDirect && this.#isMoved();
    const before = isMoved ? undefined : host.enter(this.#token);
    try {
      this.#destination?.complete();
    } finally {
      if (!isMoved) host.leave(before);
    }
  }

  /** It emits, or could, because of what is fed: it is a part of the input, and lasts as long. */
  isFed(): void {
    if (this.#isSubstream || !this.#hasBegun || this.closed) return;
    this.#isSubstream = true;
    this.#visit.site.substreams += 1;
    this.#token.release();
  }

  /** Whether it says this because of what is being fed: then that is the cause. */
  #isMoved(): boolean {
    if (this.#isBeginning) return false;
    this.isFed();
    return true;
  }
}
