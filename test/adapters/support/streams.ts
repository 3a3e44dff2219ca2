import { Readable, Writable, type ReadableOptions, type WritableOptions } from "node:stream";

/** A stream of the integers from 0, made on `_read` only; `made` counts them, `destroys` the calls of `_destroy`. */
export class Counter extends Readable {
  made = 0;
  readonly destroys: unknown[] = [];
  readonly #count: number;

  constructor(count: number = Infinity, options: ReadableOptions = {}) {
    super({ objectMode: true, ...options });
    this.#count = count;
  }

  override _read(): void {
    this.push(this.made < this.#count ? this.made++ : null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.destroys.push(error);
    done(error);
  }
}

/** A stream that holds what a test pushes, and nothing else. */
export class Source extends Readable {
  readonly destroys: unknown[] = [];

  constructor(options: ReadableOptions = {}) {
    super({ objectMode: true, ...options });
  }

  override _read(): void {}

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.destroys.push(error);
    done(error);
  }

  hold(...events: readonly unknown[]): this {
    for (const event of events) this.push(event);
    return this;
  }
}

/** A stream that keeps what is written. Writes are called back at once, or with `manual` when a test does it. */
export class Sink extends Writable {
  readonly written: unknown[] = [];
  /** The lists that came by `_writev`. */
  readonly lists: (readonly unknown[])[] = [];
  readonly destroys: unknown[] = [];
  /** The callbacks of writes in progress. */
  readonly callbacks: ((error?: Error | null) => void)[] = [];
  readonly #isManual: boolean;

  constructor({ manual = false, ...options }: WritableOptions & { readonly manual?: boolean } = {}) {
    super({ objectMode: true, ...options });
    this.#isManual = manual;
  }

  override _write(event: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    this.written.push(event);
    this.lists.push([event]);
    this.#answer(done);
  }

  override _writev(entries: readonly { readonly chunk: unknown }[], done: (error?: Error | null) => void): void {
    const list = entries.map(({ chunk }) => chunk);
    this.written.push(...list);
    this.lists.push(list);
    this.#answer(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.destroys.push(error);
    done(error);
  }

  /** Calls the oldest write in progress back. */
  answer(error?: Error): void {
    this.callbacks.shift()?.(error);
  }

  #answer(done: (error?: Error | null) => void): void {
    if (this.#isManual) this.callbacks.push(done);
    else done();
  }
}
