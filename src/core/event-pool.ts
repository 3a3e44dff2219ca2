/** Runs `handleEvent` for single events: one after the other, or up to `concurrency` at once while the mailbox goes on. */
import type { Continuation } from "./mailbox.ts";
import { Pending } from "./pending.ts";
import type { Port } from "./protocol.ts";
import { post, spend } from "./scheduler.ts";
import { RUNNING, STOPPING, isThenable, type StageCore } from "./stage.ts";

/** Gets `self` and the subscription behind the event. */
export type EventHandler = (event: unknown, self: unknown, from: unknown) => unknown;

/** Whose demand a handled event gives back. */
interface Origin {
  handled(count: number): void;
  /** Of an event that is given back when its call fails. */
  readonly isReturned?: boolean;
  failed?(): void;
  /** Its call has settled; its output waits, or comes too late, and then its event is given back. */
  waits?(): void;
}

/** Whose events they are, and where the outcomes are counted. */
interface Owner {
  readonly stage: StageCore;
  readonly self: unknown;
  handled: number;
  failed: number;
}

/** A call in flight. It owns the two callbacks of its promise, so that a call costs no closure. */
class Slot {
  origin: Origin | undefined;
  output: unknown;
  isDone = false;
  readonly onValue: (value: unknown) => void;
  readonly onError: (error: unknown) => void;

  constructor(pool: EventPool) {
    this.onValue = (value) => pool.resolved(this, value);
    this.onError = (error) => pool.rejected(this, error);
  }
}

/**
 * An event is in flight until its call has settled and its output was emitted. In an ordered pool an output waits in its
 * slot until all before it are done; the slot stays taken, so what waits is bounded by the size of the pool.
 */
export class EventPool {
  readonly #stage: StageCore;
  readonly #handler: EventHandler;
  readonly #size: number;
  readonly #isOrdered: boolean;
  readonly #owner: Owner;
  readonly #free: Slot[] = [];
  /** Ordered: the slots in use, a ring in the order of their events. */
  readonly #ring: Slot[] = [];
  #first = 0;
  #used = 0;
  /** Calls that have returned, so many of these, until the turn in which their outputs leave. */
  readonly #arrived: Slot[] = [];
  #arrivals = 0;
  /** Outputs, until they leave as one list. */
  #outputs: unknown[] = [];
  /** Calls that have not settled. */
  active = 0;
  /** For a pool of one, whose call holds the mailbox. */
  #serialOrigin: Origin | undefined;
  #hasFailed = false;
  readonly #serial: Continuation;
  #isPosted = false;

  constructor(owner: Owner, handler: EventHandler, size: number, isOrdered: boolean) {
    const { stage } = owner;
    this.#owner = owner;
    this.#stage = stage;
    this.#handler = handler;
    this.#size = size;
    // Only outputs have an order; a consumer has none.
    this.#isOrdered = isOrdered && size > 1 && stage.outlet !== undefined;
    this.#serial = {
      resolved: (value) => {
        const origin = this.#serialOrigin;
        this.active = 0;
        this.#owner.handled += 1;
        if (origin?.isReturned === true && this.#stage.isTooLate(value)) origin.waits?.();
        else {
          this.#stage.take(value, "handleEvent");
          origin?.handled(1);
        }
      },
      rejected: (error) => {
        this.active = 0;
        this.#countFailed(this.#serialOrigin);
        this.#stage.callbackFailed(error);
      },
    };
  }

  get hasRoom(): boolean {
    return (this.#isOrdered ? this.#used : this.active) < this.#size;
  }

  /**
   * Calls the handler. Returns whether it is done with: then its output waits for {@link flush}, and the caller gives the
   * demand back. `from` is the subscription by which the event came.
   */
  start(event: unknown, origin: Origin | undefined, from: unknown): boolean {
    let result: unknown;
    let isPending: boolean;
    try {
      result = this.#handler(event, this.#owner.self, from);
      if (result instanceof Pending) {
        this.flush();
        this.active += 1;
        result.begun(this, origin);
        return false;
      }
      isPending = isThenable(result);
    } catch (error) {
      this.#fail(error, origin);
      return false;
    }
    if (isPending) {
      // What is emitted comes before what is awaited.
      this.flush();
      this.active += 1;
      if (this.#size === 1) {
        this.#serialOrigin = origin;
        this.#stage.wait(result as PromiseLike<unknown>, this.#serial);
      } else {
        const slot = this.#take(origin);
        Promise.resolve(result).then(slot.onValue, slot.onError);
      }
      return false;
    }
    this.#owner.handled += 1;
    if (this.#used > 0) {
      const slot = this.#take(origin);
      slot.output = result;
      slot.isDone = true;
      origin?.waits?.();
      return false;
    }
    this.#collect(result);
    return true;
  }

  /** Emits what calls have returned at once. */
  flush(): void {
    if (this.#outputs.length === 0) return;
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#stage.take(outputs, "handleEvent");
  }

  resolved(slot: Slot, value: unknown): void {
    if (this.#stage.outlet === undefined) {
      this.active -= 1;
      this.#owner.handled += 1;
      this.#stage.take(value, "handleEvent");
      slot.origin?.handled(1);
      this.#put(slot);
      this.goOn();
    } else {
      // What calls return in one turn of the microtasks leaves as one list.
      slot.output = value;
      this.#arrived[this.#arrivals] = slot;
      this.#arrivals += 1;
      this.#goOnLater();
    }
  }

  rejected(slot: Slot, error: unknown): void {
    const { origin } = slot;
    this.#takeIn();
    this.active -= 1;
    if (!this.#isOrdered) this.#put(slot);
    this.#fail(error, origin);
    this.goOn();
  }

  /** A call that is settled by a call: wherever that was, what it makes due has a message of its own, one for all of a turn. */
  settled(pending: Pending): void {
    this.active -= 1;
    this.#owner.handled += 1;
    (pending.origin as Origin | undefined)?.handled(1);
  }

  broken(pending: Pending, error: unknown): void {
    this.active -= 1;
    this.#fail(error, pending.origin as Origin | undefined);
    this.goOnSoon();
  }

  goOnSoon(): void {
    const stage = this.#stage;
    if (stage.phase === RUNNING && stage.inlet?.isDone === true && stage.meter === undefined) return;
    this.#goOnLater();
  }

  #goOnLater(): void {
    if (this.#isPosted) return;
    this.#isPosted = true;
    post(this.#turn, undefined);
  }

  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      this.#takeIn();
      if (this.#stage.phase >= STOPPING) this.#stage.settled();
      else this.#stage.pump();
    },
  };

  goOn(): void {
    if (this.#stage.phase >= STOPPING) this.#stage.settled();
    else if (spend(1)) this.#stage.nudge();
    else this.#stage.pump();
  }

  #collect(result: unknown): void {
    if (Array.isArray(result) && this.#stage.outlet !== undefined) for (const event of result) this.#outputs.push(event);
    else if (result !== undefined && result !== null) {
      // What it may end comes after what was returned before.
      this.flush();
      this.#stage.take(result, "handleEvent");
    }
  }

  /** What finished is delivered, then the error. */
  #fail(error: unknown, origin: Origin | undefined): void {
    this.#countFailed(origin);
    this.#hasFailed = true;
    this.flush();
    for (; this.#used > 0; this.#used -= 1) {
      const slot = this.#ring[this.#first] as Slot;
      this.#first = (this.#first + 1) % this.#size;
      if (!slot.isDone) continue;
      const isReturned = slot.origin?.isReturned === true;
      if (isReturned && this.#stage.isTooLate(slot.output)) continue;
      this.#stage.take(slot.output, "handleEvent");
      if (isReturned) slot.origin?.handled(1);
    }
    this.#stage.callbackFailed(error);
  }

  #countFailed(origin: Origin | undefined): void {
    if (origin?.isReturned === true) origin.failed?.();
    else this.#owner.failed += 1;
  }

  /** Calls have returned: their outputs leave, in an ordered pool as far as all before them have. */
  #takeIn(): void {
    const count = this.#arrivals;
    if (count === 0) return;
    this.#arrivals = 0;
    this.active -= count;
    this.#owner.handled += count;
    for (let i = 0; i < count; i += 1) {
      const slot = this.#arrived[i] as Slot;
      slot.isDone = true;
      slot.origin?.waits?.();
    }
    if (!this.#isOrdered || this.#hasFailed) this.#emit(this.#arrived, 0, count);
    else {
      const first = this.#first;
      let done = 0;
      while (done < this.#used && (this.#ring[(first + done) % this.#size] as Slot).isDone) done += 1;
      this.#first = (first + done) % this.#size;
      this.#used -= done;
      this.#emit(this.#ring, first, done);
    }
  }

  /** The outputs first, then the demand. */
  #emit(ring: readonly Slot[], first: number, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const slot = ring[(first + i) % this.#size] as Slot;
      // Its event waits to be given back.
      if (slot.origin?.isReturned === true && this.#stage.isTooLate(slot.output)) slot.origin = undefined;
      else this.#collect(slot.output);
    }
    this.flush();
    for (let i = 0; i < count; i += 1) {
      const slot = ring[(first + i) % this.#size] as Slot;
      slot.origin?.handled(1);
      this.#put(slot);
    }
  }

  #take(origin: Origin | undefined): Slot {
    const slot = this.#free.pop() ?? new Slot(this);
    slot.origin = origin;
    if (this.#isOrdered) {
      this.#ring[(this.#first + this.#used) % this.#size] = slot;
      this.#used += 1;
    }
    return slot;
  }

  #put(slot: Slot): void {
    slot.origin = undefined;
    slot.output = undefined;
    slot.isDone = false;
    this.#free.push(slot);
  }
}
