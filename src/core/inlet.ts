/** The consumer half of a stage: its subscriptions, the events that wait to be handled, and when to ask for more. */
import { SluiceError } from "./errors.ts";
import { EventPool, type EventHandler } from "./event-pool.ts";
import { NORMAL, type ExitReason, type Outlet, type Subscribable } from "./protocol.ts";
import { GivingBack, LedgerEntry } from "./giving-back.ts";
import { InletLink, type LinkSettings } from "./inlet-link.ts";
import type { Continuation } from "./mailbox.ts";
import { Queue } from "./queue.ts";
import { FULL_CREDIT, post, spend } from "./scheduler.ts";
import { RUNNING, STOPPING, isThenable, type ConsumingHalf, type Note, type StageCore } from "./stage.ts";
import type { CancelInfo, Subscription } from "./subscription.ts";

export interface InletSettings {
  readonly identity: object;
  /** Gets `self` behind its arguments. */
  readonly handleEvents: ((events: readonly unknown[], from: Subscription, self: unknown) => unknown) | undefined;
  readonly handleEvent: EventHandler | undefined;
  readonly concurrency: number;
  readonly isOrdered: boolean;
  readonly handleSubscribe: ((from: Subscription) => unknown) | undefined;
  readonly handleCancel: ((info: CancelInfo, from: Subscription) => unknown) | undefined;
}

/** What became of the events that a stage received; received = queued + inCallback + handled + failed + lost + returned. */
export interface InputCounts {
  /** All that came from its producers. */
  readonly received: number;
  /** Received, and not yet given to a callback. */
  readonly queued: number;
  /** Given to a callback that has not settled. */
  readonly inCallback: number;
  /** Their callback has settled. */
  readonly handled: number;
  /** Their callback has thrown or rejected. */
  readonly failed: number;
  /** Thrown away by the end of this stage. */
  readonly lost: number;
  /** Given back to their producers, to be delivered again (`onCrash: "redeliver"`). */
  readonly returned: number;
}

type Entry =
  | { readonly type: "note"; readonly note: Note }
  | { readonly type: "end"; readonly link: InletLink; readonly info: CancelInfo };

export class InletHalf implements ConsumingHalf {
  readonly stage: StageCore;
  /** What the handlers get of their stage. */
  self: unknown;
  handled = 0;
  failed = 0;

  readonly #settings: InletSettings;
  readonly #handleEvents: (events: readonly unknown[], from: Subscription, self: unknown) => unknown;
  readonly #links = new Set<InletLink>();
  /** The outlets that this stage has left at its end. */
  readonly #left: Outlet<unknown>[] = [];
  /** A link and then its list, or an entry of another kind alone. */
  readonly #queue = new Queue<InletLink | readonly unknown[] | Entry>();
  readonly #pool: EventPool | undefined;
  readonly #continuation: Continuation;
  #received = 0;
  #queued = 0;
  #inCallback = 0;
  #lost = 0;
  readonly #givingBack: GivingBack;
  /** The list that is being handled, and how far: unless it is one batch. */
  #list: readonly unknown[] | undefined;
  /** Whose events are being handled. */
  #link: InletLink | undefined;
  #next = 0;
  #batchSize = 0;
  /** How many of its events were asked for: what comes beyond that earns no demand. */
  #asked = 0;
  /** The shutdown of a producer, which is what becomes of this stage when the others have ended. */
  #lastShutdown: ExitReason | undefined;

  constructor(stage: StageCore, settings: InletSettings) {
    this.stage = stage;
    this.#settings = settings;
    this.#handleEvents = settings.handleEvents ?? (() => undefined);
    if (settings.handleEvent !== undefined) {
      this.#pool = new EventPool(this, settings.handleEvent, settings.concurrency, settings.isOrdered);
    }
    this.#givingBack = new GivingBack(this, this.#pool !== undefined);
    this.#continuation = {
      resolved: (result) => {
        if (this.#link?.ledger !== undefined && stage.isTooLate(result)) this.#giveBackBatch(this.#link);
        else {
          stage.take(result, "handleEvents");
          this.#batchDone();
        }
      },
      rejected: (error) => this.#batchFailed(error, this.#link),
    };
  }

  get counts(): InputCounts {
    return {
      received: this.#received,
      queued: this.#queued + this.#givingBack.waiting,
      inCallback: this.#inCallback + this.active - this.#givingBack.overdue,
      handled: this.handled,
      failed: this.failed,
      lost: this.#lost,
      returned: this.#givingBack.returned,
    };
  }

  get links(): ReadonlySet<InletLink> {
    return this.#links;
  }

  get active(): number {
    return this.#pool?.active ?? 0;
  }

  get isDone(): boolean {
    return this.#list === undefined && this.#queue.length === 0;
  }

  // ---- subscriptions

  subscribe(target: Subscribable<unknown>, settings: LinkSettings, replaces?: { readonly subscription: Subscription; readonly reason: ExitReason }): InletLink {
    const link = new InletLink(this, target, settings, this.#settings.identity);
    if (this.stage.phase !== RUNNING) {
      link.isOver = true;
      link.settle(this.stage.reason ?? NORMAL);
      return link;
    }
    const old = replaces === undefined ? undefined : this.#find(replaces.subscription);
    this.#links.add(link);
    try {
      link.open(old !== undefined && old.outlet === link.outlet && replaces !== undefined ? { port: old.up, reason: replaces.reason } : undefined);
    } catch (error) {
      // A producer of another make that cannot be subscribed to: nobody waits for it.
      this.#links.delete(link);
      throw error;
    }
    this.stage.used();
    if (old !== undefined && replaces !== undefined) {
      if (old.outlet === link.outlet) old.isCancelling = true;
      else old.cancelUp(replaces.reason);
    }
    const { handleSubscribe } = this.#settings;
    // The first ask follows `handleSubscribe`, as in GenStage.
    this.stage.inTurn(() => {
      if (handleSubscribe !== undefined) this.stage.call(() => handleSubscribe(link));
      this.stage.call(() => link.start());
    });
    return link;
  }

  /** Whether it is, or was, a subscription of this stage. */
  owns(subscription: unknown): boolean {
    return subscription instanceof InletLink && subscription.stage === this.stage;
  }

  #find(subscription: Subscription): InletLink | undefined {
    for (const link of this.#links) if (link === subscription) return link;
    return undefined;
  }

  // ---- messages of producers

  received(link: InletLink, events: readonly unknown[]): void {
    this.#received += events.length;
    const { ledger } = link;
    ledger?.add(events);
    if (link.isOver || this.stage.phase >= STOPPING || this.stage.reason !== undefined) {
      if (this.#givingBack.has(link)) this.#givingBack.take(link, events.length);
      else {
        this.#lost += events.length;
        this.stage.reportLost(events.length);
      }
      if (link.isEnded && this.stage.phase < STOPPING) link.refuse();
      return;
    }
    this.#queued += events.length;
    if (this.#list === undefined && this.#queue.length === 0 && (this.stage.outlet === undefined || this.stage.outlet.isOpen)) {
      if (this.#pool === undefined && this.stage.isIdle && link.isOneBatch(events)) this.#runWhole(link, events);
      else this.#begin(link, events);
    } else {
      this.#queue.push(link);
      this.#queue.push(events);
    }
  }

  ended(link: InletLink, info: CancelInfo): void {
    if (link.isOver) {
      if (this.#givingBack.has(link)) this.#givingBack.confirmed(link);
      else if (!link.isEnded && info.reason.type === "error" && this.stage.reason?.type === "error" && this.stage.reason.error !== info.reason.error) {
        // Two producers fail in one turn: this stage ends with the first error, and tells the second.
        this.stage.report({ kind: "late-failure", error: info.reason.error });
      } else if (link.isEnded && this.stage.isAlive) this.stage.report({ kind: "late-signal", partner: link.name, signal: "end" });
      return;
    }
    link.isOver = true;
    link.isEnded = true;
    if (this.isDone && this.active === 0) this.#finish(link, info);
    else this.#queue.push({ type: "end", link, info });
  }

  inBand(note: Note): boolean {
    if (this.isDone && this.active === 0) return false;
    this.#queue.push({ type: "note", note });
    return true;
  }

  /** A subscription has ended and all its events are handled: its cancel mode decides what becomes of the stage. */
  #finish(link: InletLink, info: CancelInfo): void {
    this.#links.delete(link);
    link.settle(info.reason);
    this.#givingBack.allHandled(link, info);
    const { handleCancel } = this.#settings;
    if (handleCancel !== undefined) this.stage.call(() => handleCancel(info, link));
    this.stage.call(() => this.#afterEnd(link, info));
  }

  #afterEnd(link: InletLink, info: CancelInfo): void {
    const { reason } = info;
    if (this.stage.phase !== RUNNING || isHarmless(info)) return;
    switch (link.settings.cancel) {
      case "temporary":
        return;
      case "transient":
        if (reason.type === "error") this.#endWith(link, reason);
        return;
      case "permanent":
        this.#endWith(link, reason);
        return;
      case "last":
        if (link.isCancelling) return;
        if (reason.type === "error") this.#endWith(link, reason);
        else {
          if (reason.type === "shutdown") this.#lastShutdown = reason;
          for (const other of this.#links) if (other.settings.cancel === "last") return;
          this.#endWith(link, this.#lastShutdown ?? reason);
        }
    }
  }

  #endWith(link: InletLink, reason: ExitReason): void {
    this.stage.report({ kind: "consumer-stopping", partner: link.name, reason });
    if (reason.type === "error") this.stage.fail(reason.error, reason);
    else if (reason.type === "shutdown") this.stage.end(reason);
    else this.finish(reason);
  }

  /** No more is taken in: the producers are left, and what is queued is handled. */
  finish(cause?: ExitReason): void {
    this.tell(NORMAL);
    this.stage.finish(cause);
  }

  // ---- handling

  work(): boolean {
    if (this.#list === undefined) {
      if (this.#queue.length === 0) return false;
      // A producerConsumer takes a message in when one event can be delivered now, and then handles the whole of it.
      if (this.stage.outlet !== undefined && !this.stage.outlet.isOpen) return false;
      const first = this.#queue.peek();
      if (!(first instanceof InletLink)) {
        // What comes in-band waits until the calls before it have settled.
        if (this.active > 0) return false;
        this.#queue.shift();
        this.#takeEntry(first as Entry);
        return true;
      }
      this.#queue.shift();
      this.#begin(first, this.#queue.shift() as readonly unknown[]);
    }
    if (this.#pool !== undefined) return this.#feed(this.#pool);
    this.#runBatch();
    return true;
  }

  #takeEntry(entry: Entry): void {
    if (entry.type === "note") this.stage.reachInlet(entry.note);
    else this.#finish(entry.link, entry.info);
  }

  #begin(link: InletLink, events: readonly unknown[]): void {
    this.#link = link;
    this.#list = events;
    this.#next = 0;
    // What is left of a producer that is gone comes as one batch, as in GenStage.
    this.#batchSize = link.isOver ? events.length : link.batchSize;
    this.#asked = link.isAutomatic && !link.isOver ? Math.min(events.length, link.settings.window.outstanding) : events.length;
    if (this.#asked < events.length) this.#reportExcess(link, events.length);
  }

  /** One report for each batch that holds some of them, as in GenStage. */
  #reportExcess(link: InletLink, count: number): void {
    for (let from = 0; from < count; from += this.#batchSize) {
      const end = Math.min(count, from + this.#batchSize);
      const excess = end - Math.max(from, this.#asked);
      if (excess > 0) this.stage.report({ kind: "excess-events", partner: link.name, count: excess });
    }
  }

  /**
   * A list that is one batch, for an idle stage: it never becomes a part of the stage's state. To store a young list in an
   * old object makes V8 remember it: 146 -> 133 ns an event at 1/0 without.
   */
  #runWhole(link: InletLink, events: readonly unknown[]): void {
    this.stage.isPumping = true;
    if (this.#call(link, events)) {
      const count = this.#settle();
      link.ledger?.handled(count);
      link.handled(count);
    } else {
      this.#link = link;
      this.#asked = events.length;
    }
    this.stage.isPumping = false;
  }

  #runBatch(): void {
    const list = this.#list as readonly unknown[];
    const end = Math.min(list.length, this.#next + this.#batchSize);
    // A list is handed on uncopied unless it is longer than a batch.
    const batch = this.#next === 0 && end === list.length ? list : list.slice(this.#next, end);
    this.#next = end;
    if (this.#call(this.#link as InletLink, batch)) this.#batchDone();
  }

  /** Calls the handler. Returns whether it has handled the batch: otherwise it failed, or returned a promise. */
  #call(link: InletLink, batch: readonly unknown[]): boolean {
    const { stage } = this;
    this.#queued -= batch.length;
    this.#inCallback = batch.length;
    stage.meter?.busy();
    link.ledger?.beginBatch(batch.length);
    try {
      const result = this.#handleEvents(batch, link, this.self);
      if (Array.isArray(result) && stage.outlet !== undefined) {
        if (result.length > 0) stage.outlet.produced(result);
      } else if (result !== undefined) {
        if (isThenable(result)) {
          stage.wait(result, this.#continuation);
          return false;
        }
        stage.take(result, "handleEvents");
      }
    } catch (error) {
      this.#batchFailed(error, link);
      return false;
    }
    return true;
  }

  /** Counts the batch as handled. */
  #settle(): number {
    const count = this.#inCallback;
    this.handled += count;
    this.#inCallback = 0;
    return count;
  }

  #batchDone(): void {
    const count = this.#settle();
    const asked = Math.min(count, this.#asked);
    this.#asked -= asked;
    this.#link?.ledger?.handled(count);
    this.#link?.handled(asked);
    if (this.#list === undefined) return;
    if (this.#next < this.#list.length) this.stage.spendOn(count);
    else this.#list = undefined;
  }

  #batchFailed(error: unknown, link: InletLink | undefined): void {
    if (link?.ledger === undefined) {
      this.failed += this.#inCallback;
      this.#inCallback = 0;
    } else this.#giveBackBatch(link);
    this.stage.callbackFailed(error);
  }

  #giveBackBatch(link: InletLink): void {
    this.#givingBack.take(link, this.#inCallback);
    this.#inCallback = 0;
  }

  /** Starts calls for events of the list while there is room for more of them. */
  #feed(pool: EventPool): boolean {
    const list = this.#list as readonly unknown[];
    const link = this.#link as InletLink;
    const { ledger } = link;
    const { stage } = this;
    const from = this.#next;
    /** Events that returned at once, and how many of them were asked for. */
    let done = 0;
    let check = 1;
    stage.meter?.busy();
    while (this.#next < list.length && pool.hasRoom && done < this.#batchSize && this.#list === list) {
      if (this.#next - from === check) {
        // After 1, 2, 4, … of them, as they may be slow, then after each 64: a look at the clock.
        check += Math.min(check, 64);
        if (spend(FULL_CREDIT)) break;
      }
      const isAsked = this.#asked > 0;
      if (isAsked) this.#asked -= 1;
      const event = list[this.#next];
      this.#next += 1;
      this.#queued -= 1;
      if (ledger !== undefined) {
        const entry = new LedgerEntry(this.#givingBack, link, ledger, isAsked);
        if (pool.start(event, entry, link)) entry.handled();
      } else if (pool.start(event, isAsked ? link : undefined, link) && isAsked) done += 1;
    }
    pool.flush();
    if (done > 0) link.handled(done);
    const started = this.#next - from;
    if (this.#list === list) {
      if (this.#next >= list.length) this.#list = undefined;
      else if (pool.hasRoom && spend(0)) stage.pause();
    }
    return started > 0;
  }

  /** Emits what calls for single events have returned at once. */
  flush(): void {
    this.#pool?.flush();
  }

  // ---- the end

  tell(reason: ExitReason): void {
    for (const link of this.#links) {
      const returns = link.ledger !== undefined;
      if (returns) this.#givingBack.add(link);
      if (!link.isOver) {
        link.isOver = true;
        this.#left.push(link.outlet);
        // A cancel of its own was the last message on the wire.
        if (!link.isCancelling) post(link.up, { type: "cancel", kind: "down", reason, ...(returns && { returns }) });
      }
      link.settle(reason);
    }
    this.#links.clear();
  }

  drop(): number {
    let dropped = 0;
    const link = this.#link;
    if (this.#list !== undefined && link !== undefined) dropped = this.#dropFrom(link, this.#list.length - this.#next);
    while (this.#queue.length > 0) {
      const from = this.#queue.shift();
      if (!(from instanceof InletLink)) continue;
      dropped += this.#dropFrom(from, (this.#queue.shift() as readonly unknown[]).length);
    }
    this.#lost += dropped;
    this.#queued = 0;
    this.#list = undefined;
    return dropped;
  }

  /** Returns how many of these events are lost: none where they are given back. */
  #dropFrom(link: InletLink, count: number): number {
    if (link.ledger === undefined) return count;
    this.#givingBack.take(link, count);
    return 0;
  }

  giveBack(): void {
    this.#givingBack.begin();
  }

  /** Its events have been given back: those of the callback in progress, which nobody waits for any more, too. */
  abandon(link: InletLink): void {
    if (this.#link === link) this.#inCallback = 0;
  }

  async released(): Promise<void> {
    await Promise.all(this.#left.map((outlet) => outlet.released()));
  }
}

/** A producer's refusal of a second subscription harms nobody: the first goes on (as in GenStage). That of somebody else, with which a producer fails, is an error as any. */
function isHarmless({ kind, reason }: CancelInfo): boolean {
  return kind === "cancel" && reason.type === "error" && reason.error instanceof SluiceError && reason.error.code === "SLUICE_ALREADY_SUBSCRIBED";
}
