/**
 * A producerConsumer dressed as a TransformStream, for `pipeThrough`.
 *
 * Demand: what is wanted of the readable side is demanded of the stage; a write is taken when the stage demands it.
 *
 * Overflow: the stage reads ahead by the windows of its subscriptions, as always. The writable side holds back at its
 * `highWaterMark` of 1; the readable side holds nothing, unless it has one.
 *
 * Completion and errors: `close()` ends the input of the stage and resolves when the stage has taken all that was written; the
 * readable side closes when the stage has ended and all has been read. An error of the stage fails both sides with the same
 * object, the readable one behind what was made before. `abort(reason)` fails the stage's input, and so the readable side.
 *
 * Cancel: `cancel(reason)` of the readable side stops the stage, which fails the writable side with the reason.
 *
 * Acks: a write resolves when the stage has taken its event.
 */
import { BadOptionError, OUTLET, checkOptions, type Check, type Producer, type ProducerConsumer } from "../../core/index.ts";
import { asWritableStream, type AsWritableStreamOptions } from "./as-writable-stream.ts";
import { toReadableStream, type ToReadableStreamOptions } from "./to-readable-stream.ts";
import type { NativeWritableStream } from "./writable-shapes.ts";

/** Options of {@link asTransformStream}. */
export interface AsTransformStreamOptions<In> {
  /** Those of the writable side: as for `asWritableStream`. */
  readonly writable?: (AsWritableStreamOptions<In> & { readonly lists?: false | undefined }) | undefined;
  /** Those of the readable side: as for `toReadableStream`. */
  readonly readable?: ToReadableStreamOptions | undefined;
}

/** The two sides of a stage: what is written into the one is read from the other, changed. */
export interface StageTransform<In, Out> {
  /** What is written here goes into the stage. */
  readonly writable: NativeWritableStream<In>;
  /** What the stage gives is read here. */
  readonly readable: ReadableStream<Out>;
}

/**
 * A pair of native streams with a stage between them.
 *
 * @param stage a producerConsumer, which is subscribed to what is written, or a function that gets a producer of that, and
 * returns a producer that has subscribed to it; what it throws is thrown on
 * @throws BadOptionError when it is neither, or an option is wrong
 */
export function asTransformStream<In = unknown, Out = unknown>(stage: ProducerConsumer<In, Out> | ((input: Producer<In>) => Producer<Out>), options: AsTransformStreamOptions<In> = {}): StageTransform<In, Out> {
  if (typeof stage !== "function" && !isProducerConsumer(stage)) throw new BadOptionError("the stage of asTransformStream", "a producerConsumer, or a function that makes one", stage);
  checkOptions("asTransformStream", options, { writable: isObject, readable: isObject });
  const { writable, producer } = asWritableStream<In>(options.writable);
  try {
    if (typeof stage === "function") return { writable, readable: readableOf(stage(producer), options.readable) };
    // Its options are checked before the stage is touched.
    const readable = toReadableStream<Out>(stage, options.readable);
    stage.subscribe(producer);
    return { writable, readable };
  } catch (error) {
    void producer.stop(error);
    throw error;
  }
}

function readableOf<Out>(stage: Producer<Out>, options: ToReadableStreamOptions | undefined): ReadableStream<Out> {
  try {
    return toReadableStream<Out>(stage, options);
  } catch (error) {
    void (stage as Partial<Producer<Out>> | undefined)?.stop?.(error);
    throw error;
  }
}

function isProducerConsumer(value: unknown): boolean {
  return typeof value === "object" && value !== null && OUTLET in value && "subscribe" in value && typeof value.subscribe === "function";
}

const isObject: Check = (value) => (typeof value === "object" && value !== null ? undefined : "an object");
