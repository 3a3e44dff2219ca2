/**
 * A producer as a Node Readable.
 *
 * Demand: `_read` asks for what is missing to the high-water mark; a chunk of bytes is asked for one by one. The first
 * `_read` is the first demand. With `maxDemand` or `minDemand` the stream reads ahead by a window of its own.
 *
 * Overflow: what was not asked for is not pushed, and what is pushed is what the stream takes. It holds at most its
 * high-water mark; with a window it and the stream hold `maxDemand` events more. At a high-water mark of 0 nothing is read
 * ahead.
 *
 * Completion and errors: a normal end is 'end'. An error of the producer destroys the stream with the same object, when
 * what came before has been read, however it is read (`errors: "immediate"`: at once); with nothing held it is told at
 * once, whether anybody reads or not. A stop of the producer is a `StoppedError` whose cause is the reason. An error that
 * Node cannot carry (a falsy one) is the cause of a `StoppedError`, too.
 *
 * Cancel: `destroy` ends the subscription with its error, and 'close' waits for what that has stopped for at most
 * `closeWithinMs`; so do `break`, `pipeline` and whatever else destroys a stream. The stream is a consumer from the moment
 * in which it is made: who destroys it before the first read came and left.
 *
 * Acks: an event counts as handled when it has been pushed.
 */
import { Readable } from "node:stream";
import { checkOption, checkPlain, integer, isBoolean, type Subscribable } from "../../core/index.ts";
import { checkSupply, isSubscribable, supplySettings, type SupplyOptions } from "./supply-options.ts";
import { Supply, type SupplySettings } from "./supply.ts";

/** Options of {@link toReadable}: its window, what the producer's dispatcher wants to know of it, and those of the stream. */
export interface ToReadableOptions extends SupplyOptions {
  /** `false`: a stream of bytes; the events are strings, buffers and Uint8Arrays. Default true. */
  readonly objectMode?: boolean | undefined;
  /** How much the stream holds, in events or bytes. Default that of Node: 16, or 64 kB. */
  readonly highWaterMark?: number | undefined;
}

/**
 * A Readable that is one more consumer of the producer.
 *
 * @throws BadOptionError when it is no producer, or an option is wrong
 */
export function toReadable(producer: Subscribable<unknown>, options: ToReadableOptions = {}): Readable {
  checkPlain("toReadable", options);
  checkOption("the producer of toReadable", producer, isSubscribable);
  const { objectMode = true, highWaterMark, ...rest } = options;
  checkOption("objectMode", objectMode, isBoolean);
  if (highWaterMark !== undefined) checkOption("highWaterMark", highWaterMark, integer(0));
  checkSupply(rest, objectMode);
  const settings = supplySettings("toReadable", producer, rest, objectMode, ["objectMode", "highWaterMark"]);
  return new ProducerReadable(producer, settings, { objectMode, highWaterMark });
}

class ProducerReadable<Event> extends Readable {
  readonly #supply: Supply<Event>;

  constructor(producer: Subscribable<Event>, settings: SupplySettings, { objectMode, highWaterMark }: Pick<ToReadableOptions, "objectMode" | "highWaterMark">) {
    super({ objectMode, highWaterMark });
    this.#supply = new Supply(this, producer, settings);
    this.#supply.heed();
  }

  override read(size?: number): unknown {
    // Node would go on to emit what it holds.
    if (this.destroyed) return null;
    const event: unknown = super.read(size);
    this.#supply.taken(event === null && size !== 0);
    return event;
  }

  override _read(): void {
    this.#supply.wanted();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#supply.leave(error, done);
  }
}
