import type { NativeWritableStream } from "sluice/web";

/** A WritableStream that keeps what it is told. Writes settle at once, or with `manual` when a test says so. */
export class WebSink<Event = unknown> {
  readonly stream: WritableStream<Event>;
  readonly written: Event[] = [];
  /** What `abort` of the sink was called with. */
  readonly aborts: unknown[] = [];
  closes = 0;
  controller!: WritableStreamDefaultController;
  /** Writes in progress. */
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  constructor(options: { readonly highWaterMark?: number; readonly size?: (event: Event) => number; readonly manual?: boolean; readonly sink?: UnderlyingSinkOf<Event> } = {}) {
    const { highWaterMark = 1, size, manual = false, sink = {} } = options;
    this.stream = new WritableStream<Event>(
      {
        start: (controller) => {
          this.controller = controller;
          return sink.start?.();
        },
        write: (event) => {
          this.written.push(event);
          if (sink.write !== undefined) return sink.write(event);
          return manual ? new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject })) : undefined;
        },
        close: () => {
          this.closes += 1;
          return sink.close?.();
        },
        abort: (reason) => {
          this.aborts.push(reason);
          return sink.abort?.(reason);
        },
      },
      { highWaterMark, ...(size && { size }) },
    );
  }

  /** The reason of an abort, from the moment in which the stream is told. */
  get abortedWith(): unknown {
    return (this.controller as { readonly signal?: AbortSignal }).signal?.reason;
  }

  /** Settles the oldest write in progress. */
  answer(): void {
    this.#waiting.shift()?.resolve();
  }

  fail(error: unknown): void {
    this.#waiting.shift()?.reject(error);
  }
}

export interface UnderlyingSinkOf<in Event> {
  start?(): void | PromiseLike<void>;
  write?(event: Event): void | PromiseLike<void>;
  close?(): void | PromiseLike<void>;
  abort?(reason: unknown): void | PromiseLike<void>;
}

/** How a stream stands: what its `closed` says, if it says anything by now. */
export async function stateOf(stream: NativeWritableStream<never>): Promise<"open" | "closed" | { readonly error: unknown }> {
  const writer = stream.getWriter();
  const open = Symbol("open");
  try {
    const first = await Promise.race([writer.closed, new Promise((resolve) => setImmediate(() => resolve(open)))]);
    return first === open ? "open" : "closed";
  } catch (error) {
    return { error };
  } finally {
    writer.releaseLock();
  }
}
