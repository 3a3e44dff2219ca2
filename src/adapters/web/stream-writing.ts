/** Writes lists into a WritableStream, as fast as it wants them, and knows when they have been written. */
import { SluiceError, inNextTurn, within, type Self } from "../../core/index.ts";
import type { WritableStreamLike, WriterLike } from "./writable-shapes.ts";

/** Who waits for a list to be written, or for the end. */
interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What the stage is told of the stream. */
type Told = Pick<Self, "fail" | "signal">;

const NOTHING: readonly never[] = Object.freeze([]);
const READY: Promise<void> = Promise.resolve();
/** A stream that is failing, or closing, says so within half as many. */
const MICROTASKS = 8;

/**
 * One list at a time. Its chunks go into the stream while that wants more, and on when one has settled; the list has been
 * written when the promise of each write has settled.
 *
 * A stream that wants nothing though nothing is in flight has a high-water mark of 0: it gets one chunk at a time.
 */
export class StreamWriting<Chunk> {
  readonly #stream: WritableStreamLike<Chunk>;
  /** How many writes may be in flight. */
  readonly #most: () => number;
  #writer: WriterLike<Chunk> | undefined;
  #self: Told | undefined;
  #pending: Pending | undefined;
  /** What is being written; empty when the stream has failed, or the stage does not wait for it any more. */
  #list: readonly Chunk[] = NOTHING;
  #next = 0;
  /** Written, and not settled. */
  #inFlight = 0;
  /** How many writes have settled. */
  #settled = 0;
  #isWatching = false;
  /** It is this stage that closes the stream. */
  #isClosing = false;
  /** Nothing more is written: the stage has ended, or nobody wants what would come of it. */
  #isHalted = false;
  #hasFailed = false;
  /** No write is in flight any more. */
  #onQuiet: (() => void) | undefined;

  constructor(stream: WritableStreamLike<Chunk>, most: () => number = () => Infinity) {
    this.#stream = stream;
    this.#most = most;
  }

  /**
   * Takes the lock, when somebody is there to hear of a failure. Resolves when a stream that takes nothing has shown it: then
   * nothing is pulled for it.
   *
   * @throws SluiceError when somebody else has the lock
   */
  attach(self: Told): Promise<void> | undefined {
    if (this.#self !== undefined) return undefined;
    this.#self = self;
    const writer = this.#lock();
    // A stop does not wait for a write, and what was not written does not count as handled.
    self.signal.addEventListener("abort", () => this.#interrupt(self.signal.reason), { once: true });
    if (writer.desiredSize === null) {
      // It is failing: `ready` says with what, before `closed` does.
      writer.ready.then(undefined, this.#onFailed);
    }
    writer.closed.then(() => this.#closed(), this.#onFailed);
    return this.#look();
  }

  async #look(): Promise<void> {
    for (let microtask = 0; microtask < MICROTASKS && !this.#hasFailed && !this.#isHalted; microtask += 1) await READY;
  }

  /** Resolves when all of them have been written. */
  write(list: readonly Chunk[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#list = list;
      this.#next = 0;
      this.resume();
    });
  }

  /** No more will come. Resolves when the stream has closed. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#writer?.close().then(this.#settle, this.#onFailed);
    });
  }

  /** Nobody wants what would come of further writes. Settles when the stream has closed, or says that it does not. */
  async closeEarly(): Promise<void> {
    await this.#writer?.close();
  }

  /** Writes on, as far as it can. */
  resume(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    while (this.#next < this.#list.length && this.#inFlight < this.#most() && this.#hasRoom(writer)) this.#writeNext(writer);
    if (this.#next < this.#list.length && !this.#isWatching) this.#watch();
  }

  #writeNext(writer: WriterLike<Chunk>): void {
    const chunk = this.#list[this.#next] as Chunk;
    this.#next += 1;
    this.#inFlight += 1;
    try {
      writer.write(chunk).then(this.#onWritten, this.#onRefused);
    } catch (error) {
      // As Node does when the stream is closing.
      this.#onRefused(error);
    }
  }

  #hasRoom(writer: WriterLike<Chunk>): boolean {
    const { desiredSize } = writer;
    return desiredSize !== null && (desiredSize > 0 || this.#inFlight === 0);
  }

  /**
   * A write that settles goes on with the list. While one is stuck, `ready` tells of a failure that no write tells of yet; to
   * listen there costs as much as a write, so only who has waited for a turn of the event loop does.
   */
  #watch(): void {
    this.#isWatching = true;
    const settled = this.#settled;
    inNextTurn(() => {
      this.#isWatching = false;
      if (this.#next === this.#list.length) return;
      if (this.#settled === settled) this.#writer?.ready.then(undefined, this.#onFailed);
      else this.#watch();
    });
  }

  #interrupt(reason: unknown): void {
    this.#isHalted = true;
    this.#reject(reason);
  }

  failed(error: unknown): void {
    // The promises of writes, `ready` and `closed` tell of one failure: the first to come is it.
    if (this.#hasFailed || this.#isHalted) return;
    this.#hasFailed = true;
    if (this.#pending !== undefined) this.#reject(error);
    else this.#self?.fail(error);
  }

  /**
   * Aborts the stream with the error or the reason of an end, waits for it no longer than so many ms, and gives up the lock.
   * Rejects with an error of the abort that is another one, and when it is late.
   */
  async abort(told: unknown, withinMs: number, name: string): Promise<void> {
    this.#isHalted = true;
    // A stage that was stopped before its first subscription breaks the stream all the same, unless it is somebody else's.
    if (this.#writer === undefined && this.#stream.locked) return;
    const writer = this.#writer ?? this.#lock();
    try {
      await within(writer.abort(told), withinMs, () => new SluiceError("SLUICE_TIMEOUT", `the stream of ${name} did not abort within ${withinMs} ms`));
    } catch (error) {
      if (error !== told) throw error;
    } finally {
      writer.releaseLock();
    }
  }

  /** Gives up the lock, when what has been written has settled, or after so many ms, and leaves the stream as it is. */
  async leave(withinMs: number): Promise<void> {
    this.#isHalted = true;
    if (this.#inFlight > 0 && withinMs > 0) {
      const quiet = new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
      await within(quiet, withinMs);
    }
    this.#writer?.releaseLock();
  }

  #lock(): WriterLike<Chunk> {
    if (this.#stream.locked) throw new SluiceError("SLUICE_BAD_PARTNER", "expected the stream to be unlocked at the first subscription, got: one that has a writer");
    this.#writer = this.#stream.getWriter();
    return this.#writer;
  }

  readonly #settle = (): void => {
    const pending = this.#take();
    pending?.resolve();
  };

  #reject(error: unknown): void {
    const pending = this.#take();
    pending?.reject(error);
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#list = NOTHING;
    this.#next = 0;
    return pending;
  }

  readonly #onWritten = (): void => {
    this.#inFlight -= 1;
    this.#settled += 1;
    if (this.#isHalted) this.#settleQuiet();
    else if (this.#next < this.#list.length) this.resume();
    else if (this.#inFlight === 0 && !this.#isClosing) this.#settle();
  };

  readonly #onRefused = (error: unknown): void => {
    this.#inFlight -= 1;
    if (this.#isHalted) this.#settleQuiet();
    else this.failed(error);
  };

  #settleQuiet(): void {
    if (this.#inFlight === 0) this.#onQuiet?.();
  }

  readonly #onFailed = (error: unknown): void => this.failed(error);

  /** Nobody else has the lock: it was closed, or about to close, before. */
  #closed(): void {
    if (!this.#isClosing) this.failed(new SluiceError("SLUICE_BAD_PARTNER", "expected the stream to be open, got: one that somebody else has closed"));
  }
}
