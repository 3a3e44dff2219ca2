/**
 * A producer as an async iterable of IxJS: its operators, `pipe` and `forEach` work on it.
 *
 * Demand: exact, one event for each `next()`. With `maxDemand` it is read ahead by that window; with `lists` too, 1,000 by
 * default, and an item is a list of events as it came.
 *
 * Overflow: at most `maxDemand` events are on their way or wait here. What operators of IxJS read ahead is theirs: see
 * `docs/14-from-ixjs.md`.
 *
 * Completion and errors: a normal end is the end; an error is thrown as the same object, after what came before, a stop of
 * the producer as a `StoppedError`.
 *
 * Cancel: `return` settles what is in flight, and waits for what the departure stops. Operators of IxJS are async
 * generators, whose own `return` waits behind a stuck `next()`: only a signal reaches the iterator there (`withAbort`,
 * `forEach`, `toArray(source, signal)`); then `next()` rejects with its reason, and they unwind. Each iteration is one more
 * consumer; it subscribes at its first `next()`.
 *
 * Acks: exact, none; otherwise the next `next()`.
 */
import { BadOptionError, OUTLET, checkOptions, integer, isBoolean, milliseconds, type Producer, type ReadOptions } from "../../core/index.ts";
import { face } from "./face.ts";
import type { IxIterable } from "./shapes.ts";

/** Options of {@link toIx}. */
export interface ToIxOptions extends Omit<ReadOptions, "signal"> {
  readonly lists?: false | undefined;
}

/** Options of {@link toIx} for lists as items. Default window 1000/500. */
export interface ToIxListsOptions extends Omit<ReadOptions, "signal"> {
  /** An item is a list of events, of at most `maxDemand - minDemand`. Nobody may change it: other consumers may have it. */
  readonly lists: true;
}

/**
 * An AsyncIterableX of a producer's events.
 *
 * @throws BadOptionError when it is no producer, or an option is wrong
 */
export function toIx<Out>(producer: Producer<Out>, options: ToIxListsOptions): IxIterable<readonly Out[]>;
export function toIx<Out>(producer: Producer<Out>, options?: ToIxOptions): IxIterable<Out>;
export function toIx<Out>(producer: Producer<Out>, options: ToIxOptions | ToIxListsOptions = {}): IxIterable<Out> | IxIterable<readonly Out[]> {
  const isProducer = typeof producer === "object" && producer !== null && OUTLET in producer;
  if (!isProducer) throw new BadOptionError("the producer of toIx", "a producer or a producerConsumer", producer);
  checkOptions("toIx", options, CHECKS);
  const { lists = false, ...settings } = options;
  // To check them now, as a reader does: it connects at its first `next()`.
  void producer.events(settings);
  if (lists) return face((signal) => producer.batches({ ...settings, signal }));
  if (settings.maxDemand !== undefined) return face((signal) => producer.events({ ...settings, signal }));
  if (settings.minDemand !== undefined) throw new BadOptionError("minDemand", "given with maxDemand only", settings.minDemand);
  const { closeWithinMs } = settings;
  // A window of one asks for the next event when that is read, and heeds a signal.
  return face((signal) => (signal === undefined && closeWithinMs === undefined ? producer[Symbol.asyncIterator]() : producer.events({ maxDemand: 1, minDemand: 0, signal, closeWithinMs })));
}

const CHECKS = { lists: isBoolean, maxDemand: integer(1), minDemand: integer(0), closeWithinMs: milliseconds };
