/** Node streams by the shape that the adapters need: those of `node:stream`, of its userland copy, and of `node:http`. */

/** What both directions share. */
export interface StreamLike {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  /** The error that destroyed it. */
  readonly errored?: unknown;
  on(event: string, listener: (error?: unknown) => void): unknown;
  removeListener(event: string, listener: (error?: unknown) => void): unknown;
  destroy(error?: Error): unknown;
}

/** A stream to read from. */
export interface ReadableLike extends StreamLike {
  readonly readableEnded?: boolean;
  readonly readableLength?: number;
  readonly readableHighWaterMark?: number;
  readonly readableObjectMode?: boolean;
  readonly readableFlowing?: boolean | null;
  /** Of a Duplex: its other half is open. */
  readonly writable?: boolean;
  read(size?: number): unknown;
}

/** A stream to write into. */
export interface WritableLike extends StreamLike {
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
  readonly writableNeedDrain?: boolean;
  readonly writableObjectMode?: boolean;
  write(event: unknown, callback: (error?: unknown) => void): unknown;
  end(): unknown;
  cork?(): void;
  uncork?(): void;
}

/** A stream with both halves, joined (a Transform) or not (a socket). */
export interface DuplexLike extends ReadableLike, WritableLike {
  readonly writable?: boolean;
}

export function isReadable(value: unknown): value is ReadableLike {
  return hasMethods(value, "on", "removeListener", "destroy", "read");
}

export function isWritable(value: unknown): value is WritableLike {
  return hasMethods(value, "on", "removeListener", "destroy", "write", "end");
}

/** Whether `cork` is of use: a stream of `node:stream` without `_writev` would keep the events one by one, for nothing. */
export function takesLists(stream: WritableLike): boolean {
  return Reflect.get(stream, "_writev") !== null;
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
