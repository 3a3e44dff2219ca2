/** The producer half of a stage: its consumers, its buffer, and the account with its source. */
import { Buffer, type BufferKeep } from "./buffer.ts";
import { Door } from "./door.ts";
import type { Dispatcher, DispatcherFactory } from "./dispatcher.ts";
import { SluiceError, show } from "./errors.ts";
import { causeOf } from "./exit-reason.ts";
import type { Continuation } from "./mailbox.ts";
import { NORMAL, type Cancel, type ExitReason, type Outlet, type Return, type Subscribe, type Subscriber, type Wire } from "./protocol.ts";
import { LatestBuffer } from "./latest-buffer.ts";
import { checkOption } from "./options.ts";
import { OutletLink } from "./outlet-link.ts";
import { REDELIVERY_CHECKS, maxRedeliveriesOf } from "./redelivery.ts";
import { post } from "./scheduler.ts";
import { SourceAccount } from "./source-account.ts";
import { RUNNING, STOPPING, isThenable, type Note, type ProducingHalf, type StageCore } from "./stage.ts";
import type { CancelInfo, Consumption } from "./subscription.ts";
import { warnOnce } from "./warning.ts";

/** Whether a producer passes demand on now, or holds it until it is told to forward. */
export type DemandMode = "forward" | "accumulate";

export interface OutletSettings<Out> {
  readonly dispatcher: DispatcherFactory<Out>;
  readonly bufferSize: number;
  /** Undefined: a list that a callback returned is kept whole, and what is emitted beyond the bound fails the stage. */
  readonly bufferKeep: BufferKeep<Out> | undefined;
  /** Calls `handleBufferLow` when no more than so many events wait. */
  readonly bufferLow: number;
  readonly handleBufferLow: (() => unknown) | undefined;
  readonly demandMode: DemandMode;
  readonly whenUnused: "stop" | "wait";
  /** Undefined for a producerConsumer, whose demand opens its inlet, and for a producer that is driven from outside. */
  readonly handleDemand: ((demand: number, self: unknown) => unknown) | undefined;
  readonly handleSubscribe: ((from: Consumption) => unknown) | undefined;
  readonly handleCancel: ((info: CancelInfo, from: Consumption) => unknown) | undefined;
  readonly handleDiscarded: ((count: number) => unknown) | undefined;
}

/** What became of the events that a stage emitted; emitted = delivered + buffered + discarded + dropped + lost. */
export interface OutputCounts {
  /** Returned by callbacks, or emitted. */
  readonly emitted: number;
  /** Sent to consumers. */
  readonly delivered: number;
  /** Waiting for demand. */
  readonly buffered: number;
  /** What the bound of the buffer cost. */
  readonly discarded: number;
  /** Given to nobody, by the rule of the dispatcher (a hash). */
  readonly dropped: number;
  /** Thrown away by a stop. */
  readonly lost: number;
  /** The most events that were ever in the buffer. */
  readonly maxBuffered: number;
}

export class OutletHalf<Out> implements ProducingHalf, Outlet<Out> {
  readonly name: string;
  /** What the handlers get of their stage. */
  self: unknown;
  readonly active = 0;

  readonly #stage: StageCore;
  readonly #settings: OutletSettings<Out>;
  readonly #dispatcher: Dispatcher<Out>;
  readonly #buffer: Buffer<Out, Note>;
  /** Wires that are open, subscribed or about to. */
  readonly #links = new Set<OutletLink<Out>>();
  /** Those that were told of an error end and end with it, or report it. */
  readonly #receivers = new Set<OutletLink<Out>>();
  /**
   * With what the last consumer ended that left. In a diamond one error comes down on two ways: who has ended with it on
   * one has received it on the other.
   */
  #left: ExitReason | undefined;
  readonly #source = new SourceAccount();
  readonly #continuation: Continuation;
  readonly #door: Door<Out>;
  #demandMode: DemandMode;
  /** The source is not called any more: the end is on its way. */
  #isCompleted = false;
  /** Consumers that have left, or heard of the end, and hold events that they may give back. */
  readonly #holders = new Set<OutletLink<Out>>();
  /** How often the events that are being dispatched have been tried already. */
  #times = 0;
  /** How many events the dispatcher had in its queues when it refused the first one of the buffer. */
  #refusedAt: number | undefined;
  /** Somebody wants to know when few events wait. */
  readonly #watchesLow: boolean;
  /** More events wait than `bufferLow`. */
  #isAboveLow = false;
  #emitted = 0;
  #delivered = 0;
  #discarded = 0;
  #dropped = 0;
  #lost = 0;

  constructor(stage: StageCore, settings: OutletSettings<Out>) {
    this.#stage = stage;
    this.#settings = settings;
    this.name = stage.name;
    this.#demandMode = settings.demandMode;
    this.#watchesLow = settings.handleBufferLow !== undefined;
    this.#buffer = bufferOf(settings.bufferSize, settings.bufferKeep);
    this.#dispatcher = settings.dispatcher({
      bufferSize: settings.bufferSize,
      report: (finding) => stage.report(finding),
      dropped: (count) => {
        this.#dropped += count;
      },
    });
    checkOption("dispatcher", this.#dispatcher, isDispatcher);
    this.#door = new Door(stage, this);
    this.#continuation = {
      resolved: (value) => stage.take(value, "handleDemand"),
      rejected: (error) => stage.callbackFailed(error),
    };
  }

  get dispatchOptions(): readonly string[] {
    const options = this.#dispatcher.options ?? [];
    return this.#dispatcher.redelivers === true ? [...options, ...Object.keys(REDELIVERY_CHECKS)] : options;
  }

  /** The dispatcher's queues count as the buffer. */
  get buffered(): number {
    return this.#buffer.size + (this.#dispatcher.queued ?? 0);
  }

  get counts(): OutputCounts {
    return {
      emitted: this.#emitted,
      delivered: this.#delivered,
      buffered: this.buffered,
      discarded: this.#discarded,
      dropped: this.#dropped,
      lost: this.#lost,
      maxBuffered: this.#buffer.greatest,
    };
  }

  get links(): ReadonlySet<OutletLink<Out>> {
    return this.#links;
  }

  /** How many more events fit: room in the buffer and open demand. */
  get room(): number {
    // A dispatcher with queues may have to hold back what it could take from others.
    const isHeld = this.#demandMode === "accumulate" || this.#dispatcher.queued !== undefined || this.#dispatcher.isFull === true || this.#buffer.size > 0;
    const open = isHeld ? 0 : this.#dispatcher.capacity;
    return Math.max(0, this.#settings.bufferSize - this.buffered) + open;
  }

  get isOpen(): boolean {
    return this.#buffer.isEmpty && this.#dispatcher.capacity > 0 && this.#dispatcher.isFull !== true;
  }

  get isDone(): boolean {
    return this.#buffer.isEmpty && (this.#dispatcher.queued ?? 0) === 0;
  }

  awaitHandled(): boolean {
    if (this.#holders.size > 0) return false;
    for (const link of this.#links) {
      if (!link.isRedelivered) continue;
      this.#links.delete(link);
      this.#dispatcher.cancel(link);
      link.isSubscribed = false;
      this.#holders.add(link);
      link.end(NORMAL, "down");
    }
    return this.#holders.size === 0;
  }

  get demandMode(): DemandMode {
    return this.#demandMode;
  }

  // ---- consumers

  connect(subscriber: Subscriber<Out>, replaces?: Subscribe["replaces"]): Wire<Out> {
    const link = new OutletLink(this.#stage, this, subscriber);
    this.#links.add(link);
    post(link, replaces === undefined ? SUBSCRIBE : { type: "subscribe", replaces });
    return link;
  }

  released(): Promise<void> {
    // Behind the message of the departure, and behind the look at who is left that it posts.
    return new Promise((resolve, reject) => {
      const look = { receive: () => this.#stage.released().then(resolve, reject) };
      post({ receive: () => post(look, undefined) }, undefined);
    });
  }

  subscribe(link: OutletLink<Out>, { replaces }: Subscribe): void {
    // It has waited in the mailbox, and the stage has ended meanwhile.
    if (link.isOver) return;
    // The old one goes first, whatever becomes of the new one; what its leaving frees is delivered before that joins.
    if (replaces !== undefined && replaces.port instanceof OutletLink) {
      const old = replaces.port as OutletLink<Out>;
      old.leave({ type: "cancel", kind: "cancel", reason: replaces.reason, ...(old.isRedelivered && { returns: true }) });
      this.#stage.deferFirst(link, SUBSCRIBE);
      return;
    }
    const { phase, reason } = this.#stage;
    // A normal end is told when it is certain: releasing what the stage holds may still fail.
    if (phase === STOPPING && reason?.type === "normal") return;
    if (reason !== undefined) {
      this.#links.delete(link);
      this.#tell(link, reason);
      return;
    }
    const dropped = this.#dropped;
    const { queued } = this.#dispatcher;
    try {
      this.#dispatcher.subscribe(link);
    } catch (error) {
      this.#links.delete(link);
      this.#stage.report({ kind: "refused", partner: link.name, error });
      link.end({ type: "error", error }, "cancel");
      return;
    }
    this.#account(queued, dropped);
    link.isSubscribed = true;
    this.#stage.used();
    const { handleSubscribe } = this.#settings;
    if (handleSubscribe !== undefined) this.#stage.call(() => handleSubscribe(link));
    this.settle();
  }

  ask(link: OutletLink<Out>, demand: number): void {
    const dropped = this.#dropped;
    const { queued } = this.#dispatcher;
    this.#dispatcher.ask(link, demand);
    this.#account(queued, dropped);
    this.settle();
  }

  /** A consumer goes, and its open demand with it. */
  leave(link: OutletLink<Out>, { kind, reason, returns }: Cancel): void {
    this.#links.delete(link);
    const wasSubscribed = link.isSubscribed;
    link.isSubscribed = false;
    if (kind === "cancel" || returns === true) link.end(reason, "cancel");
    else link.isOver = true;
    if (returns === true) {
      link.leftWith = reason;
      this.#holders.add(link);
    }
    if (!wasSubscribed) return;
    if (kind === "down") this.#left = reason;
    const dropped = this.#dropped;
    const { queued } = this.#dispatcher;
    this.#dispatcher.cancel(link);
    this.#account(queued, dropped);
    const { handleCancel } = this.#settings;
    if (handleCancel !== undefined) this.#stage.call(() => handleCancel({ kind, reason }, link));
    this.settle();
    // What it gives back comes first.
    if (returns !== true) this.#checkUnused(reason);
  }

  takeBack(link: OutletLink<Out>, { lists }: Return): void {
    this.#holders.delete(link);
    this.#refusedAt = undefined;
    const most = maxRedeliveriesOf(link.options);
    const isOpen = this.#stage.phase < STOPPING;
    // The last first, as each goes before all others.
    for (const { events, times } of [...lists].reverse()) {
      this.#delivered -= events.length;
      if (isOpen && times <= most) this.#buffer.putBack(events as readonly Out[], times);
      else {
        this.#lost += events.length;
        // An ended stage has nobody to deliver it to.
        this.#stage.report({ kind: "redelivery-failed", partner: link.name, count: events.length, events, reason: link.leftWith ?? NORMAL });
      }
    }
    this.settle();
    this.#checkUnused(link.leftWith ?? NORMAL);
  }

  get times(): number {
    return this.#times;
  }

  /** The last consumer goes while a callback is in progress, and nothing else waits behind it: the stage stops at once. */
  leaveMidCall(reason: ExitReason): void {
    if (!this.#stopsUnused) return;
    for (const link of this.#links) if (!link.isLeaving) return;
    if (this.#stage.hasMailOnlyFrom((port) => port instanceof OutletLink && port.isLeaving)) this.#stage.stop(causeOf(reason));
  }

  get #stopsUnused(): boolean {
    return this.#settings.whenUnused === "stop" && !this.#stage.isOwned && this.#stage.phase < STOPPING;
  }

  /** In a message of its own: what was posted before it is in the mailbox no more. */
  #checkUnused(reason: ExitReason): void {
    if (this.#links.size > 0 || this.#holders.size > 0 || !this.#stopsUnused) return;
    this.#stage.inTurn(() => {
      if (this.#links.size === 0 && this.#holders.size === 0 && this.#stopsUnused) this.#stage.stop(causeOf(reason));
    });
  }

  // ---- events

  produced(events: readonly Out[]): void {
    this.#accept(events);
  }

  /** Takes events from outside, in a message of their own. Returns how many more fit, those counted that wait for their turn. */
  post(events: readonly Out[]): number {
    const { room } = this;
    const { bufferSize, bufferKeep } = this.#settings;
    const open = bufferSize === Infinity ? 0 : Math.max(0, room - bufferSize);
    // What the source was asked for always fits.
    this.#door.post(events, open, bufferKeep === undefined ? Math.max(bufferSize, this.#source.owed) : bufferSize);
    this.#lookAtLow();
    return Math.max(0, room - this.#door.count);
  }

  posted(events: readonly Out[]): void {
    this.emit(events);
    this.#lookAtLow();
  }

  spareBuffer(limit: number): Buffer<Out> {
    return bufferOf(limit, this.#settings.bufferKeep);
  }

  trimFailed(error: unknown): void {
    this.#stage.end({ type: "error", error });
  }

  trimmed(count: number): void {
    this.discard(count);
    if (this.#settings.bufferKeep === undefined) this.#stage.fail(this.#bufferFull(0, count));
  }

  /** Counts events that came to the stage and were not taken in. */
  discard(count: number): void {
    this.#emitted += count;
    this.#discard(count);
  }

  /** Events from outside of a return: with a bound in any case. Returns how many more fit. */
  emit(events: readonly Out[]): number {
    this.#accept(events, this.#settings.bufferKeep === undefined);
    return this.room;
  }

  /** `isBounded`: what does not fit ends the stage. */
  #accept(events: readonly Out[], isBounded = false): void {
    const { length } = events;
    this.#emitted += length;
    if (this.#stage.phase >= STOPPING || this.#stage.reason !== undefined) {
      this.#lost += length;
      return;
    }
    const { owed } = this.#source;
    const paid = this.#source.pay(length);
    let taken = 0;
    // What is buffered goes first.
    if (this.#buffer.isEmpty && this.#demandMode === "forward" && this.#dispatcher.capacity > 0) {
      taken = this.#dispatch(events);
    }
    if (this.#stage.phase >= STOPPING) {
      this.#lost += length - taken;
      return;
    }
    // What the source was asked for is taken whatever the buffer holds: the consumer that asked may have left since.
    const discarded = taken < length ? this.#keep(events, taken, isBounded ? Math.max(this.#settings.bufferSize - this.buffered, owed - taken) : Infinity) : 0;
    // What was owed may be among the discarded.
    this.#source.serve(length - paid - discarded);
    // Mostly all is delivered and the source owes the rest: then there is nothing to settle.
    if (taken < length || this.#dispatcher.capacity > this.#source.owed) this.settle(true);
  }

  /** Keeps the events of a list from `from` on, at most `most` of them; returns how many were discarded. */
  #keep(events: readonly Out[], from: number, most: number): number {
    if (this.#settings.bufferKeep !== undefined) {
      const count = this.#push(events, from);
      if (count > 0) {
        // What was refused may be among them.
        this.#refusedAt = undefined;
        this.#discard(count);
      }
      return count;
    }
    const excess = events.length - from - Math.max(0, most);
    if (excess <= 0) {
      this.#buffer.add(events, from);
      return 0;
    }
    const fitting = events.length - excess;
    this.#buffer.add(events.slice(from, fitting));
    this.#discard(excess);
    this.#stage.fail(this.#bufferFull(fitting, events.length));
    return excess;
  }

  /** A key that throws ends the stage: what it cannot place now it cannot place later. */
  #push(events: readonly Out[], from: number): number {
    const before = this.#buffer.size;
    try {
      return this.#buffer.push(events, from);
    } catch (error) {
      this.#lost += events.length - from - (this.#buffer.size - before);
      this.#stage.end({ type: "error", error });
      return 0;
    }
  }

  #bufferFull(fitting: number, count: number): SluiceError {
    return new SluiceError(
      "SLUICE_BUFFER_FULL",
      `expected ${this.name} to emit at most ${fitting} more events, got: ${count} (bufferSize is ${this.#settings.bufferSize}; bufferKeep says which events to discard)`,
    );
  }

  /** What waits was more than `bufferLow` and is no more, those counted that wait at the door. */
  #lookAtLow(): void {
    const { handleBufferLow, bufferLow } = this.#settings;
    if (handleBufferLow === undefined) return;
    const isAbove = this.buffered + this.#door.count > bufferLow;
    if (isAbove) this.#isAboveLow = true;
    else if (this.#isAboveLow) {
      this.#isAboveLow = false;
      this.#stage.call(handleBufferLow);
    }
  }

  #discard(count: number): void {
    this.#discarded += count;
    const { handleDiscarded, bufferKeep, bufferSize } = this.#settings;
    const isHeard = this.#stage.report({ kind: "discarded", count });
    if (handleDiscarded !== undefined) this.#stage.call(() => handleDiscarded(count));
    // Whoever keeps only the latest, of all or of each key, wants no others.
    else if (!isHeard && bufferSize > 1 && (bufferKeep === "first" || bufferKeep === "last")) {
      warnOnce("discarded", `${this.name} has discarded events, as its buffer of ${bufferSize} is full, and nobody heard of it: give it a handleDiscarded or a handleReport.`);
    }
  }

  /** After a call of the dispatcher: what left its queues was delivered, what came into them was not, nor what it dropped. */
  #account(queued: number | undefined, dropped: number): void {
    if (queued === undefined && dropped === this.#dropped) return;
    this.#delivered -= (this.#dispatcher.queued ?? 0) - (queued ?? 0) + this.#dropped - dropped;
  }

  /** A dispatcher that throws (its hash or a selector) ends the stage. */
  #dispatch(events: readonly Out[]): number {
    try {
      const { queued } = this.#dispatcher;
      const dropped = this.#dropped;
      const taken = this.#dispatcher.dispatch(events);
      if (!(taken >= 0 && taken <= events.length)) {
        throw new SluiceError("SLUICE_BAD_RETURN", `expected dispatch of the dispatcher of ${this.name} to return how many of ${events.length} events it took, got: ${show(taken)}`);
      }
      this.#delivered += taken;
      this.#account(queued, dropped);
      return taken;
    } catch (error) {
      // What it cannot dispatch now it cannot dispatch later: nothing is left to wait for.
      this.#stage.end({ type: "error", error });
      return 0;
    }
  }

  /** Delivers what can be delivered, and asks the source for the rest: `isAgain` before the demands that it has not heard of. */
  settle(isAgain = false): void {
    if (!this.#buffer.isEmpty) this.#drain();
    if (this.#watchesLow) this.#lookAtLow();
    if (this.#isCompleted || this.#stage.phase !== RUNNING || this.#settings.handleDemand === undefined) return;
    if (this.#dispatcher.isFull === true) return;
    this.#source.want(this.#dispatcher.capacity - this.#buffer.size, isAgain);
  }

  #drain(): void {
    while (!this.#buffer.isEmpty) {
      const note = this.#buffer.takeNote();
      if (note !== undefined) {
        this.#pass(note);
        continue;
      }
      const { capacity } = this.#dispatcher;
      if (capacity <= 0 || this.#demandMode === "accumulate") return;
      // Its queue for the first event is as full as it was.
      if (this.#refusedAt !== undefined && this.#refusedAt === this.#dispatcher.queued && this.#dispatcher.isFull === true) return;
      const { times } = this.#buffer;
      const events = this.#buffer.take(capacity);
      this.#times = times;
      const taken = this.#dispatch(events);
      this.#times = 0;
      this.#refusedAt = taken < events.length ? this.#dispatcher.queued : undefined;
      if (this.#stage.phase >= STOPPING) {
        this.#lost += events.length - taken;
        return;
      }
      if (taken < events.length) {
        this.#buffer.putBack(events.slice(taken), times);
        if (taken === 0) return;
      }
    }
  }

  /** For the only consumer, that has no open demand: see `Wire`. */
  takeBuffered(): IteratorYieldResult<Out> | undefined {
    if (this.#buffer.isEmpty) return undefined;
    if (this.#links.size !== 1 || this.#dispatcher.givesAllToOne !== true || this.#dispatcher.capacity > 0) return undefined;
    if (this.#demandMode !== "forward" || this.#stage.phase !== RUNNING || this.#stage.isDeferring) return undefined;
    const taken = this.#buffer.takeOne();
    if (taken === undefined) return undefined;
    this.#delivered += 1;
    if (this.#buffer.isAtNote || (this.#isAboveLow && this.buffered <= this.#settings.bufferLow)) this.#stage.inTurn(() => this.settle());
    return taken;
  }

  inBand(note: Note): void {
    if (this.#buffer.isEmpty) this.#pass(note);
    else this.#buffer.mark(note);
  }

  /** A note is through the buffer; what the dispatcher has queued is before it. */
  #pass(note: Note): void {
    if ((this.#dispatcher.queued ?? 0) > 0) this.#dispatcher.mark?.(() => this.#stage.reached(note));
    else this.#stage.reached(note);
  }

  /** From outside: what was posted before still belongs to the stream. */
  complete(): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    this.#stage.inTurn(() => this.#stage.finish());
  }

  get isCompleted(): boolean {
    return this.#isCompleted || this.#stage.phase !== RUNNING;
  }

  // ---- demand

  setDemandMode(mode: DemandMode): void {
    this.#demandMode = mode;
    this.settle();
  }

  work(): boolean {
    if (!this.#source.isWaiting || this.#demandMode !== "forward") return false;
    if (this.#isCompleted || this.#stage.phase !== RUNNING) return false;
    const { handleDemand } = this.#settings;
    if (handleDemand === undefined) return false;
    const stage = this.#stage;
    const demand = this.#source.next();
    stage.meter?.busy();
    try {
      const result = handleDemand(demand, this.self);
      if (Array.isArray(result)) this.#accept(result as readonly Out[]);
      else if (isThenable(result)) stage.wait(result, this.#continuation);
      else stage.take(result, "handleDemand");
    } catch (error) {
      stage.callbackFailed(error);
    }
    return true;
  }

  // ---- the end

  tell(reason: ExitReason): void {
    for (const link of this.#links) {
      link.isSubscribed = false;
      this.#tell(link, reason);
    }
    this.#links.clear();
  }

  #tell(link: OutletLink<Out>, reason: ExitReason): void {
    if (reason.type === "error" && link.subscriber.receivesErrors) this.#receivers.add(link);
    link.end(reason, "down");
  }

  hasReceived(error: unknown): boolean {
    return this.#receivers.size > 0 || (this.#left?.type === "error" && this.#left.error === error);
  }

  /** Events were sent to a consumer that has been told of the end: the dispatcher's own function stopped the stage. */
  refused(count: number): void {
    this.#delivered -= count;
    this.#lost += count;
  }

  /** A consumer left when the end was on its way to it. */
  leftBefore(link: OutletLink<Out>, { kind, reason, returns }: Cancel): void {
    // Both ends have crossed: each takes the other for its confirmation.
    if (returns === true) link.leftWith = reason;
    // With nothing buffered a normal end follows.
    else if (this.#holders.delete(link) && !this.#buffer.isEmpty) this.#checkUnused(reason);
    if (kind === "down") this.#left = reason;
    // Who ends with another error reports this one.
    if (kind === "down" && reason.type === "error") return;
    if (this.#receivers.delete(link) && this.#receivers.size === 0) this.#stage.receiverLeft();
  }

  drop(): number {
    let dropped = this.#buffer.size;
    this.#buffer.clear();
    try {
      dropped += this.#dispatcher.queued ?? 0;
      this.#dispatcher.clear?.();
    } catch (error) {
      this.#stage.report({ kind: "cleanup-failed", error });
    }
    this.#lost += dropped;
    this.#source.clear();
    return dropped;
  }
}

/** A list that a callback returned is kept whole where nothing says what to keep: that buffer knows no other way. */
function bufferOf<Out, InBand>(limit: number, keep: BufferKeep<Out> | undefined): Buffer<Out, InBand> {
  return typeof keep === "object" ? new LatestBuffer(limit, keep.key) : new Buffer(limit, keep ?? "first");
}

/** What a factory made: one whose call was forgotten makes a factory. */
function isDispatcher(value: unknown): string | undefined {
  const methods = ["subscribe", "ask", "cancel", "dispatch"];
  const isOne = typeof value === "object" && value !== null && methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
  return isOne ? undefined : "a factory of dispatchers, as demandDispatcher() returns one";
}

const SUBSCRIBE: Subscribe = { type: "subscribe" };
