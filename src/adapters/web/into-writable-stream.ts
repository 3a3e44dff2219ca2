/**
 * A consumer that writes into a WritableStream.
 *
 * Demand: the window of its subscriptions; a new ask when half of it has been written. A list is written while `desiredSize`
 * is above 0, without waiting for each write, and on when the stream is ready. A stream with a high-water mark of 0 gets one
 * event at a time. The lock is taken at the first subscription, and the first ask follows a few microtasks later, so that a
 * stream which takes nothing has nothing pulled for it.
 *
 * Overflow: the stage holds at most `maxDemand` events, by default 16; the stream holds what its high-water mark allows.
 *
 * Completion and errors: at a normal end the stream is closed, and the stage ends when it has; a failure of that is the
 * stage's. An error of the producer aborts the stream with the same object, behind the events that came before it. A stream
 * that fails, has failed or was closed by somebody else fails the stage with the same object (`SLUICE_BAD_PARTNER` for a
 * close), and cancels its producers with it. `preventClose` and `preventAbort` leave the stream as it is, when what was
 * written has settled.
 *
 * Cancel: a stop aborts the stream at once, with its reason, or with a `StoppedError` when it has none. It waits for that, and
 * so for a write that is stuck, at most `closeWithinMs`. The lock is given up in any case.
 *
 * Acks: an event counts as handled when the promises of all writes of its list have settled.
 */
import { BadOptionError, CLOSE_WITHIN_MS, checkAbsent, checkOption, checkPlain, consumer, isBoolean, isThenable, milliseconds, type Consumer, type ConsumerOptions, type ExitReason, type Target } from "../../core/index.ts";
import { StreamWriting } from "./stream-writing.ts";
import { toldAt } from "./told.ts";
import { isWritableStream, type WritableStreamLike } from "./writable-shapes.ts";

/** A stream takes one chunk after the other, and each may be large: to hold more of them saves nothing. */
export const CHUNKS_MAX_DEMAND = 16;

/** Options of {@link intoWritableStream}, beside those of a consumer. The default of `maxDemand` is 16, with `lists` 1,000. */
export interface IntoWritableStreamOptions<In> extends Omit<ConsumerOptions, "handleComplete" | "handleStop"> {
  /** Whom it subscribes to at its start. Default nobody. */
  readonly subscribeTo?: readonly Target<In>[] | undefined;
  /** Leaves the stream open at a normal end. Default false. */
  readonly preventClose?: boolean | undefined;
  /** Leaves the stream as it is at another end. Default false. */
  readonly preventAbort?: boolean | undefined;
  /** How long the end waits for the stream to abort, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
  /** Writes each list of events as one chunk. Default false. */
  readonly lists?: boolean | undefined;
}

/**
 * A consumer that writes all it gets into a WritableStream.
 *
 * @throws BadOptionError when it is no WritableStream, is locked, or an option is wrong
 */
export function intoWritableStream<In>(stream: WritableStreamLike<readonly In[]>, options: IntoWritableStreamOptions<In> & { readonly lists: true }): Consumer<In>;
export function intoWritableStream<In = unknown>(stream: WritableStreamLike<In>, options?: IntoWritableStreamOptions<In> & { readonly lists?: false | undefined }): Consumer<In>;
export function intoWritableStream<In>(stream: WritableStreamLike<never>, options: IntoWritableStreamOptions<In> = {}): Consumer<In> {
  checkPlain("intoWritableStream", options);
  const { subscribeTo = [], preventClose = false, preventAbort = false, closeWithinMs = CLOSE_WITHIN_MS, lists = false, handleSubscribe, ...rest } = options;
  if (!isWritableStream(stream) || stream.locked) throw new BadOptionError("the stream of intoWritableStream", "a WritableStream that nobody has locked", stream);
  checkOption("preventClose", preventClose, isBoolean);
  checkOption("preventAbort", preventAbort, isBoolean);
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkOption("lists", lists, isBoolean);
  checkAbsent("intoWritableStream", rest, "handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered");

  const writing = new StreamWriting<unknown>(stream);
  const stage: Consumer<In> = consumer<readonly Target<In>[]>({
    ...(lists ? {} : { maxDemand: CHUNKS_MAX_DEMAND }),
    ...rest,
    subscribeTo,
    handleSubscribe(from, self) {
      const attached = writing.attach(self);
      const result = handleSubscribe?.(from, self);
      return isThenable(result) ? Promise.all([attached, result]) : attached;
    },
    handleEvents: (events) => writing.write(lists ? [events] : events),
    handleComplete: () => (preventClose ? undefined : writing.close()),
    handleStop: (reason: ExitReason) => (reason.type === "normal" || preventAbort ? writing.leave(closeWithinMs) : writing.abort(toldAt(reason, stage.name), closeWithinMs, stage.name)),
  });
  return stage;
}
