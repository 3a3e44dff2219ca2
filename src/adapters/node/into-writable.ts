/**
 * A consumer that writes into a Node Writable.
 *
 * Demand: the window of its subscriptions; a new ask when half of it has been written. A list is written under `cork` until
 * `write` returns false, and on after 'drain'.
 *
 * Overflow: the stage holds at most `maxDemand` events, by default 1,000 objects or 16 chunks of bytes; the stream holds
 * what its high-water mark allows and one event more.
 *
 * Completion and errors: at a normal end `end()` is called; the stage ends when the stream has finished, and closed if it
 * destroys itself. Another end destroys the stream: with the error, or with a `StoppedError` whose cause is the reason. An
 * error of the stream, or a 'close' before 'finish' (`SLUICE_BAD_PARTNER`), fails the stage with the same object, and
 * cancels its producers; so does an event of `null`, which Node cannot take (`nullish: "wrap"` carries it). With `end: false` the stream stays open, whatever the end.
 *
 * Cancel: the stage has no consumers who could. A stop does not wait for a write in progress.
 *
 * Acks: an event counts as handled when the callback of its list's last write has been called.
 */
import { BadOptionError, CLOSE_WITHIN_MS, checkAbsent, checkOption, checkPlain, consumer, errorOf, isBoolean, milliseconds, type Consumer, type ConsumerOptions, type Target } from "../../core/index.ts";
import { carryNull } from "./carrying.ts";
import { Custody } from "./custody.ts";
import { checkNullish, type NullishOption } from "./nullish.ts";
import { isWritable, type WritableLike } from "./shapes.ts";
import { told } from "./told.ts";
import { Writing } from "./writing.ts";

/** Chunks of bytes are large: 16 of them are about a megabyte. */
export const BYTES_MAX_DEMAND = 16;

/** Options of {@link intoWritable}, beside those of a consumer. */
export interface IntoWritableOptions<In> extends Omit<ConsumerOptions, "handleComplete" | "handleStop">, NullishOption {
  /** Whom it subscribes to at its start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
  /** Ends the stream at a normal end, and destroys it at another. Default true. */
  readonly end?: boolean | undefined;
  /** How long the end waits for 'close', in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A consumer that writes all it gets into a Writable.
 *
 * @throws BadOptionError when it is no Writable, or an option is wrong
 */
export function intoWritable<In = unknown>(writable: WritableLike, options: IntoWritableOptions<In> = {}): Consumer<In> {
  checkPlain("intoWritable", options);
  if (!isWritable(writable)) throw new BadOptionError("the writable of intoWritable", "a Node Writable", writable);
  const { subscribeTo = [], end = true, closeWithinMs = CLOSE_WITHIN_MS, nullish, handleSubscribe, ...rest } = options;
  checkOption("end", end, isBoolean);
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkNullish(nullish, writable.writableObjectMode !== false);
  checkAbsent("intoWritable", rest, "handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered");

  const stage: Consumer<In> = consumer<readonly Target<In>[]>({
    ...windowFor(writable),
    ...rest,
    subscribeTo,
    handleSubscribe(from, self) {
      writing.attach(self);
      return handleSubscribe?.(from, self);
    },
    handleEvents: (events) => writing.write(events),
    handleComplete: () => (end ? writing.end() : undefined),
    handleStop(reason) {
      writing.stop();
      const failure = errorOf(reason, stage.name);
      // Node would take a falsy error for none.
      const cause = failure && told(failure.error, stage.name);
      // One that does not destroy itself belongs to somebody: a response to its server, a socket to its reader.
      const isDone = reason.type === "normal" && writable.destroyed !== true;
      return !end || isDone ? custody.leave(cause) : custody.release(stage.name, cause);
    },
  });
  const writing = new Writing<In>(writable, carryNull(stage.name, nullish === "wrap"));
  const custody = new Custody(writable, writing, closeWithinMs);
  return stage;
}

/** The default window of subscriptions to what is written into this stream. */
export function windowFor(writable: WritableLike): { readonly maxDemand?: number } {
  return writable.writableObjectMode === true ? {} : { maxDemand: BYTES_MAX_DEMAND };
}
