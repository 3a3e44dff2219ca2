/**
 * Two stages with one face: a consumer that writes into a Duplex, and a producer that reads from it.
 *
 * They cannot be one: while a stage waits for a write it hears of no demand, and there are Duplexes that call back only
 * when they are read.
 */
import {
  ADOPT,
  BadOptionError,
  OUTLET,
  consumer,
  producer,
  type Consumer,
  type DemandMode,
  type ExitReason,
  type Outlet,
  type ProducerConsumer,
  type PushProducer,
  type ReadOptions,
  type Snapshot,
  type Subscribable,
  type SubscribeOptions,
  type Subscription,
  type Target,
} from "../../core/index.ts";
import { Custody } from "./custody.ts";
import { windowFor } from "./into-writable.ts";
import { Reading } from "./reading.ts";
import type { DuplexLike } from "./shapes.ts";
import type { ThroughDuplexOptions } from "./through-duplex.ts";
import { Writing } from "./writing.ts";

let made = 0;

export class DuplexStage<In, Out> implements ProducerConsumer<In, Out> {
  readonly name: string;
  readonly role = "producerConsumer";
  readonly #duplex: DuplexLike;
  readonly #closeWithinMs: number;
  readonly #input: Consumer<In>;
  readonly #output: PushProducer<Out>;
  readonly #reading: Reading<Out>;
  readonly #writing: Writing<In>;
  readonly #custody: Custody;
  /** The producers of the input, to be waited for when it leaves them. */
  readonly #producers = new Set<Outlet<In>>();

  constructor(duplex: DuplexLike, options: Omit<ThroughDuplexOptions<In, Out>, "closeWithinMs">, closeWithinMs: number) {
    const { subscribeTo = [], name = `duplex ${(made += 1)}`, maxDemand, minDemand, signal, ...rest } = options;
    const { stopWithinMs, timing, handleReport } = rest;
    this.name = name;
    this.#duplex = duplex;
    this.#closeWithinMs = closeWithinMs;
    this.#output = producer<Out>({
      bufferSize: Infinity,
      ...rest,
      name,
      signal,
      handleSubscribe: (_, self) => this.#reading.attach(self),
      handleDemand: (demand, self) => {
        this.#reading.demand(demand, self);
        this.#writing.resume();
      },
      handleStop: (reason) => this.#stopOutput(reason),
    });
    const window = maxDemand === undefined && minDemand === undefined ? windowFor(duplex) : { maxDemand, minDemand };
    this.#input = consumer<readonly Target<In>[]>({
      name,
      stopWithinMs,
      timing,
      handleReport,
      ...window,
      subscribeTo,
      handleSubscribe: (_, self) => {
        this.#writing.attach(self);
        this.#reading.attach(this.#output);
      },
      handleEvents: (events) => this.#writing.write(events as readonly In[]),
      handleComplete: () => this.#writing.end(),
      handleStop: (reason) => this.#stopInput(reason),
    });
    // Its error goes on through the output; this receives it.
    void this.#input.closed;
    for (const target of subscribeTo) this.#producers.add(OUTLET in target ? target[OUTLET] : target.to[OUTLET]);

    this.#reading = new Reading(duplex, false);
    this.#writing = new Writing(duplex, () => (this.#reading.hasEnded ? 0 : this.#reading.wanted));
    this.#custody = new Custody(duplex, this, closeWithinMs);
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
    if (mode !== "forward") throw new BadOptionError("the demand mode", 'one of "forward"', mode);
  }

  subscribe(target: Subscribable<In>, options?: SubscribeOptions): Subscription {
    const subscription = this.#input.subscribe(target, options);
    this.#producers.add(target[OUTLET]);
    return subscription;
  }

  events(options?: ReadOptions): AsyncIterableIterator<Out, undefined> {
    return this.#output.events(options);
  }

  batches(options?: ReadOptions): AsyncIterableIterator<readonly Out[], undefined> {
    return this.#output.batches(options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Out, undefined> {
    return this.#output[Symbol.asyncIterator]();
  }

  stop(reason?: unknown): Promise<void> {
    return this.#output.stop(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#output[Symbol.asyncDispose]();
  }

  [ADOPT](owner: object): boolean {
    return this.#output[ADOPT](owner);
  }

  info(message: unknown): void {
    this.#output.info(message);
  }

  /** What the Duplex holds is not waited for: it does not say what it has made of which event. */
  async flushed(): Promise<void> {
    await this.#input.flushed();
    await this.#output.flushed();
  }

  snapshot(): Snapshot {
    const output = this.#output.snapshot();
    const input = this.#input.snapshot();
    const isFed = this.#hasInputEnded || output.state !== "running" || output.waitingFor === "demand";
    return {
      ...output,
      role: this.role,
      state: output.state === "running" && this.#writing.isEnding ? "finishing" : output.state,
      waitingFor: isFed ? output.waitingFor : input.waitingFor,
      ...(input.input && { input: input.input }),
      ...(input.timeMs && output.timeMs && { timeMs: joined(input.timeMs, output.timeMs) }),
    };
  }

  // ---- the stream

  failed(error: unknown): void {
    this.#reading.failed(error);
    this.#writing.failed(error);
  }

  closed_(): void {}
}
