/**
 * A WHATWG ReadableStream as a producer.
 *
 * Demand: one `read()` for each demanded event, many of them in flight at once, never one more. The first demand takes the
 * lock, and is the first touch. With `lists` a chunk is a list of events: one `read()` at a time, while events are missing.
 * With `bytes` the stage brings the buffers: one `read(view)` at a time, an event is what came, or `min` bytes of it.
 *
 * Overflow: nothing is read that was not demanded; with `lists` the rest of one chunk waits. The stream fills itself up to
 * its own high-water mark, as always.
 *
 * Completion and errors: the close of the stream completes the stage, its error fails it with the same object, behind all
 * that was read before; neither needs demand. What the platform throws away when a stream fails is the platform's loss.
 *
 * Cancel: the end of the stage cancels the stream once, with the error or the reason of the stop, waits for that, and gives
 * the lock back. `preventCancel` gives back the lock only: what a `read()` in flight would have brought stays in the stream.
 *
 * Acks: an event is out of the stream's hands when it has been read.
 */
import { BadOptionError, CLOSE_WITHIN_MS, checkAbsent, checkOption, checkOptions, checkPlain, integer, isBoolean, milliseconds, producer, type Producer, type ProducerOptions, type PushProducer } from "../../core/index.ts";
import { ByteReading, type ByteOptions } from "./byte-reading.ts";
import { EventReading } from "./event-reading.ts";
import { ListReading } from "./list-reading.ts";
import { isReadableStream, type ByteStreamLike, type ReadableStreamLike, type ReaderLike } from "./readable-shapes.ts";
import type { Reading, ReadingOptions } from "./reading.ts";

/** What all ways to read a ReadableStream have in common, beside the options of a producer. */
export interface ReadStreamOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop"> {
  /** How long the end waits for `cancel()`, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
  /** Leaves the stream as it is at the end of the stage, but for the lock. Default false. */
  readonly preventCancel?: boolean | undefined;
}

/** A chunk is an event. */
export interface FromReadableStreamOptions<Out> extends ReadStreamOptions<Out> {
  readonly lists?: false | undefined;
  readonly bytes?: undefined;
}

/** For a stream whose chunks are lists of events. */
export interface FromListStreamOptions<Out> extends ReadStreamOptions<Out> {
  /** A chunk of the stream is a list of events. */
  readonly lists: true;
  readonly bytes?: undefined;
}

/** For a byte stream that is read into buffers of a size. */
export interface FromByteStreamOptions extends ReadStreamOptions<Bytes> {
  /** Reads a byte stream into buffers of this size, instead of taking chunks as the stream has them. Default none. */
  readonly bytes: ByteOptions;
  readonly lists?: false | undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;
type AnyOptions = FromReadableStreamOptions<unknown> | FromListStreamOptions<unknown> | FromByteStreamOptions;

/**
 * A producer of the chunks of a ReadableStream.
 *
 * @throws BadOptionError when it is no ReadableStream, is locked, or is no byte stream and `bytes` is given; for an option
 * that is wrong
 */
export function fromReadableStream<Out>(stream: ReadableStream<readonly Out[]> | ReadableStreamLike<readonly Out[]>, options: FromListStreamOptions<Out>): Producer<Out>;
export function fromReadableStream(stream: ReadableStream<Uint8Array> | ByteStreamLike, options: FromByteStreamOptions): Producer<Bytes>;
export function fromReadableStream<Out>(stream: ReadableStream<Out> | ReadableStreamLike<Out>, options?: FromReadableStreamOptions<Out>): Producer<Out>;
export function fromReadableStream(stream: unknown, options: AnyOptions = {}): Producer<unknown> {
  checkPlain("fromReadableStream", options);
  if (!isReadableStream(stream)) throw new BadOptionError("the stream of fromReadableStream", "a ReadableStream", stream);
  if (stream.locked) throw new BadOptionError("the stream of fromReadableStream", "unlocked", stream);
  const { rest, ...settings } = parse("fromReadableStream", options as FromReadableStreamOptions<unknown>);
  if (settings.bytes !== undefined) checkByteStream(stream);

  const stage: PushProducer<unknown> = producer<unknown>({
    ...rest,
    handleDemand: (demand, self) => reading.demand(demand, self),
    handleStop: (reason) => reading.stop(reason),
  });
  const reading = makeReading(stream, stage, settings);
  return stage;
}

interface Settings extends ReadingOptions {
  readonly lists: boolean;
  readonly bytes: ByteOptions | undefined;
}

/** @throws BadOptionError */
export function parse<Out>(owner: string, options: ReadStreamOptions<Out> & { readonly lists?: boolean | undefined; readonly bytes?: ByteOptions | undefined }): Settings & { readonly rest: ProducerOptions<Out> } {
  const { closeWithinMs = CLOSE_WITHIN_MS, preventCancel = false, lists = false, bytes, ...rest } = options;
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkOption("preventCancel", preventCancel, isBoolean);
  checkOption("lists", lists, isBoolean);
  if (bytes !== undefined) {
    if (lists) throw new BadOptionError("bytes", "given without lists", bytes);
    checkOptions("bytes", bytes, { chunkSize: integer(1), min: integer(1) });
    checkOption("chunkSize", bytes.chunkSize, integer(1));
    if (bytes.min !== undefined) checkOption("min", bytes.min, integer(1, bytes.chunkSize));
  }
  checkAbsent(owner, rest, "handleDemand", "handleStop");
  return { closeWithinMs, preventCancel, lists, bytes, rest };
}

function makeReading(stream: ReadableStreamLike<unknown>, stage: PushProducer<unknown>, settings: Settings): Reading<unknown, ReaderLike> {
  if (settings.bytes !== undefined) return new ByteReading(stream as ByteStreamLike, stage as PushProducer<Bytes>, settings, settings.bytes) as Reading<unknown, ReaderLike>;
  if (settings.lists) return new ListReading(stream as ReadableStreamLike<readonly unknown[]>, stage, settings);
  return new EventReading(stream, stage, settings);
}

function checkByteStream(stream: ReadableStreamLike<unknown>): void {
  try {
    // To take the lock and give it back leaves no trace.
    (stream as ByteStreamLike).getReader({ mode: "byob" }).releaseLock();
  } catch {
    throw new BadOptionError("the stream of bytes", "a byte stream", stream);
  }
}
