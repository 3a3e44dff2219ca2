/** Connects stages in a row, owns them, and settles with their common end. */
import { heed } from "./abort.ts";
import { BadOptionError, errorOf } from "./errors.ts";
import { showMembers } from "./inspect.ts";
import { checkOptions, isSignal } from "./options.ts";
import { ADOPT, type ExitReason } from "./protocol.ts";
import { tell } from "./report.ts";
import type { Consumer, Producer, ProducerConsumer, Stage } from "./stages.ts";

/** Options of {@link pipeline}. */
export interface PipelineOptions {
  /** Stops all stages and rejects with its reason. Default none. */
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
 * rejects with its reason at once: `closed` of a stage tells when that one has released what it held.
 *
 * @throws BadOptionError (as a rejection) for a part that is no stage or function
 */
export function pipeline<A>(first: Producer<A>, last: Last<A>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B>(first: Producer<A>, b: Middle<A, B>, last: Last<B>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, last: Last<C>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, last: Last<D>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D, E>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, e: Middle<D, E>, last: Last<E>, options?: PipelineOptions): Promise<void>;
export function pipeline<A, B, C, D, E, F>(first: Producer<A>, b: Middle<A, B>, c: Middle<B, C>, d: Middle<C, D>, e: Middle<D, E>, f: Middle<E, F>, last: Last<F>, options?: PipelineOptions): Promise<void>;
export function pipeline(...given: readonly unknown[]): Promise<void> {
  const stages: Stage[] = [];
  const result = runRow(given, stages);
  showMembers(result, stages);
  return result;
}

/** Adds the stages that it owns, as they are built. */
async function runRow(given: readonly unknown[], stages: Stage[]): Promise<void> {
  const parts = [...given];
  const last = parts.at(-1);
  const hasOptions = parts.length > 2 && !isStage(last) && typeof last !== "function";
  const options = hasOptions ? ((parts.pop() ?? {}) as PipelineOptions) : {};
  checkOptions("pipeline", options, { signal: isSignal });
  if (parts.length < 2) throw new BadOptionError("pipeline", "given a producer and a consumer", `${parts.length} parts`);

  const run = new Run(options.signal, stages);
  if (options.signal?.aborted === true) {
    for (const part of parts) if (isStage(part)) run.add(part);
    run.abort();
  } else {
    try {
      for (let place = 0; place < parts.length && !run.hasFailed; place += 1) {
        const stage = build(parts[place], run.last, place, parts.length);
        run.add(stage);
        checkRole(stage, place, parts.length);
        connect(parts[place], stage, run.before);
      }
      run.built();
    } catch (error) {
      run.fail(error);
    }
  }
  await run.result;
}

function build(part: unknown, before: Stage | undefined, place: number, count: number): Stage {
  const stage: unknown = typeof part === "function" && place > 0 ? part(before) : part;
  if (!isStage(stage)) throw new BadOptionError(`part ${place + 1} of the pipeline`, roleAt(place, count), stage);
  return stage;
}

/** Behind its adoption, so that a wrong one is stopped with the others. */
function checkRole(stage: Stage, place: number, count: number): void {
  if ((place < count - 1) !== (stage.role !== "consumer") || (place > 0 && stage.role === "producer")) {
    throw new BadOptionError(`part ${place + 1} of the pipeline`, roleAt(place, count), stage.role);
  }
}

function roleAt(place: number, count: number): string {
  if (place === 0) return "a producer";
  return place === count - 1 ? "a consumer" : "a producerConsumer";
}

/** A stage that was given is subscribed to the one before; one that a function made has done so. */
function connect(part: unknown, stage: Stage, before: Stage | undefined): void {
  if (typeof part !== "function" && before !== undefined) (stage as Consumer<unknown>).subscribe(before as Producer<unknown>);
}

/** A stage of the row. One that has another owner is neither stopped nor waited for in the end. */
interface Part {
  readonly stage: Stage;
  readonly isMine: boolean;
  hasEnded: boolean;
}

/** The stages of one pipeline, and its outcome. */
class Run {
  readonly result: Promise<void>;
  readonly #parts: Part[] = [];
  readonly #stages: Stage[];
  readonly #signal: AbortSignal | undefined;
  /** Heeds the signal no more. */
  readonly #unheed: (() => void) | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #failure: { readonly error: unknown } | undefined;
  /** All stages are there. */
  #isBuilt = false;
  /** Nobody needs the stages before this place any more. */
  #needed = 0;

  constructor(signal: AbortSignal | undefined, stages: Stage[]) {
    this.#signal = signal;
    this.#stages = stages;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal?.aborted === false) this.#unheed = heed(signal, this.abort);
  }

  get last(): Stage | undefined {
    return this.#parts.at(-1)?.stage;
  }

  /** The one before the last. */
  get before(): Stage | undefined {
    return this.#parts.at(-2)?.stage;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  add(stage: Stage): void {
    const part = { stage, isMine: stage[ADOPT](this), hasEnded: false };
    if (part.isMine) this.#stages.push(stage);
    const place = this.#parts.push(part) - 1;
    void stage.closed.then((reason) => this.#ended(part, place, reason));
    // Its function may have aborted the run.
    if (this.#failure !== undefined) this.#stop([part], this.#failure.error);
  }

  built(): void {
    this.#isBuilt = true;
    this.#settleIfDone();
  }

  /** One of the parts could not be built. */
  fail(error: unknown): void {
    this.#fail(error);
    this.built();
  }

  /** An arrow function, as it listens to the signal. */
  readonly abort = (): void => {
    const reason: unknown = this.#signal?.reason;
    this.#failure ??= { error: reason };
    this.#stop(this.#parts, reason);
    // Whoever aborts does not wait for callbacks that are stuck.
    this.#settle();
  };

  #ended(part: Part, place: number, reason: ExitReason): void {
    part.hasEnded = true;
    if (place >= this.#needed) {
      const error = errorOf(reason, part.stage.name);
      if (error !== undefined) {
        // One error is the pipeline's; another one of the same turn is told, not lost.
        if (reason.type === "error" && this.#failure !== undefined && this.#failure.error !== reason.error) {
          tell(undefined, { kind: "late-failure", stage: part.stage.name, error: reason.error });
        }
        this.#fail(error.error);
      } else {
        this.#needed = place;
        this.#stop(this.#parts.slice(0, place));
      }
    }
    this.#settleIfDone();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#stop(this.#parts, error);
  }

  /** Consumers first. */
  #stop(parts: readonly Part[], reason?: unknown): void {
    for (const { stage, isMine } of [...parts].reverse()) if (isMine) void stage.stop(reason);
  }

  #settleIfDone(): void {
    if (!this.#isBuilt) return;
    const isOver = ({ hasEnded, isMine }: Part, place: number): boolean =>
      hasEnded || (!isMine && (this.#failure !== undefined || place < this.#needed));
    if (this.#parts.every(isOver)) this.#settle();
  }

  #settle(): void {
    this.#unheed?.();
    if (this.#failure === undefined) this.#resolve();
    else this.#reject(this.#failure.error);
  }
}

function isStage(value: unknown): value is Stage {
  return typeof value === "object" && value !== null && ADOPT in value;
}
