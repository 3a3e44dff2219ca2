/**
 * Node streams, both ways: a Readable, a Duplex and a Writable as stages, and stages as each of them; `node:stream/iter`.
 *
 * @module sluice/node
 */
export { asDuplex, type AsDuplexOptions, type DuplexSource } from "./node/as-duplex.ts";
export { asWritable, type AsWritableOptions } from "./node/as-writable.ts";
export { fromReadable, type FromReadableOptions } from "./node/from-readable.ts";
export { fromStreamIter, type FromStreamIterOptions } from "./node/from-stream-iter.ts";
export { intoStreamIterWriter, type IntoStreamIterWriterOptions } from "./node/into-stream-iter-writer.ts";
export { intoWritable, type IntoWritableOptions } from "./node/into-writable.ts";
export type { ChunkLists, StreamIterWriter } from "./node/iter-shapes.ts";
export { unwrapNullish, wrapNullish, type NullishOption, type WrappedNullish } from "./node/nullish.ts";
export type { DuplexLike, ReadableLike, StreamLike, WritableLike } from "./node/shapes.ts";
export { throughDuplex, type ThroughDuplexOptions } from "./node/through-duplex.ts";
export { toReadable, type ToReadableOptions } from "./node/to-readable.ts";
export { toStreamIter } from "./node/to-stream-iter.ts";
