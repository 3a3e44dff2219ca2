/**
 * A producer as a source of `node:stream/iter`: an async iterable of lists of chunks.
 *
 * Demand: by a window. A list is one of ours as it came, at most `maxDemand - minDemand` chunks; it counts as handled at
 * the next `next()`.
 *
 * Overflow: at most `maxDemand` chunks are on their way or held, by default 16: about a megabyte.
 *
 * Completion and errors: a normal end is the end; an error is thrown as the same object, after what came before, a stop of
 * the producer as a `StoppedError`.
 *
 * Cancel: `return` ends the subscription and waits for what that leaves unused; so does whatever of that module stops
 * early. Each iteration is one more consumer; it subscribes at its first `next()`.
 *
 * Acks: the next `next()`.
 */
import { checkOption, checkPlain, type Producer, type ReadOptions } from "../../core/index.ts";
import { BYTES_MAX_DEMAND } from "./into-writable.ts";
import { isSubscribable } from "./supply-options.ts";

/**
 * What `from`, `pull`, `pipeTo`, `bytes`, `text` and all others of that module take. The lists may be shared with other
 * consumers: nobody may change them, although the type, that module's own, lets them.
 *
 * @throws BadOptionError when it is no producer, or an option is wrong
 */
export function toStreamIter<Chunk = Uint8Array>(producer: Producer<Chunk>, options: ReadOptions = {}): AsyncIterable<Chunk[]> {
  checkPlain("toStreamIter", options);
  checkOption("the producer of toStreamIter", producer, isSubscribable);
  const window = options.maxDemand === undefined && options.minDemand === undefined ? { maxDemand: BYTES_MAX_DEMAND } : {};
  const settings = { ...options, ...window };
  // To check them now, as a reader does.
  void producer.batches(settings);
  return { [Symbol.asyncIterator]: () => producer.batches(settings) as AsyncIterator<Chunk[]> };
}
