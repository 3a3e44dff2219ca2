/**
 * A native WritableStream whose writes are the events of a producer.
 *
 * Demand: a write is taken, and its promise resolves, when a consumer demands the event; at once while demand is open. Until
 * then the stream's `desiredSize` holds the writer back.
 *
 * Overflow: writers who heed `desiredSize` leave at most `highWaterMark` events waiting in the stream, and one when that is
 * 0; the producer holds only what consumers demanded and left behind.
 *
 * Completion and errors: `close()` ends the producer when what was written has been taken, and its promise settles as the
 * producer ends. `abort(reason)` fails the producer with the same object, behind what was taken; without a reason with a
 * `StoppedError`. An event that was not taken is lost with it: its write rejects.
 *
 * Cancel: when the producer ends without a `close()` the stream fails with the error or the reason of the stop, or with a
 * `StoppedError`, and so do the writes that wait.
 *
 * Acks: a write resolves when its event has been taken by a consumer; with `processed` when that has handled it and asks for
 * the next.
 */
import { Holders, checkAbsent, checkOption, checkPlain, demandDispatcher, isBoolean, isFunction, producer, type Check, type Producer, type ProducerOptions, type PushProducer } from "../../core/index.ts";
import { StreamIntake } from "./stream-intake.ts";
import type { NativeWritableStream } from "./writable-shapes.ts";

/**
 * Options of {@link asWritableStream}, beside those of a producer. The default of `bufferSize` is `Infinity`: the buffer never
 * holds more than consumers demanded and left behind.
 */
export interface AsWritableStreamOptions<Event, Chunk = Event> extends Omit<ProducerOptions<Event>, "handleDemand" | "handleStop"> {
  /** How much may wait in the stream before `desiredSize` is 0. Default 1. */
  readonly highWaterMark?: number | undefined;
  /** The measure of a chunk for `highWaterMark`. Default 1 for each. */
  readonly size?: ((chunk: Chunk) => number) | undefined;
  /**
   * A write resolves when its event has been handled, not when it has been taken. Each consumer must ask for one event at a
   * time: `maxDemand: 1`, or a plain `for await`. Default false.
   */
  readonly processed?: boolean | undefined;
  /** A chunk is a list of events. Default false. */
  readonly lists?: boolean | undefined;
}

/** Two ends: what is written into the one comes out of the other. */
export interface WritableProducer<in Chunk, out Event> {
  /** For who writes. */
  readonly writable: NativeWritableStream<Chunk>;
  /** What was written, as events. */
  readonly producer: Producer<Event>;
}

/**
 * A WritableStream and the producer that it feeds.
 *
 * @throws BadOptionError for an option that is unknown or wrong
 */
export function asWritableStream<Event>(options: AsWritableStreamOptions<Event, readonly Event[]> & { readonly lists: true }): WritableProducer<readonly Event[], Event>;
export function asWritableStream<Event>(options?: AsWritableStreamOptions<Event> & { readonly lists?: false | undefined }): WritableProducer<Event, Event>;
export function asWritableStream<Event>(options: AsWritableStreamOptions<Event, never> = {}): WritableProducer<unknown, Event> {
  checkPlain("asWritableStream", options);
  const { highWaterMark = 1, size, processed = false, lists = false, ...rest } = options;
  checkOption("highWaterMark", highWaterMark, isMark);
  if (size !== undefined) checkOption("size", size, isFunction);
  checkOption("processed", processed, isBoolean);
  checkOption("lists", lists, isBoolean);
  checkAbsent("asWritableStream", rest, "handleDemand", "handleStop");

  const holders = processed ? new Holders(() => stage.name, () => intake.handled()) : undefined;
  const stage: PushProducer<Event> = producer<Event>({
    bufferSize: Infinity,
    ...rest,
    ...(holders && { dispatcher: holders.over(rest.dispatcher ?? demandDispatcher()) }),
    handleDemand: (demand, self) => intake.demand(demand, self),
    handleStop: (reason) => intake.stop(reason),
  });
  // Whoever writes hears of its error: this receives it.
  void stage.closed;
  const intake = new StreamIntake<Event>(stage, lists, holders);
  const writable = new WritableStream<unknown>(
    {
      start: (controller) => intake.start(controller),
      write: (chunk) => intake.write(chunk),
      close: () => intake.close(),
      abort: (reason) => intake.abort(reason),
    },
    { highWaterMark, ...(size && { size: size as (chunk: unknown) => number }) },
  );
  return { writable, producer: stage };
}

/** As the platform takes it. */
const isMark: Check = (value) => (typeof value === "number" && value >= 0 ? undefined : "a number of at least 0");
