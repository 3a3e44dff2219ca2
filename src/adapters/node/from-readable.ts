/**
 * A Node Readable as a producer.
 *
 * Demand: paused mode; `read()` in a loop until the demand is met or the stream is empty, and again on 'readable'. The first
 * demand is the first touch. Of a stream of bytes an event is what one `read()` gives: all that it holds, from Node 26 on one
 * chunk.
 *
 * Overflow: nothing is read that was not demanded. The stream fills itself up to its own high-water mark, as always.
 *
 * Completion and errors: 'end' completes the stage. An error fails it with the same object, after what the stream still
 * holds (`errors: "immediate"`: at once). A 'close' without 'end' is an error, `SLUICE_BAD_PARTNER`. What happens before
 * anybody has subscribed is told to the first who does.
 *
 * Cancel: the end of the stage destroys the stream once, with the error or the reason of the stop, and waits until it has
 * closed. `preventCancel` leaves it open, and so does a normal end for a Duplex that is still written to.
 *
 * Acks: an event is out of the stream's hands when it has been read.
 */
import { BadOptionError, CLOSE_WITHIN_MS, causeOf, checkAbsent, checkOption, checkPlain, isBoolean, milliseconds, producer, type Producer, type ProducerOptions, type PushProducer } from "../../core/index.ts";
import { Custody } from "./custody.ts";
import { checkNullish, type NullishOption } from "./nullish.ts";
import { Reading } from "./reading.ts";
import { isReadable, type ReadableLike } from "./shapes.ts";
import { isImmediate } from "./supply-options.ts";

/**
 * Options of {@link fromReadable}, beside those of a producer. The default of `bufferSize` is `Infinity`: the buffer never
 * holds more than consumers demanded and left behind.
 */
export interface FromReadableOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop">, NullishOption {
  /** How long the end waits for 'close', in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
  /** Leaves the stream open at the end of the stage, without what was read and not delivered when that was stopped. Default false. */
  readonly preventCancel?: boolean | undefined;
  /** `immediate`: does not deliver what the stream still holds when it fails. Default: delivers it first. */
  readonly errors?: "immediate" | undefined;
}

/**
 * A producer of what a Readable gives: objects, buffers, or strings after `setEncoding`.
 *
 * @throws BadOptionError when it is no Readable, or an option is wrong
 */
export function fromReadable<Out = unknown>(readable: ReadableLike, options: FromReadableOptions<Out> = {}): Producer<Out> {
  checkPlain("fromReadable", options);
  if (!isReadable(readable)) throw new BadOptionError("the readable of fromReadable", "a Node Readable", readable);
  const { closeWithinMs = CLOSE_WITHIN_MS, preventCancel = false, errors, nullish, handleSubscribe, ...rest } = options;
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkOption("preventCancel", preventCancel, isBoolean);
  if (errors !== undefined) checkOption("errors", errors, isImmediate);
  checkNullish(nullish, readable.readableObjectMode !== false);
  checkAbsent("fromReadable", rest, "handleDemand", "handleStop");

  const stage: PushProducer<Out> = producer<Out>({
    bufferSize: Infinity,
    ...rest,
    handleSubscribe(from, self) {
      reading.attach();
      return handleSubscribe?.(from, self);
    },
    handleDemand: (demand, self) => reading.demand(demand, self),
    handleStop(reason) {
      reading.stop();
      const cause = causeOf(reason);
      const isShared = reason.type === "normal" && readable.writable === true;
      return preventCancel || isShared ? custody.leave(cause) : custody.release(stage.name, cause);
    },
  });
  const reading = new Reading<Out>(readable, stage, { isImmediate: errors === "immediate", unwraps: nullish === "wrap" });
  const custody = new Custody(readable, reading, closeWithinMs);
  return stage;
}
