/** Writes lists into a stream, as fast as it takes them, and knows when they have been written. */
import { SluiceError, type Self } from "../../core/index.ts";
import type { Carry } from "./carrying.ts";
import { prematureClose, type Watcher } from "./custody.ts";
import { takesLists, type WritableLike } from "./shapes.ts";

/** Who waits for a list to be written, or for the end. */
interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One list at a time. Its events go into the stream under `cork` until `write` returns false, and on after 'drain'; it has
 * been written when the callback of each write was called.
 */
export class Writing<Event> implements Watcher {
  /** `end` was called. */
  isEnding = false;
  readonly #stream: WritableLike;
  readonly #isCorking: boolean;
  /** What is written for `null` and `undefined`. */
  readonly #carry: Carry;
  /** How many writes may be in flight. */
  readonly #most: () => number;
  #self: Pick<Self, "fail"> | undefined;
  #pending: Pending | undefined;
  #list: readonly Event[] = [];
  #next = 0;
  /** Written, and not called back. */
  #inFlight = 0;
  #isWriting = false;
  /** An event of the list cannot be written. Those before it are waited for. */
  #refusal: { readonly error: unknown } | undefined;
  #isFinished = false;
  /** Nothing more is written: the stage has ended, or nobody wants what would come of it. */
  #isHalted = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(stream: WritableLike, carry: Carry, most: () => number = () => Infinity) {
    this.#stream = stream;
    this.#carry = carry;
    this.#isCorking = takesLists(stream);
    this.#most = most;
    stream.on("drain", this.#onDrain);
    stream.on("finish", this.#onFinish);
  }

  /** Somebody is there to hear of a failure: now it counts how the stream stands, and what happened to it before. */
  attach(self: Pick<Self, "fail" | "signal">): void {
    if (this.#self !== undefined) return;
    this.#self = self;
    // A stop does not wait for a write.
    self.signal.addEventListener("abort", () => this.halt());
    const { errored, destroyed, closed, writableEnded } = this.#stream;
    if (this.#failure === undefined) {
      if (errored !== undefined && errored !== null) this.#failure = { error: errored };
      // One that is about to close will say so.
      else if (destroyed === true && closed !== false) this.#failure = { error: prematureClose("finish") };
      else if (writableEnded === true) this.#failure = { error: endedByOthers() };
    }
    if (this.#failure !== undefined) self.fail(this.#failure.error);
  }

  /** Resolves when all of them have been written. */
  write(events: readonly Event[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#list = events;
      this.#next = 0;
      this.resume();
    });
  }

  /** No more will come. Resolves on 'finish'. */
  end(): Promise<void> {
    this.isEnding = true;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      if (this.#failure !== undefined) reject(this.#failure.error);
      else if (this.#isHalted && (this.#stream.writableFinished === true || this.#stream.destroyed === true)) this.#settle();
      else this.#stream.end();
    });
  }

  /** Writes on, as far as it can. */
  resume(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#canWrite) {
        this.#writeUntilFull();
        // A callback or 'drain' tells when to go on, unless it came while we wrote.
        if (this.#inFlight > 0) break;
        if (this.#refusal !== undefined) this.failed(this.#refusal.error);
      }
    } catch (error) {
      this.failed(error);
    }
    this.#isWriting = false;
  }

  /** Writes no more, and waits for nothing. */
  halt(): void {
    this.#isHalted = true;
    this.#settle();
  }

  /** The stage has ended. */
  stop(): void {
    this.halt();
    this.#stream.removeListener("drain", this.#onDrain);
    this.#stream.removeListener("finish", this.#onFinish);
  }

  failed(error: unknown): void {
    // The callback of a write, 'error' and 'close' tell of one failure: the first to come is it.
    if (this.#failure !== undefined || this.#isHalted) return;
    this.#failure = { error };
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) pending.reject(error);
    // What comes after 'finish' is told by the release.
    else if (!this.#isFinished) this.#self?.fail(error);
  }

  closed(): void {
    if (this.#isHalted) this.#settle();
    else if (!this.#isFinished) this.failed(prematureClose("finish"));
  }

  late(error: unknown): void {
    // After its end the stage reports it.
    this.#self?.fail(error);
  }

  #settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve();
  }

  get #canWrite(): boolean {
    if (this.#isHalted || this.#failure !== undefined || this.#stream.writableNeedDrain === true) return false;
    return this.#next < this.#list.length && this.#inFlight < this.#most();
  }

  #writeUntilFull(): void {
    const stream = this.#stream;
    const list = this.#list;
    const end = Math.min(list.length, this.#next + this.#most() - this.#inFlight);
    let hasRoom = true;
    const isCorked = this.#isCorking && end - this.#next > 1;
    if (isCorked) stream.cork?.();
    try {
      while (this.#next < end && hasRoom) {
        let event: unknown = list[this.#next];
        if (event === null || event === undefined) {
          event = this.#carried(event);
          if (this.#refusal !== undefined) break;
        }
        this.#next += 1;
        this.#inFlight += 1;
        hasRoom = stream.write(event, this.#onWritten) !== false;
      }
    } finally {
      if (isCorked) stream.uncork?.();
    }
  }

  #carried(event: unknown): unknown {
    try {
      return this.#carry(event);
    } catch (error) {
      this.#refusal = { error };
      this.#list = this.#list.slice(0, this.#next);
      return undefined;
    }
  }

  readonly #onWritten = (error?: unknown): void => {
    this.#inFlight -= 1;
    if (error !== undefined && error !== null) {
      const { errored, destroyed } = this.#stream;
      // A stream that is destroyed without an error calls back with one of its own.
      this.failed(errored ?? (destroyed === true ? prematureClose("finish") : error));
    } else if (this.#next === this.#list.length) {
      if (this.#inFlight > 0 || this.isEnding) return;
      if (this.#refusal === undefined) this.#settle();
      else this.failed(this.#refusal.error);
    } else if (this.#inFlight === 0) this.resume();
  };

  readonly #onDrain = (): void => this.resume();

  readonly #onFinish = (): void => {
    if (!this.isEnding) this.failed(endedByOthers());
    else {
      this.#isFinished = true;
      this.#settle();
    }
  };
}

function endedByOthers(): SluiceError {
  return new SluiceError("SLUICE_BAD_PARTNER", "expected the stream to be ended by its stage, got: one that somebody else has ended");
}
