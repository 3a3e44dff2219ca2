/**
 * Two stages with one face: a consumer that writes into a Duplex, and a producer that reads from it.
 *
 * They cannot be one: while a stage waits for a write it hears of no demand, and a Transform calls back only when it has
 * been read. The output is the face: the stage has ended when it has, and it waits for the input.
 */
import {
  ADOPT,
  BadOptionError,
  OUTLET,
  causeOf,
  consumer,
  producer,
  type Consumer,
  type DemandMode,
  type EventReader,
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
  type TimeShares,
} from "../../core/index.ts";
import { Custody, type Watcher } from "./custody.ts";
import { windowFor } from "./into-writable.ts";
import { Reading } from "./reading.ts";
import type { DuplexLike } from "./shapes.ts";
import type { ThroughDuplexOptions } from "./through-duplex.ts";
import { settledWithin } from "./within.ts";
import { Writing } from "./writing.ts";

let made = 0;

type DuplexStageOptions<In, Out> = Omit<ThroughDuplexOptions<In, Out>, "closeWithinMs">;

/** @throws BadOptionError */
export function duplexStage<In, Out>(duplex: DuplexLike, options: DuplexStageOptions<In, Out>, closeWithinMs: number): ProducerConsumer<In, Out> {
  return new DuplexStage(duplex, options, closeWithinMs);
}

class DuplexStage<In, Out> implements ProducerConsumer<In, Out> {
  readonly name: string;
  readonly role = "producerConsumer";
  readonly #closeWithinMs: number;
  readonly #input: Consumer<In>;
  readonly #output: PushProducer<Out>;
  readonly #reading: Reading<Out>;
  readonly #writing: Writing<In>;
  readonly #custody: Custody;
  /** The producers, which the end of the output waits for when it stops the input. */
  readonly #producers: Outlet<In>[] = [];
  #hasInputEnded = false;
  /** It is the output that ends, and takes the input with it. */
  #isOutputEnding = false;

  constructor(duplex: DuplexLike, options: DuplexStageOptions<In, Out>, closeWithinMs: number) {
    const { subscribeTo = [], maxDemand, minDemand, ...rest } = options;
    const { name = `duplex ${(made += 1)}`, stopWithinMs, timing, handleReport } = rest;
    const isWindowGiven = maxDemand !== undefined || minDemand !== undefined;
    this.name = name;
    this.#closeWithinMs = closeWithinMs;
    this.#output = producer<Out>({
      bufferSize: Infinity,
      ...rest,
      name,
      handleSubscribe: () => this.#reading.attach(),
      handleDemand: (demand, self) => {
        this.#reading.demand(demand, self);
        this.#writing.resume();
      },
      handleStop: (reason) => this.#stopOutput(reason),
    });
    this.#input = consumer<readonly Target<In>[]>({
      ...(isWindowGiven ? { maxDemand, minDemand } : windowFor(duplex)),
      subscribeTo,
      name,
      stopWithinMs,
      timing,
      handleReport,
      handleSubscribe: (_, self) => {
        this.#writing.attach(self);
        this.#reading.attach();
      },
      handleEvents: (events) => this.#writing.write(events),
      handleComplete: () => {
        this.#reading.listen();
        return this.#writing.end();
      },
      handleStop: (reason) => this.#stopInput(reason),
    });
    // Its error goes on through the output: this receives it.
    void this.#input.closed;
    for (const target of subscribeTo) this.#producers.push(OUTLET in target ? target[OUTLET] : target.to[OUTLET]);

    this.#reading = new Reading(duplex, this.#output, false, () => this.#readEnded());
    this.#writing = new Writing(duplex, () => this.#reading.missing);
    const watcher: Watcher = {
      failed: (error) => {
        this.#reading.failed(error);
        this.#writing.failed(error);
      },
      closed: () => {
        this.#reading.closed();
        this.#writing.closed();
      },
      late: (error) => this.#output.fail(error),
    };
    this.#custody = new Custody(duplex, watcher, closeWithinMs);
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

  /** What the Duplex holds is not waited for: it does not say what it has made of which event. */
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
      state: isRunning && this.#writing.isEnding ? "finishing" : output.state,
      waitingFor: waitsForInput ? waitingFor : output.waitingFor,
      ...(input && { input }),
      ...(timeMs && output.timeMs && { timeMs: joined(timeMs, output.timeMs) }),
    };
  }

  // ---- the end

  /** Further input would go where nobody sees what becomes of it. */
  #readEnded(): void {
    if (!this.#writing.isEnding) this.#writing.halt();
  }

  #stopInput(reason: ExitReason): void {
    this.#hasInputEnded = true;
    this.#writing.halt();
    if (this.#isOutputEnding) return;
    if (reason.type === "shutdown") void this.#output.stop(reason.reason);
    else if (reason.type === "error") {
      this.#reading.failed(reason.error);
      // What it holds can still be read. Whether it closed is heard at the end of the output.
      this.#custody.release(this.name, reason.error).catch(() => undefined);
    }
  }

  async #stopOutput(reason: ExitReason): Promise<void> {
    this.#isOutputEnding = true;
    this.#reading.stop();
    if (reason.type === "normal") await this.#finishInput();
    else await this.#breakInput(reason);
    this.#writing.stop();
    await this.#custody.release(this.name, causeOf(reason));
  }

  /** 'end' has come: before 'finish' in the usual course of things, or first of all. */
  async #finishInput(): Promise<void> {
    if (this.#writing.isEnding) await settledWithin(this.#input.closed, this.#closeWithinMs);
    else {
      await this.#input.stop();
      await settledWithin(this.#writing.end(), this.#closeWithinMs);
    }
  }

  async #breakInput(reason: ExitReason): Promise<void> {
    if (!this.#hasInputEnded) {
      // The first cause wins: after an error the stop only makes it quick.
      if (reason.type === "error") this.#writing.cancel(reason.error);
      await this.#input.stop(causeOf(reason));
    }
    const released = Promise.all(this.#producers.map((each) => each.released()));
    await settledWithin(released, this.#closeWithinMs);
  }
}

/** A write that is pending while nobody demands is blocked, not busy. */
function joined(input: TimeShares, output: TimeShares): TimeShares {
  const blocked = Math.min(input.busy, output.blocked);
  return { busy: input.busy - blocked, starved: input.starved, blocked };
}
