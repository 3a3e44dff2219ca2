import { BadOptionError, checkPlain, producer, type Producer, type PushProducer } from "../../core/index.ts";
import type { ByteOptions } from "./byte-reading.ts";
import { fromReadableStream, parse, type FromByteStreamOptions, type ReadStreamOptions } from "./from-readable-stream.ts";
import { isReadableStream, type BodyLike } from "./readable-shapes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Options of {@link fromBody}: those of `fromReadableStream`. */
export interface FromBodyOptions extends ReadStreamOptions<Bytes> {
  /** Reads into buffers of this size, instead of taking chunks as the body has them. Default none. */
  readonly bytes?: ByteOptions | undefined;
}

/**
 * A producer of the bytes of a `Response`, a `Request`, or whatever has a `body`. One without a body (a 204, a GET) ends
 * normally, without an event. Otherwise as `fromReadableStream`: the end of the stage cancels the body, which ends the
 * transfer.
 *
 * @throws BadOptionError when it has no `body`, when the body was used already, for an option that is wrong
 */
export function fromBody(source: BodyLike, options: FromBodyOptions = {}): Producer<Bytes> {
  checkPlain("fromBody", options);
  const { body } = checked(source);
  const { rest } = parse("fromBody", options);
  if (body !== null) return fromReadableStream(body as ReadableStream<Bytes>, options as FromByteStreamOptions);
  const stage: PushProducer<Bytes> = producer<Bytes>(rest);
  stage.complete();
  return stage;
}

function checked(source: BodyLike): BodyLike {
  const isSource = typeof source === "object" && source !== null && "body" in source && (source.body === null || isReadableStream(source.body));
  if (!isSource) throw new BadOptionError("the source of fromBody", "a Response, a Request, or an object with a body", source);
  if (source.bodyUsed === true) throw new BadOptionError("bodyUsed", "false, as a body can be read once", source.bodyUsed);
  return source;
}
