/** Node streams: a Readable as a producer, a Duplex as a producerConsumer, a Writable as what a consumer writes into. */
export { fromReadable, type FromReadableOptions } from "./node/from-readable.ts";
export { intoWritable, type IntoWritableOptions } from "./node/into-writable.ts";
export type { DuplexLike, ReadableLike, StreamLike, WritableLike } from "./node/shapes.ts";
export { throughDuplex, type ThroughDuplexOptions } from "./node/through-duplex.ts";
