/** Streams to read from, by the shape that the adapters need: the platform's own, a polyfill's, another realm's. */

export interface ReadResultLike<out Chunk> {
  readonly done: boolean;
  readonly value?: Chunk | undefined;
}

/** What holds the lock of a stream. */
export interface ReaderLike {
  /** Settles when the stream has closed or failed. */
  readonly closed?: PromiseLike<unknown> | undefined;
  cancel(reason?: unknown): PromiseLike<unknown>;
  releaseLock(): void;
}

/** Reads chunks as the stream has them. */
export interface DefaultReaderLike<out Chunk> extends ReaderLike {
  read(): PromiseLike<ReadResultLike<Chunk>>;
}

/** Reads into a buffer that the caller brings. */
export interface ByteReaderLike extends ReaderLike {
  read(view: Uint8Array<ArrayBuffer>): PromiseLike<ReadResultLike<Uint8Array<ArrayBuffer>>>;
}

/** A ReadableStream, by the part of it that we need. */
export interface ReadableStreamLike<out Chunk> {
  readonly locked: boolean;
  getReader(): DefaultReaderLike<Chunk>;
  cancel(reason?: unknown): PromiseLike<unknown>;
}

/** A stream that reads into buffers of its reader's as well. */
export interface ByteStreamLike extends ReadableStreamLike<Uint8Array<ArrayBuffer>> {
  getReader(): DefaultReaderLike<Uint8Array<ArrayBuffer>>;
  getReader(options: { mode: "byob" }): ByteReaderLike;
}

/** What has a body: a `Response`, a `Request`, a `Blob` in `{ body: blob.stream() }`. */
export interface BodyLike {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | ReadableStreamLike<Uint8Array<ArrayBuffer>> | null;
  readonly bodyUsed?: boolean;
}

export function isReadableStream(value: unknown): value is ReadableStreamLike<unknown> {
  if (typeof value !== "object" || value === null || !("locked" in value)) return false;
  return "getReader" in value && typeof value.getReader === "function" && "cancel" in value && typeof value.cancel === "function";
}
