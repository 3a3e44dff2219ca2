/**
 * WHATWG streams: a ReadableStream or a body as a producer, a producer as a ReadableStream; a WritableStream as what a consumer writes into, or as what a producer is fed by; a TransformStream as a stage, and a stage as one.
 *
 * @module sluice/web
 */
export { asTransformStream, type AsTransformStreamOptions, type StageTransform } from "./web/as-transform-stream.ts";
export { asWritableStream, type AsWritableStreamOptions, type WritableProducer } from "./web/as-writable-stream.ts";
export type { ByteOptions } from "./web/byte-reading.ts";
export { fromBody, type FromBodyOptions } from "./web/from-body.ts";
export { fromReadableStream, type FromByteStreamOptions, type FromListStreamOptions, type FromReadableStreamOptions, type ReadStreamOptions } from "./web/from-readable-stream.ts";
export { intoWritableStream, type IntoWritableStreamOptions } from "./web/into-writable-stream.ts";
export type { BodyLike, ByteReaderLike, ByteStreamLike, DefaultReaderLike, ReadResultLike, ReadableStreamLike, ReaderLike } from "./web/readable-shapes.ts";
export { throughTransformStream, type ThroughTransformStreamOptions, type TransformStreamLike } from "./web/through-transform-stream.ts";
export { toReadableStream, type ReadAheadOptions, type ToByteStreamOptions, type ToListStreamOptions, type ToReadableStreamOptions } from "./web/to-readable-stream.ts";
export type { NativeWritableStream, NativeWriter, WritableStreamLike, WriterLike } from "./web/writable-shapes.ts";
