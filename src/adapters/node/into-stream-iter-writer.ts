/**
 * A consumer that writes into a writer of `node:stream/iter`, such as `push()` of that module gives.
 *
 * Demand: the window of its subscriptions; a new ask when half of it has been written. A list is written by `writevSync` or
 * `writev` where there is one, otherwise chunk by chunk.
 *
 * Overflow: the stage holds at most `maxDemand` chunks, by default 16; the writer holds what its budget allows. One write is
 * in progress at a time.
 *
 * Completion and errors: at a normal end `end()` is called and awaited (`preventClose` leaves the writer open). Another end
 * calls `fail` with the error, or with a `StoppedError` whose cause is the reason (`preventFail`). A write that rejects
 * fails the stage with the same object, and cancels its producers: so it hears of a reader that has left.
 *
 * Cancel: the stage has no consumers who could. A stop does not wait for a write in progress.
 *
 * Acks: a chunk counts as handled when the write of its list has settled.
 */
import {
  BadOptionError,
  CLOSE_WITHIN_MS,
  SluiceError,
  checkAbsent,
  checkOption,
  consumer,
  errorOf,
  isBoolean,
  isThenable,
  milliseconds,
  within,
  type Consumer,
  type ConsumerOptions,
  type ExitReason,
  type Target,
  checkPlain,
} from "../../core/index.ts";
import { BYTES_MAX_DEMAND } from "./into-writable.ts";
import { isWriter, type StreamIterWriter } from "./iter-shapes.ts";

/** Options of {@link intoStreamIterWriter}, beside those of a consumer. */
export interface IntoStreamIterWriterOptions<In> extends Omit<ConsumerOptions, "handleComplete" | "handleStop"> {
  /** Whom it subscribes to at its start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
  /** Leaves the writer open at a normal end. Default false. */
  readonly preventClose?: boolean | undefined;
  /** Leaves the writer open at another end. Default false. */
  readonly preventFail?: boolean | undefined;
  /** How long the end waits for a promise of `fail`, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A consumer that writes all it gets into a writer, a list of ours as a list.
 *
 * @throws BadOptionError when it has no `write`, or an option is wrong
 */
export function intoStreamIterWriter<In = Uint8Array>(writer: StreamIterWriter<In>, options: IntoStreamIterWriterOptions<In> = {}): Consumer<In> {
  checkPlain("intoStreamIterWriter", options);
  if (!isWriter(writer)) throw new BadOptionError("the writer of intoStreamIterWriter", "an object with a write function", writer);
  const { subscribeTo = [], preventClose = false, preventFail = false, closeWithinMs = CLOSE_WITHIN_MS, handleSubscribe, ...rest } = options;
  checkOption("preventClose", preventClose, isBoolean);
  checkOption("preventFail", preventFail, isBoolean);
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkAbsent("intoStreamIterWriter", rest, "handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered");

  const writing = new IterWriting<In>(writer);
  const stage: Consumer<In> = consumer<readonly Target<In>[]>({
    ...(rest.maxDemand === undefined && rest.minDemand === undefined && { maxDemand: BYTES_MAX_DEMAND }),
    ...rest,
    subscribeTo,
    handleSubscribe(from, self) {
      writing.attach(self.signal);
      return handleSubscribe?.(from, self);
    },
    handleEvents: (events) => writing.write(events),
    handleComplete: () => (preventClose ? undefined : writing.settled(writer.end?.())),
    handleStop: (reason) => (preventFail ? undefined : fail(reason)),
  });
  const fail = (reason: ExitReason): Promise<void> | undefined => {
    const failure = errorOf(reason, stage.name);
    const result = failure && writer.fail?.(failure.error);
    const late = (): SluiceError => new SluiceError("SLUICE_TIMEOUT", `fail() of the writer of ${stage.name} did not settle within ${closeWithinMs} ms`);
    return isThenable(result) ? within(result, closeWithinMs, late) : undefined;
  };
  return stage;
}

class IterWriting<Chunk> {
  readonly #writer: StreamIterWriter<Chunk>;
  #isAttached = false;
  #hasStopped = false;
  /** Ends the wait for the write in progress. */
  #goOn: (() => void) | undefined;

  constructor(writer: StreamIterWriter<Chunk>) {
    this.#writer = writer;
  }

  /** The signal of the stage: a stop does not wait. */
  attach(signal: AbortSignal): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    signal.addEventListener("abort", () => {
      this.#hasStopped = true;
      this.#goOn?.();
    });
  }

  /** Returns a promise when the writer has no room now. */
  write(chunks: readonly Chunk[]): Promise<void> | undefined {
    const writer = this.#writer;
    if (chunks.length === 1 || writer.writev === undefined) return this.#writeFrom(chunks, 0);
    // The writer copies them.
    const list = chunks as Chunk[];
    return writer.writevSync?.(list) === true ? undefined : this.settled(writer.writev(list));
  }

  #writeFrom(chunks: readonly Chunk[], from: number): Promise<void> | undefined {
    const writer = this.#writer;
    for (let index = from; index < chunks.length && !this.#hasStopped; index += 1) {
      const chunk = chunks[index] as Chunk;
      if (writer.writeSync?.(chunk) === true) continue;
      const result = this.settled(writer.write(chunk));
      if (result !== undefined) return result.then(() => this.#writeFrom(chunks, index + 1));
    }
    return undefined;
  }

  /** Settles with what the writer has returned, and when the stage stops. */
  settled(result: unknown): Promise<void> | undefined {
    if (!isThenable(result)) return undefined;
    return new Promise((resolve, reject) => {
      this.#goOn = resolve;
      Promise.resolve(result).then(() => resolve(), reject);
    });
  }
}
