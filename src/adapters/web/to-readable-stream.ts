/**
 * A producer as a WHATWG ReadableStream: one consumer, from the moment when the stream is made.
 *
 * Demand: when the stream pulls, what is missing to its high-water mark is asked for, at least one event, less what was
 * asked for already. With `maxDemand` the asks follow that window instead. A byte stream wants bytes, and is asked for one
 * event at a time; a reader's buffer is filled with as much of it as it takes.
 *
 * Overflow: nothing is read before somebody reads: the default high-water mark is 0. Otherwise at most `highWaterMark`
 * events (bytes, lists) wait in the stream, and with `maxDemand` so many more here; of a byte stream the rest of an event.
 * `tee()` of the platform keeps for the slower branch whatever the faster one has read, without a bound: use a producer with
 * `broadcastDispatcher()` and a stream for each reader.
 *
 * Completion and errors: a normal end closes the stream. An error fails it with the same object, a stop of the producer with
 * a `StoppedError` whose cause is the reason, both when all that was accepted before has been read (`errors: "immediate"`:
 * at once); neither needs demand when nothing waits.
 *
 * Cancel: `cancel(reason)` leaves the producer, and waits for what that stops, which sees the reason. A failure of that
 * clean-up rejects it.
 *
 * Acks: an event counts as taken when it was enqueued.
 */
import { BadOptionError, CLOSE_WITHIN_MS, OUTLET, checkOption, checkPlain, integer, isBoolean, milliseconds, oneOf, type Subscribable, type SubscribeOptions } from "../../core/index.ts";
import { ByteFeeding } from "./byte-feeding.ts";
import { EventFeeding, ListFeeding } from "./event-feeding.ts";
import type { ControllerLike, Feeding, FeedingOptions } from "./feeding.ts";

/** What is read ahead, and what the producer's dispatcher wants to know of the stream (`partition`, `selector`). */
export interface ReadAheadOptions extends Omit<SubscribeOptions, "cancel" | "mode" | "replaces" | "onCrash" | "maxRedeliveries"> {
  /** How much the stream holds for its reader: events, with `lists` lists, of a byte stream bytes. Default 0. */
  readonly highWaterMark?: number | undefined;
  /** Reads ahead, from the first read on: the most events that are asked for or wait here. Default none, with `lists` 1,000. */
  readonly maxDemand?: number | undefined;
  /** Ask again once this few are left. Default half of `maxDemand`. */
  readonly minDemand?: number | undefined;
  /** `immediate`: tells an error at once, and throws away what has not been read. Default: tells it behind that. */
  readonly errors?: "immediate" | undefined;
  /** How long `cancel()` waits for what it stops, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** A chunk is an event. */
export interface ToReadableStreamOptions extends ReadAheadOptions {
  readonly lists?: false | undefined;
  readonly type?: undefined;
}

/** For a stream whose chunks are lists of events. */
export interface ToListStreamOptions extends ReadAheadOptions {
  /** A chunk is a list of events, as it comes. */
  readonly lists: true;
  readonly type?: undefined;
}

/** For a byte stream. */
export interface ToByteStreamOptions extends ReadAheadOptions {
  /** Makes a byte stream. The events are ArrayBuffers or views of them, and are copied. */
  readonly type: "bytes";
  /** The size of the buffers that the stream makes for a reader who brings none. Default none: an event is a chunk. */
  readonly autoAllocateChunkSize?: number | undefined;
  readonly lists?: false | undefined;
}

type AnyOptions = ToReadableStreamOptions | ToListStreamOptions | ToByteStreamOptions;

/**
 * A ReadableStream of a producer's events.
 *
 * @throws BadOptionError when it is no producer, or an option is wrong
 */
export function toReadableStream<Out>(producer: Subscribable<Out>, options: ToListStreamOptions): ReadableStream<readonly Out[]>;
export function toReadableStream(producer: Subscribable<ArrayBufferView | ArrayBufferLike>, options: ToByteStreamOptions): ReadableStream<Uint8Array<ArrayBuffer>>;
export function toReadableStream<Out>(producer: Subscribable<Out>, options?: ToReadableStreamOptions): ReadableStream<Out>;
export function toReadableStream(producer: Subscribable<unknown>, options: AnyOptions = {}): unknown {
  checkPlain("toReadableStream", options);
  const settings = parse(producer, options);
  const strategy = { highWaterMark: settings.highWaterMark };
  if (options.lists === true) return new ReadableStream(source(new ListFeeding(producer, settings)), strategy);
  if (options.type === undefined) return new ReadableStream(source(new EventFeeding(producer, settings)), strategy);
  const { type, autoAllocateChunkSize } = options;
  const bytes = source(new ByteFeeding(producer as Subscribable<ArrayBufferLike>, settings));
  return new ReadableStream({ ...bytes, type, ...(autoAllocateChunkSize !== undefined && { autoAllocateChunkSize }) }, strategy);
}

interface Source<in Controller> {
  start(controller: Controller): void;
  pull(): void;
  cancel(reason?: unknown): Promise<void>;
}

function source<Out, Held, Controller extends ControllerLike>(feeding: Feeding<Out, Held, Controller>): Source<Controller> {
  return {
    start: (controller) => feeding.start(controller),
    pull: () => feeding.pull(),
    cancel: async (reason) => feeding.cancel(reason),
  };
}

const OWN = ["highWaterMark", "maxDemand", "minDemand", "lists", "type", "autoAllocateChunkSize", "errors", "closeWithinMs"];

/** @throws BadOptionError */
function parse(producer: Subscribable<unknown>, options: AnyOptions): FeedingOptions {
  const isProducer = typeof producer === "object" && producer !== null && OUTLET in producer;
  if (!isProducer) throw new BadOptionError("the producer of toReadableStream", "a producer or a producerConsumer", producer);
  const { highWaterMark = 0, lists = false, type, errors, closeWithinMs = CLOSE_WITHIN_MS } = options;
  const { autoAllocateChunkSize } = options as Partial<ToByteStreamOptions>;
  // A consumer that gives events back has to say what it has handled.
  const known = [...OWN, ...producer[OUTLET].dispatchOptions.filter((name) => name !== "onCrash" && name !== "maxRedeliveries")];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new BadOptionError("the options of toReadableStream", `among ${known.join(", ")}`, name);
  }
  checkOption("highWaterMark", highWaterMark, integer(0));
  checkOption("lists", lists, isBoolean);
  if (type !== undefined) checkOption("type", type, oneOf("bytes"));
  if (lists && type !== undefined) throw new BadOptionError("type", "given without lists", type);
  if (autoAllocateChunkSize !== undefined) {
    checkOption("autoAllocateChunkSize", autoAllocateChunkSize, integer(1));
    if (type === undefined) throw new BadOptionError("autoAllocateChunkSize", 'given with type: "bytes" only', autoAllocateChunkSize);
  }
  if (errors !== undefined) checkOption("errors", errors, oneOf("immediate"));
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  const dispatch = Object.fromEntries(known.slice(OWN.length).map((name) => [name, (options as Record<string, unknown>)[name]]));
  return { highWaterMark, window: windowOf(options, lists), isImmediate: errors === "immediate", closeWithinMs, dispatch };
}

function windowOf({ maxDemand, minDemand }: ReadAheadOptions, lists: boolean): FeedingOptions["window"] {
  const max = maxDemand ?? (lists ? 1000 : undefined);
  if (max === undefined) {
    if (minDemand !== undefined) throw new BadOptionError("minDemand", "given with maxDemand only", minDemand);
    return undefined;
  }
  checkOption("maxDemand", max, integer(1));
  const min = minDemand ?? max >> 1;
  checkOption("minDemand", min, integer(0, max - 1));
  return { max, min };
}
