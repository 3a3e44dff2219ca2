/** Connects stages in a row, owns them, and settles with their common end. */
import { BadOptionError, errorOf } from "./errors.ts";
import { coreOf } from "./handle.ts";
import { checkOptions, isSignal } from "./options.ts";
import type { ExitReason } from "./protocol.ts";
import type { Consumer, Producer, ProducerConsumer, Stage } from "./stages.ts";

export interface PipelineOptions {
  /** Stops all stages and rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A stage, or a function of the stage before it that makes one. */
type Middle<In, Out> = ProducerConsumer<In, Out> | ((from: Producer<In>) => Producer<Out>);
type Last<In> = Consumer<In> | ((from: Producer<In>) => Consumer<In>);

/**
 * Runs a row of stages: a producer, producerConsumers, a consumer; each one a stage, which is subscribed to the one before,
 * or a function that gets the one before and returns a stage that has subscribed to it.
 *
 * Resolves when all have ended normally. When one fails the others are stopped and waited for, and it rejects with that
 * error. When one has ended normally and those before it go on, they are stopped: nobody needs them any more. An abort
 * rejects with its reason.
 *
 * @throws BadOptionError (as a rejection) for a part that is no stage or function
 */
export function pipeline<A>(first: Producer<A>, last: Last<A>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B>(first: Producer<A>, b: Middle<A, B>, last: Last<B>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, last: Last<C>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, last: Last<D>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D, E>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, e: Middle<D, E>, last: Last<E>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D, E, F>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, e: Middle<D, E>, f: Middle<E, F>, last: Last<F>, options?: PipelineOptions): Promise<void>;
export async function pipeline(...given: readonly unknown[]): Promise<void> {
  const parts = [...given];
  const options = isStage(parts.at(-1)) || typeof parts.at(-1) === "function" ? {} : (parts.pop() as PipelineOptions);
  checkOptions("pipeline", options, { signal: isSignal });
  if (parts.length < 2) throw new BadOptionError("pipeline", "given a producer and a consumer", `${parts.length} parts`);

  const run = new Run(options.signal);
  if (options.signal?.aborted === true) {
    for (const part of parts) if (isStage(part)) run.add(part);
    run.abort();
  } else {
    try {
      parts.forEach((part, place) => run.add(build(part, run.last, place, parts.length)));
    } catch (error) {
      run.fail(error);
    }
  }
  await run.result;
}

function build(part: unknown, before: Stage | undefined, place: number, count: number): Stage {
  const stage: unknown = typeof part === "function" && place > 0 ? part(before) : part;
  const expected = place === 0 ? "a producer" : place === count - 1 ? "a consumer" : "a producerConsumer";
  if (!isStage(stage)) throw new BadOptionError(`part ${place + 1} of the pipeline`, expected, stage);
  if ((place < count - 1) !== (stage.role !== "consumer") || (place > 0 && stage.role === "producer")) {
    throw new BadOptionError(`part ${place + 1} of the pipeline`, expected, stage.role);
  }
  if (typeof part !== "function" && before !== undefined) (stage as Consumer<unknown>).subscribe(before as Producer<unknown>);
  return stage;
}

/** The stages of one pipeline, and its outcome. */
class Run {
  readonly result: Promise<void>;
  readonly #stages: Stage[] = [];
  readonly #signal: AbortSignal | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Stages before this place have been stopped because nobody needs them any more. */
  #needed = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal?.addEventListener("abort", this.abort, { once: true });
  }

  get last(): Stage | undefined {
    return this.#stages.at(-1);
  }

  add(stage: Stage): void {
    const place = this.#stages.push(stage) - 1;
    this.#running += 1;
    coreOf(stage)?.adopt(this);
    void stage.closed.then((reason) => this.#ended(place, stage, reason));
  }

  /** One of the parts could not be built. */
  fail(error: unknown): void {
    this.#fail(error);
    if (this.#running === 0) this.#settle();
  }

  /** An arrow function, as it listens to the signal. */
  readonly abort = (): void => {
    const reason: unknown = this.#signal?.reason;
    this.#failure ??= { error: reason };
    this.#stopAll(reason);
    // Whoever aborts does not wait for callbacks that are stuck.
    this.#settle();
  };

  #ended(place: number, stage: Stage, reason: ExitReason): void {
    this.#running -= 1;
    const error = place < this.#needed ? undefined : errorOf(reason, stage.name);
    if (error !== undefined) this.#fail(error.error);
    else if (place >= this.#needed) {
      this.#needed = place;
      for (const before of this.#stages.slice(0, place)) void before.stop();
    }
    if (this.#running === 0) this.#settle();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#stopAll(error);
  }

  /** Consumers first. */
  #stopAll(reason: unknown): void {
    for (const stage of [...this.#stages].reverse()) void stage.stop(reason);
  }

  #settle(): void {
    this.#signal?.removeEventListener("abort", this.abort);
    if (this.#failure === undefined) this.#resolve();
    else this.#reject(this.#failure.error);
  }
}

function isStage(value: unknown): value is Stage {
  return coreOf(value) !== undefined;
}
