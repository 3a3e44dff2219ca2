/**
 * A producerConsumer that is made of two stages, which something outside joins: a stream, a process, a service.
 *
 * It cannot be one stage: while a stage waits for the outside to take what it gives, it hears of no demand, and the outside
 * may take nothing before it has been read from. The output is the face: the stage has ended when it has, and it takes the
 * input with it.
 */
import { consumer } from "./consumer.ts";
import { CLOSE_WITHIN_MS, within } from "./deadline.ts";
import type { WindowOptions } from "./demand-window.ts";
import { causeOf } from "./exit-reason.ts";
import type { Snapshot } from "./inspect.ts";
import type { TimeShares } from "./meter.ts";
import { checkOption, milliseconds, oneOf } from "./options.ts";
import type { DemandMode } from "./outlet.ts";
import type { Pending } from "./pending.ts";
import { producer } from "./producer.ts";
import { ADOPT, OUTLET, type ExitReason, type Outlet, type Subscribable } from "./protocol.ts";
import type { MaybePromise, OutletOptions, Returned, StageOptions } from "./stage-options.ts";
import type { Consumer, EventReader, ProducerConsumer, PushProducer, ReadOptions, Self, SubscribeOptions, Target } from "./stages.ts";
import { splitTarget } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";
import { INSPECT, summaryOf } from "./summary.ts";

/** Options of {@link joined}: those of a producerConsumer without its callbacks. The default of `bufferSize` is `Infinity`. */
export interface JoinedOptions<In, Out>
  extends Pick<StageOptions<Out, never>, "name" | "signal" | "stopWithinMs" | "timing" | "handleReport">,
    Omit<OutletOptions<Out, Out>, "demand">,
    WindowOptions {
  /** Whom the input subscribes to at the start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
  /** How long the end of the output waits for the other half, and for the producers, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** What joins the two halves. */
export interface Joint<In, Out> {
  /** The input has subscribed to a producer: it asks for events when this has settled. */
  handleInput?(self: Self): MaybePromise<unknown>;
  /** Somebody has subscribed to the output. */
  handleOutput?(): MaybePromise<unknown>;
  /** Takes events in; they are handled when this has settled. */
  handleEvents(events: readonly In[]): MaybePromise<void>;
  /** The input has ended normally, and all its events are handled. It has ended when this has settled. */
  handleComplete(): MaybePromise<void>;
  /** As `handleDemand` of a producer: brings events now, or later by `self.emit`; `self.complete` ends the output. */
  handleDemand(demand: number, self: Self<Out>): Returned<Out>;
  /** The input has failed, and the output has not: that has to fail with this error, behind what was made of earlier events. */
  handleInputError(error: unknown): void;
  /** The output has ended: nothing more may be given out. The input is ended next. */
  handleOutputEnd?(reason: ExitReason): void;
  /** The output has ended normally, with the input unfinished; that has been stopped. */
  handleEarlyEnd?(): MaybePromise<unknown>;
  /** Both halves have ended: releases what joined them. As `handleStop` of a stage. */
  handleStop(reason: ExitReason): MaybePromise<unknown>;
}

/** What joins the two halves, and takes events in one by one. */
export interface EventJoint<In, Out> extends Omit<Joint<In, Out>, "handleEvents"> {
  /** Takes an event in; it is handled when this has settled. */
  handleEvent(event: In): MaybePromise<void> | Pending;
}

let made = 0;

/**
 * Starts a producerConsumer of two halves. `join` is called when all options have been checked, and before any callback; it
 * gets the output as it looks from outside.
 *
 * A normal end of the input is told to the joint (`handleComplete`), and ends nothing by itself; a shutdown of it stops the
 * output; an error of it is for the joint to pass on. Whatever ends the output ends the input, and its producers are told
 * the same. The end waits for both, and for what they leave unused. When the output has completed, and still delivers, the
 * input may be stopped: that leaves the producers at once.
 *
 * `concurrency`: how many events are taken in at once, one by one (`handleEvent`); by default they come as lists.
 *
 * @throws BadOptionError
 */
export function joined<In, Out>(options: JoinedOptions<In, Out>, join: (output: PushProducer<Out>) => Joint<In, Out>): ProducerConsumer<In, Out>;
export function joined<In, Out>(options: JoinedOptions<In, Out>, join: (output: PushProducer<Out>) => EventJoint<In, Out>, concurrency: number): ProducerConsumer<In, Out>;
export function joined<In, Out>(options: JoinedOptions<In, Out>, join: (output: PushProducer<Out>) => AnyJoint<In, Out>, concurrency?: number): ProducerConsumer<In, Out> {
  return new Joined(options, join, concurrency);
}

type AnyJoint<In, Out> = EventJoint<In, Out> | Joint<In, Out>;

class Joined<In, Out> implements ProducerConsumer<In, Out> {
  readonly name: string;
  readonly role = "producerConsumer";
  readonly #closeWithinMs: number;
  readonly #joint: AnyJoint<In, Out>;
  readonly #input: Consumer<In>;
  readonly #output: PushProducer<Out>;
  /** As its callbacks see it; there is none before the first subscription. */
  #inputSelf: Self | undefined;
  /** The producers, which the end of the output waits for when it stops the input. */
  readonly #producers: Outlet<In>[] = [];
  #isFinishing = false;
  #hasInputEnded = false;
  /** It is the output that ends, and takes the input with it. */
  #isOutputEnding = false;
  /** The clean-up of a producer that was left has failed. */
  #upFailure: { readonly error: unknown } | undefined;

  constructor(options: JoinedOptions<In, Out>, join: (output: PushProducer<Out>) => AnyJoint<In, Out>, concurrency: number | undefined) {
    const { subscribeTo = [], maxDemand, minDemand, closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
    checkOption("closeWithinMs", closeWithinMs, milliseconds);
    const { name = `joined ${(made += 1)}`, stopWithinMs, timing, handleReport } = rest;
    this.name = name;
    this.#closeWithinMs = closeWithinMs;
    this.#output = producer<Out>({
      bufferSize: Infinity,
      ...rest,
      name,
      handleSubscribe: () => this.#joint.handleOutput?.(),
      handleDemand: (demand, self) => this.#joint.handleDemand(demand, self),
      handleStop: (reason) => this.#stopOutput(reason),
    });
    this.#input = consumer<readonly Target<In>[]>({
      name,
      maxDemand,
      minDemand,
      subscribeTo,
      stopWithinMs,
      timing,
      handleReport,
      handleSubscribe: (_, self) => {
        this.#inputSelf = self;
        return this.#joint.handleInput?.(self);
      },
      ...(concurrency === undefined
        ? { handleEvents: (events: readonly In[]) => (this.#joint as Joint<In, Out>).handleEvents(events) }
        : { handleEvent: (event: In) => (this.#joint as EventJoint<In, Out>).handleEvent(event) as MaybePromise<void>, concurrency }),
      handleComplete: () => {
        this.#isFinishing = true;
        return this.#joint.handleComplete();
      },
      handleStop: (reason) => this.#stopInput(reason),
    });
    // Its error goes on through the output: this receives it.
    void this.#input.closed;
    for (const target of subscribeTo) this.#producers.push(splitTarget(target).to[OUTLET] as Outlet<In>);
    this.#joint = join(this.#output);
  }

  // ---- the face

  get [OUTLET](): Outlet<Out> {
    return this.#output[OUTLET];
  }

  get closed(): Promise<ExitReason> {
    return this.#output.closed;
  }

  get bufferedCount(): number {
    return this.#output.bufferedCount;
  }

  get demandMode(): DemandMode {
    return this.#output.demandMode;
  }

  setDemandMode(mode: DemandMode): void {
    // As for every producerConsumer.
    checkOption("the demand mode", mode, oneOf("forward"));
  }

  subscribe(target: Subscribable<In>, options?: SubscribeOptions): Subscription {
    const subscription = this.#input.subscribe(target, options);
    this.#producers.push(target[OUTLET]);
    return subscription;
  }

  events(options?: ReadOptions): EventReader<Out> {
    return this.#output.events(options);
  }

  batches(options?: ReadOptions): EventReader<readonly Out[]> {
    return this.#output.batches(options);
  }

  [Symbol.asyncIterator](): EventReader<Out> {
    return this.#output[Symbol.asyncIterator]();
  }

  stop(reason?: unknown): Promise<void> {
    return this.#output.stop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output[Symbol.asyncDispose]();
  }

  [ADOPT](owner: object): boolean {
    return this.#output[ADOPT](owner);
  }

  info(message: unknown): void {
    this.#output.info(message);
  }

  /** What is between the halves is not waited for: it does not say what it has made of which event. */
  async flushed(): Promise<void> {
    await this.#input.flushed();
    await this.#output.flushed();
  }

  snapshot(): Snapshot {
    const output = this.#output.snapshot();
    const { input, timeMs, waitingFor } = this.#input.snapshot();
    const isRunning = output.state === "running";
    const waitsForInput = isRunning && output.waitingFor !== "demand" && !this.#hasInputEnded;
    return {
      ...output,
      role: this.role,
      state: isRunning && this.#isFinishing ? "finishing" : output.state,
      waitingFor: waitsForInput ? waitingFor : output.waitingFor,
      ...(input && { input }),
      ...(timeMs && output.timeMs && { timeMs: sharesOf(timeMs, output.timeMs) }),
    };
  }

  [INSPECT](): string {
    return summaryOf(this.snapshot());
  }

  // ---- the end

  #stopInput(reason: ExitReason): void {
    this.#hasInputEnded = true;
    if (this.#isOutputEnding) return;
    if (reason.type === "shutdown") {
      // One that has completed delivers what it has, as a stage does that is about to end.
      if (this.#output.snapshot().state === "running") void this.#output.stop(reason.reason);
    } else if (reason.type === "error") this.#joint.handleInputError(reason.error);
  }

  async #stopOutput(reason: ExitReason): Promise<void> {
    this.#isOutputEnding = true;
    this.#joint.handleOutputEnd?.(reason);
    if (reason.type === "normal") await this.#finishInput();
    else await this.#breakInput(reason);
    await this.#joint.handleStop(reason);
    // Who has left waits for all that this released, as behind any producerConsumer.
    if (this.#upFailure !== undefined) throw this.#upFailure.error;
  }

  async #finishInput(): Promise<void> {
    if (this.#isFinishing) await this.#settled(this.#input.closed);
    else {
      const wasUnfinished = !this.#hasInputEnded;
      await this.#input.stop();
      await this.#released();
      if (wasUnfinished) await this.#settled(this.#joint.handleEarlyEnd?.());
    }
  }

  async #breakInput(reason: ExitReason): Promise<void> {
    if (!this.#hasInputEnded) {
      // The first cause wins: after an error the stop only makes it quick.
      if (reason.type === "error") this.#inputSelf?.fail(reason.error);
      await this.#input.stop(causeOf(reason));
    }
    await this.#released();
  }

  /** What the input has left unused has released its resources. */
  async #released(): Promise<void> {
    const released = Promise.all(this.#producers.map((each) => each.released()));
    released.catch((error: unknown) => {
      this.#upFailure = { error };
    });
    await this.#settled(released);
  }

  /** One way or the other, or not soon enough. */
  async #settled(promise: MaybePromise<unknown>): Promise<void> {
    await within(Promise.resolve(promise), this.#closeWithinMs).catch(() => undefined);
  }
}

/** What is given to the outside while nobody demands is blocked, not busy. */
function sharesOf(input: TimeShares, output: TimeShares): TimeShares {
  const blocked = Math.min(input.busy, output.blocked);
  return { busy: input.busy - blocked, starved: input.starved, blocked };
}
