/** A stream of the integers from 0, made on `pull` only; `made` counts them, `cancels` keeps the reasons it was cancelled with. */
export class CountingStream {
  made = 0;
  readonly cancels: unknown[] = [];
  readonly stream: ReadableStream<number>;

  constructor(count: number = Infinity, { highWaterMark = 0, cancel }: { highWaterMark?: number; cancel?: () => unknown } = {}) {
    this.stream = new ReadableStream<number>(
      {
        pull: (controller) => {
          if (this.made < count) controller.enqueue(this.made++);
          else controller.close();
        },
        cancel: async (reason) => {
          this.cancels.push(reason);
          await cancel?.();
        },
      },
      { highWaterMark },
    );
  }
}

/** A stream that holds what a test enqueues, and nothing else. */
export class HeldStream<Chunk = unknown> {
  readonly cancels: unknown[] = [];
  readonly stream: ReadableStream<Chunk>;
  #controller!: ReadableStreamDefaultController<Chunk>;

  constructor(highWaterMark = 0) {
    this.stream = new ReadableStream<Chunk>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: (reason) => void this.cancels.push(reason),
      },
      { highWaterMark },
    );
  }

  hold(...chunks: readonly Chunk[]): this {
    for (const chunk of chunks) this.#controller.enqueue(chunk);
    return this;
  }

  close(): this {
    this.#controller.close();
    return this;
  }

  fail(error: unknown): this {
    this.#controller.error(error);
    return this;
  }
}

/** All that a stream gives, by a reader of our own: `for await` would hide what is told to it. */
export async function readAll<Chunk>(stream: ReadableStream<Chunk>): Promise<{ chunks: Chunk[]; error?: unknown }> {
  const reader = stream.getReader();
  const chunks: Chunk[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { chunks };
      chunks.push(value);
    }
  } catch (error) {
    return { chunks, error };
  }
}
