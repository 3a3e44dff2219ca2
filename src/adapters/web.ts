/** WHATWG streams: a ReadableStream or a body as a producer, a producer as a ReadableStream. */
export type { ByteOptions } from "./web/byte-reading.ts";
export { fromBody, type FromBodyOptions } from "./web/from-body.ts";
export { fromReadableStream, type FromByteStreamOptions, type FromListStreamOptions, type FromReadableStreamOptions, type ReadStreamOptions } from "./web/from-readable-stream.ts";
export type { BodyLike, ByteReaderLike, ByteStreamLike, DefaultReaderLike, ReadResultLike, ReadableStreamLike, ReaderLike } from "./web/readable-shapes.ts";
export { toReadableStream, type ReadAheadOptions, type ToByteStreamOptions, type ToListStreamOptions, type ToReadableStreamOptions } from "./web/to-readable-stream.ts";
