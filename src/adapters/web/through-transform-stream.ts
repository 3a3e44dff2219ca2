/**
 * A TransformStream, or any pair of a readable and a writable side, as a producerConsumer: compression, decoders, parsers.
 *
 * Demand: what consumers demand is read from the readable side, one `read()` for each event. The writable side is fed while
 * more is demanded than is in flight there, and while its `desiredSize` is above 0; with a high-water mark of 0 one event at a
 * time. The producers are asked by a window.
 *
 * Overflow: the stage holds at most `maxDemand` events that are not written, by default 16. Nothing is read that was not
 * demanded; the pair holds what its two high-water marks allow, and what one write makes.
 *
 * Completion and errors: when the input has ended the writable side is closed; the close of the readable side completes the
 * stage, behind what `flush` made, when the writable side has closed, too. An error of either side fails the stage with the
 * same object and cancels the producers with it. An error of a producer aborts the writable side and goes the same way. Both
 * follow what has been made of the events before: a consumer hears of them when it has read that.
 *
 * Cancel: the end of the stage aborts the writable side and cancels the readable one, with the error or the reason of the
 * stop, or with a `StoppedError` when it has none, and waits for both. When the readable side closes first, the producers are
 * cancelled, the writable side is closed and the stage ends normally: nobody would see what became of further input. Both
 * locks are taken at the first subscription, and given up in the end.
 *
 * Acks: an event counts as handled when the promises of all writes of its list have settled.
 */
import { BadOptionError, checkAbsent, checkPlain, joined, type JoinedOptions, type ProducerConsumer } from "../../core/index.ts";
import { CHUNKS_MAX_DEMAND } from "./into-writable-stream.ts";
import { isReadableStream, type ReadableStreamLike } from "./readable-shapes.ts";
import { TransformJoint } from "./transform-joint.ts";
import { isWritableStream, type WritableStreamLike } from "./writable-shapes.ts";

/** Options of {@link throughTransformStream}: those of a producerConsumer without its callbacks. The default of `maxDemand` is 16. */
export interface ThroughTransformStreamOptions<In, Out> extends JoinedOptions<In, Out> {}

/** Two sides of one thing: what is written into the one is read from the other, changed. */
export interface TransformStreamLike<In, Out> {
  /** What goes in. */
  readonly writable: WritableStreamLike<In>;
  /** What comes out. */
  readonly readable: ReadableStream<Out> | ReadableStreamLike<Out>;
}

/**
 * A producerConsumer whose events go through a TransformStream.
 *
 * @throws BadOptionError when it is no pair of streams, one of them is locked, or an option is wrong
 */
export function throughTransformStream<In = unknown, Out = unknown>(pair: TransformStreamLike<In, Out>, options: ThroughTransformStreamOptions<In, Out> = {}): ProducerConsumer<In, Out> {
  checkPlain("throughTransformStream", options);
  const { readable, writable }: Partial<TransformStreamLike<In, Out>> = Object(pair) as object;
  if (!isReadableStream(readable) || !isWritableStream(writable)) throw new BadOptionError("the pair of throughTransformStream", "a TransformStream, or another { readable, writable }", pair);
  if (readable.locked || writable.locked) throw new BadOptionError("the pair of throughTransformStream", "a pair of streams that nobody has locked", pair);
  checkAbsent("throughTransformStream", options, ...OWN_CALLBACKS, "demand");

  const { maxDemand, minDemand } = options;
  const window = maxDemand === undefined && minDemand === undefined ? { maxDemand: CHUNKS_MAX_DEMAND } : {};
  return joined<In, Out>({ ...options, ...window }, (output) => new TransformJoint<In, Out>(pair, output, options.closeWithinMs));
}

const OWN_CALLBACKS = ["handleDemand", "handleEvents", "handleEvent", "handleComplete", "handleStop", "handleSubscribe", "handleCancel", "handleInfo"] as const;
