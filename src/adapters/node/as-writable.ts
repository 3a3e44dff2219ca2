/**
 * A producer of what is written into a Node Writable.
 *
 * Demand: what is written is taken as far as it is demanded, and a write is called back when all of it was: Node's own
 * back-pressure (`write` returns false, 'drain') is the consumers' demand. What is taken in one turn moves as a list.
 *
 * Overflow: the stream holds its high-water mark, and what is written although `write` returned false. The producer holds
 * only what consumers demanded before they left.
 *
 * Completion and errors: `end` completes the producer; 'finish' comes when everything has been delivered and it has ended.
 * `destroy(error)` fails it with the same object, after what was taken; `destroy()` before 'finish' is an error,
 * `SLUICE_BAD_PARTNER`, never a silent end. What was not taken is lost with it: its callbacks get an error.
 *
 * Cancel: when the producer stops, as its last consumer has left or somebody stopped it, the stream is destroyed with the
 * reason, or with a `StoppedError` if there is none: writers see it as 'error' and in their callbacks.
 *
 * Acks: a write is called back when its events have been taken; with `processed` when they have been handled.
 */
import { Writable, type WritableOptions } from "node:stream";
import { causeOf, checkOption, checkPlain, integer, isBoolean, type Producer, type ProducerOptions } from "../../core/index.ts";
import { Inflow, type Written } from "./inflow.ts";
import { inflowSettings, type InflowOptions, type OwnOfInflow } from "./inflow-options.ts";
import { checkNullish, type NullishOption } from "./nullish.ts";
import { told } from "./told.ts";

/** Options of {@link asWritable}: those of the stream, and those of the producer. */
export interface AsWritableOptions<In> extends Omit<ProducerOptions<In>, OwnOfInflow>, InflowOptions, NullishOption {
  /** `false`: a stream of bytes; the events are buffers. Default true. */
  readonly objectMode?: boolean | undefined;
  /** How much the stream holds before `write` returns false, in events or bytes. Default that of Node: 16, or 16 kB. */
  readonly highWaterMark?: number | undefined;
}

/**
 * A Writable, and the producer of what is written into it.
 *
 * @throws BadOptionError when an option is wrong
 */
export function asWritable<In = unknown>(options: AsWritableOptions<In> = {}): { readonly writable: Writable; readonly producer: Producer<In> } {
  checkPlain("asWritable", options);
  const { objectMode = true, highWaterMark, processed, decodeStrings, nullish, ...rest } = options;
  checkOption("objectMode", objectMode, isBoolean);
  if (highWaterMark !== undefined) checkOption("highWaterMark", highWaterMark, integer(0));
  checkNullish(nullish, objectMode);
  const settings = inflowSettings("asWritable", { processed, decodeStrings }, rest, objectMode, nullish === "wrap");
  const inflow = new Inflow(settings, (reason) => void writable.destroy(told(causeOf(reason), inflow.producer.name)));
  const writable = new InflowWritable(inflow, { objectMode, highWaterMark, decodeStrings });
  return { writable, producer: inflow.producer };
}

class InflowWritable<In> extends Writable {
  readonly #inflow: Inflow<In>;

  constructor(inflow: Inflow<In>, options: WritableOptions) {
    super(options);
    this.#inflow = inflow;
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inflow.write(chunk, encoding, done);
  }

  override _writev(entries: readonly Written[], done: (error?: Error | null) => void): void {
    this.#inflow.writev(entries, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inflow.final(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inflow.destroyed(error);
    done(error);
  }
}
