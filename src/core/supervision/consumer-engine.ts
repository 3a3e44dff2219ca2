/** The engine of a `consumerSupervisor`: a consumer that asks by hand, for as many events as children have ended. */
import { ChildWindow } from "./child-window.ts";
import type { ConsumerSupervisor, ConsumerSupervisorOptions, EventChild } from "./consumer-supervisors.ts";
import { consumer } from "../consumer.ts";
import type { DemandWindow } from "../demand-window.ts";
import { BadOptionError, GaveUpError, SluiceError, StoppedError, show } from "../errors.ts";
import { causeOf } from "../exit-reason.ts";
import type { Snapshot } from "../inspect.ts";
import { ADOPT, NORMAL, type ExitReason, type Port, type Subscribable } from "../protocol.ts";
import { tell } from "../report.ts";
import { RestartIntensity } from "./restart-intensity.ts";
import { runChild, type ChildSettings, type RunningChild } from "./running-child.ts";
import { FULL_CREDIT, post, spend } from "../scheduler.ts";
import { isThenable } from "../stage.ts";
import type { MaybePromise } from "../stage-options.ts";
import type { Consumer, Self, SubscribeOptions, Target } from "../stages.ts";
import { parseLink, splitTarget } from "../subscribe-options.ts";
import type { Subscription } from "../subscription.ts";
import type { ChildState } from "./supervisors.ts";
import { INSPECT, summaryOf } from "../summary.ts";

type Options<In> = ConsumerSupervisorOptions<In> & { readonly name: string };

/** The options and the targets are checked. */
export function startConsumerSupervision<In>(options: Options<In>, window: DemandWindow, targets: readonly Target<In>[]): ConsumerSupervisor<In> {
  const supervision = new ConsumerSupervision<In>(options, window);
  for (const target of targets) {
    const { to, options: subscribeOptions } = splitTarget(target);
    supervision.subscribe(to as Subscribable<In>, subscribeOptions);
  }
  return supervision;
}

/**
 * To give events back it would have to know of children, where its consumer knows of lists.
 *
 * @throws BadOptionError
 */
export function checkLoses({ onCrash }: SubscribeOptions): void {
  if (onCrash === "redeliver") throw new BadOptionError("onCrash", '"lose" for a consumerSupervisor, whose children are restarted instead', onCrash);
}

/** The child of one event, through all its restarts. */
class Child<In> implements EventChild<In>, ChildSettings {
  readonly event: In;
  /** Of the subscription that brought the event, unless that has ended. */
  readonly window: ChildWindow | undefined;
  /** A producer sent the event; otherwise the child was started by hand. */
  readonly isInput: boolean;
  readonly supervision: ConsumerSupervision<In>;
  state: ChildState = "running";
  restarts = 0;
  running: RunningChild | undefined;
  /** How it has ended, until it is restarted. */
  end: ExitReason | undefined;
  /** Its stop, by hand or with the supervisor. */
  stopping: Promise<void> | undefined;

  constructor(supervision: ConsumerSupervision<In>, event: In, isInput: boolean, window?: ChildWindow) {
    this.supervision = supervision;
    this.event = event;
    this.isInput = isInput;
    this.window = window;
  }

  get name(): string {
    return `the child of ${show(this.event)}`;
  }

  get owner(): object {
    return this.supervision;
  }

  get stopWithinMs(): number | undefined {
    return this.supervision.options.stopWithinMs;
  }

  get handleReport(): Options<In>["handleReport"] {
    return this.supervision.options.handleReport;
  }
}

class ConsumerSupervision<In> implements ConsumerSupervisor<In> {
  readonly role = "consumer";
  /** As owner of its stages: one that fails throws its buffer away, so that a slow consumer cannot hold the restart up. */
  readonly failsFast = true;
  readonly options: Options<In>;
  readonly #window: DemandWindow;
  readonly #intensity: RestartIntensity;
  readonly #inner: Consumer<In>;
  readonly #windows = new Map<Subscription, ChildWindow>();
  readonly #children = new Set<Child<In>>();
  /** Ends of children arrive as messages, so that a child that fails at once, for ever, lets the event loop turn. */
  readonly #ends: Port<Child<In>> = { receive: (child) => this.#ended(child) };
  #self: Self | undefined;
  /** It stops, has given up or has ended: no child is started any more, nothing is asked for. */
  #isOver = false;
  /** `stop` has been called; the stage is about to say so. */
  #isStopped = false;
  #stopped: Promise<unknown> | undefined;
  /** A normal end waits for the children. */
  #whenEmpty: (() => void) | undefined;
  #handled = 0;
  #failed = 0;
  #lost = 0;

  constructor(options: Options<In>, window: DemandWindow) {
    this.options = options;
    this.#window = window;
    this.#intensity = new RestartIntensity(options);
    const { start: _start, restart: _restart, maxRestarts: _maxRestarts, withinMs: _withinMs, ...stage } = options;
    this.#inner = consumer<In>({
      ...stage,
      handleSubscribe: (from, self) => andThen(stage.handleSubscribe?.(from, self), () => this.#windows.get(from)?.open(from)),
      handleCancel: (info, from, self) => {
        this.#windows.get(from)?.close();
        this.#windows.delete(from);
        return stage.handleCancel?.(info, from, self);
      },
      handleEvents: (events, from) => this.#startAll(events, this.#windows.get(from)),
      handleInfo: (message, self) => (message === START ? this.#started(self) : stage.handleInfo?.(message, self)),
      handleComplete: (self) => andThen(this.#empty(), () => (this.#isOver ? undefined : stage.handleComplete?.(self))),
      handleStop: (reason) => andThen(this.#stopAll(causeOf(reason)), () => stage.handleStop?.(reason)),
    });
    // Its first message: only callbacks get hold of `self`.
    this.#inner.info(START);
  }

  // ---- as every stage

  get name(): string {
    return this.options.name;
  }

  get closed(): Promise<ExitReason> {
    return this.#inner.closed;
  }

  [ADOPT](owner: object): boolean {
    return this.#inner[ADOPT](owner);
  }

  stop(reason?: unknown): Promise<void> {
    this.#isStopped = true;
    return this.#inner.stop(reason);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]();
  }

  info(message: unknown): void {
    this.#inner.info(message);
  }

  flushed(): Promise<void> {
    return this.#inner.flushed();
  }

  snapshot(): Snapshot {
    const { input, waitingFor, ...rest } = this.#inner.snapshot();
    if (input === undefined) return { ...rest, waitingFor };
    const [handled, failed, lost] = [this.#handled, this.#failed, input.lost + this.#lost];
    const windows = [...this.#windows.values()];
    // In place: what stands behind a list of subscriptions is known by the list itself.
    for (const [place, subscription] of input.subscriptions.entries()) Object.assign(subscription, { outstanding: windows[place]?.outstanding ?? 0 });
    return {
      ...rest,
      waitingFor: waitingFor === "events" && this.#children.size > 0 ? "callback" : waitingFor,
      input: { ...input, inCallback: input.received - input.queued - handled - failed - lost, handled, failed, lost },
    };
  }

  [INSPECT](): string {
    return `${summaryOf(this.snapshot())}, children ${this.#children.size}`;
  }

  subscribe(producer: Subscribable<In>, options: SubscribeOptions = {}): Subscription {
    checkLoses(options);
    const { window, mode } = parseLink(producer, options, this.#window).settings;
    const isTaken = this.#inner.snapshot().state === "running";
    const subscription = this.#inner.subscribe(producer, { ...options, mode: "manual" });
    if (isTaken) this.#windows.set(subscription, new ChildWindow(window, mode === "automatic", subscription.name));
    return subscription;
  }

  // ---- children

  get children(): readonly EventChild<In>[] {
    return [...this.#children];
  }

  get counts(): { readonly active: number; readonly workers: number } {
    let active = 0;
    for (const { state } of this.#children) if (state === "running") active += 1;
    return { active, workers: this.#children.size };
  }

  startChild(event: In): EventChild<In> | undefined {
    const { state } = this.#inner.snapshot();
    if (this.#hasStopped || state === "stopping" || state === "ended") {
      throw new SluiceError("SLUICE_ENDED", `${this.name} has been stopped or has ended: it starts no more children`);
    }
    const child = new Child<In>(this, event, false);
    return this.#run(child) ? child : undefined;
  }

  stopChild(child: EventChild<In>): Promise<void> {
    if (!(child instanceof Child) || child.supervision !== this) throw new BadOptionError("the child", `one of ${this.name}`, child);
    return this.#stop(child);
  }

  /** A stop and an abort are seen at once: not one more task is started. */
  get #hasStopped(): boolean {
    return this.#isOver || this.#isStopped || this.options.signal?.aborted === true;
  }

  /** Starts the children of a list; when the slice is over it goes on in the next one, and the mailbox waits. */
  #startAll(events: readonly In[], window: ChildWindow | undefined): MaybePromise<void> {
    window?.take(events.length);
    this.#reportExcess(window);
    let next = 0;
    let without = 0;
    const goOn = (): MaybePromise<void> => {
      while (next < events.length && !this.#hasStopped) {
        if (next > 0 && spend(FULL_CREDIT)) return new Promise<void>((resolve) => post({ receive: resolve }, undefined)).then(goOn);
        if (!this.#start(events[next] as In, window)) without += 1;
        next += 1;
      }
      this.#lost += events.length - next;
      if (without > 0 && !this.#isOver) window?.end(without);
    };
    return goOn();
  }

  /** Starts the child of an event. Returns whether there is one. */
  #start(event: In, window: ChildWindow | undefined): boolean {
    const child = new Child<In>(this, event, true, window);
    try {
      if (this.#run(child)) return true;
      this.#handled += 1;
    } catch (error) {
      this.#failed += 1;
      this.#reportStart(child, error);
    }
    return false;
  }

  /** Returns whether `start` gave a child. */
  #run(child: Child<In>): boolean {
    const { value, running } = runChild((context) => this.options.start(child.event, context), child);
    if (running === undefined) {
      if (value === undefined || value === null) return false;
      throw new SluiceError("SLUICE_BAD_RETURN", `expected start of ${this.name} to return a promise, a stage, a supervisor, or nothing, got: ${show(value)}`);
    }
    child.running = running;
    child.end = undefined;
    child.state = "running";
    this.#children.add(child);
    void running.ended.then((reason) => {
      child.end = reason;
      post(this.#ends, child);
    });
    return true;
  }

  #ended(child: Child<In>): void {
    const { end } = child;
    // Whoever stops a child removes it, too.
    if (end === undefined || child.stopping !== undefined || this.#isOver || !this.#children.has(child)) return;
    if (end.type === "error" && this.options.restart === "transient") this.#restart(child, end);
    else this.#remove(child, end);
  }

  #restart(child: Child<In>, reason: ExitReason): void {
    if (!this.#intensity.allow()) {
      this.#giveUp(child, reason);
      return;
    }
    tell(this.options.handleReport, { kind: "child-restarting", stage: this.name, child: child.name, reason });
    child.state = "restarting";
    child.running = undefined;
    child.restarts += 1;
    try {
      if (!this.#run(child)) this.#remove(child, NORMAL);
    } catch (error) {
      // Tried again, as in OTP, and counted again.
      this.#reportStart(child, error);
      child.end = { type: "error", error };
      post(this.#ends, child);
    }
  }

  #giveUp(child: Child<In>, reason: ExitReason): void {
    const error = new GaveUpError(this.name, child.name, this.#intensity, reason);
    this.#self?.fail(error);
    this.#remove(child, reason);
    void this.#stopAll(error);
  }

  /** Returns nothing when there is nothing to wait for. */
  #stopAll(reason: unknown): Promise<unknown> | undefined {
    this.#isOver = true;
    this.#whenEmpty?.();
    if (this.#children.size > 0) this.#stopped ??= Promise.all(Array.from(this.#children, (child) => this.#stop(child, reason)));
    return this.#stopped;
  }

  #stop(child: Child<In>, reason?: unknown): Promise<void> {
    if (!this.#children.has(child)) return child.stopping ?? Promise.resolve();
    child.stopping ??= (child.running?.stop(reason) ?? Promise.resolve()).then(() => this.#remove(child, child.end ?? SHUTDOWN));
    return child.stopping;
  }

  /** The child is gone for good. */
  #remove(child: Child<In>, reason: ExitReason): void {
    if (!this.#children.delete(child)) return;
    child.state = child.stopping === undefined ? "ended" : "stopped";
    child.running = undefined;
    if (child.isInput) {
      if (reason.type === "normal") this.#handled += 1;
      else if (reason.type === "error") this.#failed += 1;
      else this.#lost += 1;
    }
    if (reason.type === "error" || (reason.type === "shutdown" && child.stopping === undefined)) {
      tell(this.options.handleReport, { kind: "child-ended", stage: this.name, child: child.name, reason });
    }
    if (!this.#isOver) {
      this.#reportExcess(child.window);
      child.window?.end(1);
    }
    if (this.#children.size === 0) this.#whenEmpty?.();
  }

  // ---- the stage below

  #started(self: Self): void {
    this.#self = self;
    const { signal } = self;
    // At once, whatever callback is in progress: `handleStop` runs behind it.
    signal.addEventListener("abort", () => void this.#stopAll(signal.reason instanceof StoppedError ? undefined : signal.reason), { once: true });
  }

  /** The producers have been left; resolves when the children have ended. */
  #empty(): Promise<void> | undefined {
    if (this.#children.size === 0) return undefined;
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** As GenStage does: whenever it takes account. */
  #reportExcess(window: ChildWindow | undefined): void {
    if (window === undefined || window.excess === 0) return;
    tell(this.options.handleReport, { kind: "excess-events", stage: this.name, partner: window.partner, count: window.excess });
  }

  #reportStart(child: Child<In>, error: unknown): void {
    tell(this.options.handleReport, { kind: "child-start-failed", stage: this.name, child: child.name, error });
  }
}

const START: object = Object.freeze({});

const SHUTDOWN: ExitReason = Object.freeze({ type: "shutdown" });

function andThen<Value>(first: unknown, next: () => MaybePromise<Value>): MaybePromise<Value> {
  return isThenable(first) ? Promise.resolve(first).then(next) : next();
}
