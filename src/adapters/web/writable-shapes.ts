/** WritableStreams by the shape that the adapters need, and as they give them: those of the platform and its polyfills. */

/** A stream to write into. */
export interface WritableStreamLike<in Event = unknown> {
  readonly locked: boolean;
  getWriter(): WriterLike<Event>;
}

/** The only one who writes, until the lock is released. */
export interface WriterLike<in Event> {
  /** How much more the stream wants, by its own measure; `null` when it is failing or has failed. */
  readonly desiredSize: number | null;
  readonly ready: PromiseLike<unknown>;
  readonly closed: PromiseLike<unknown>;
  write(event: Event): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  abort(reason?: unknown): PromiseLike<unknown>;
  releaseLock(): void;
}

/** A WritableStream as the platform makes it: it fits wherever one of a browser, of Node or of Deno is wanted. */
export interface NativeWritableStream<in Event> {
  readonly locked: boolean;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  getWriter(): NativeWriter<Event>;
}

/** The writer of a {@link NativeWritableStream}. */
export interface NativeWriter<in Event> {
  readonly desiredSize: number | null;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  write(event: Event): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** What says to a stream of our making that it has failed. */
export interface WritableController {
  readonly signal?: AbortSignal;
  error(error: unknown): void;
}

export function isWritableStream(value: unknown): value is WritableStreamLike {
  return typeof value === "object" && value !== null && "locked" in value && typeof (value as Partial<WritableStreamLike>).getWriter === "function";
}
