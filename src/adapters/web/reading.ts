/** What all ways to read a ReadableStream have in common: the lock, the account, and the end. */
import { SluiceError, causeOf, within, type ExitReason, type PushProducer, type Self } from "../../core/index.ts";
import type { ReadableStreamLike, ReaderLike } from "./readable-shapes.ts";

/** Where the events go: the stage from outside, or as its callbacks see it. */
type Outgoing<Event> = Pick<PushProducer<Event> | Self<Event>, "emit" | "complete" | "fail">;

/** How a stream has ended. */
export type Ending = { readonly type: "closed" } | { readonly type: "failed"; readonly error: unknown };

export const CLOSED: Ending = { type: "closed" };

export interface ReadingOptions {
  readonly preventCancel: boolean;
  readonly closeWithinMs: number;
}

/** Reads a stream, as much as was demanded and never more. The first demand takes the lock, the end of the stage gives it back. */
export abstract class Reading<Event, Reader extends ReaderLike> {
  /** Demanded, and not asked of the stream yet. */
  protected wanted = 0;
  /** Calls of `read` that have not settled. */
  protected inFlight = 0;
  protected reader: Reader | undefined;
  readonly #stream: ReadableStreamLike<unknown>;
  readonly #stage: PushProducer<Event>;
  readonly #options: ReadingOptions;
  #outgoing: Outgoing<Event>;
  /** Somebody else had the lock when it was our turn. */
  #isForeign = false;
  /** The stream has closed or failed: there is nothing to cancel. */
  #isOver = false;
  /** How it has ended, until the stage is told. */
  #ending: Ending | undefined;
  /** The reader is ahead of its reads. */
  #announced: Ending | undefined;
  /** The stage takes no more. */
  #isStopped = false;
  /** Read, and thrown away by the end of the stage. */
  #lost = 0;
  /** No `read` is in flight any more. */
  #onQuiet: (() => void) | undefined;

  constructor(stream: ReadableStreamLike<unknown>, stage: PushProducer<Event>, options: ReadingOptions) {
    this.#stream = stream;
    this.#stage = stage;
    this.#outgoing = stage;
    this.#options = options;
  }

  /** Demand has come. The first touches the stream. */
  demand(demand: number, self: Outgoing<Event>): void {
    this.#outgoing = self;
    this.wanted += demand;
    if (this.reader === undefined) this.#open();
    this.readOn();
  }

  /** Releases the stream. The stage has ended. */
  stop(reason: ExitReason): Promise<void> {
    this.#isStopped = true;
    return this.#options.preventCancel ? this.#leave() : this.#cancel(causeOf(reason));
  }

  /** Takes the lock. */
  protected abstract getReader(): Reader;

  /** Reads what is wanted, as far as it may. */
  protected abstract readOn(): void;

  /** Gives the stage what was read and waits; returns whether nothing waits any more. */
  protected abstract flush(): boolean;

  /** What was read and has not been given to the stage, counted in events. */
  protected abstract get held(): number;

  protected get isReading(): boolean {
    return !this.#isOver && !this.#isStopped;
  }

  /** A `read` has settled. Returns whether somebody wants to know. */
  protected settled(): boolean {
    this.inFlight -= 1;
    if (this.inFlight === 0) this.#onQuiet?.();
    return this.isReading;
  }

  /** This many events were read for nobody. */
  protected lose(count: number): void {
    this.#lost += count;
  }

  protected emit(events: readonly Event[]): void {
    try {
      this.#outgoing.emit(events);
    } catch (error) {
      // The stage ends for another reason, and delivers what it has.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      this.#isStopped = true;
      this.#lost += events.length;
    }
  }

  /** The stream has ended: the stage is told when all that was read before has been given to it. */
  protected ended(ending: Ending): void {
    this.#isOver = true;
    this.#ending = ending;
    this.settleEnd();
  }

  /** Takes note of the end that the reader has announced, when no `read` in flight can bring something from before it. */
  protected settleAnnounced(): void {
    if (this.#announced !== undefined && this.inFlight === 0 && this.isReading) this.ended(this.#announced);
  }

  /** Tells the stage of the end, when nothing is left that was read before. */
  protected settleEnd(): void {
    const ending = this.#ending;
    if (ending === undefined || this.#isStopped || !this.flush()) return;
    this.#ending = undefined;
    if (ending.type === "closed") this.#outgoing.complete();
    else this.#outgoing.fail(ending.error);
  }

  /** A chunk is none: the stage fails, and cancels the stream. */
  protected refuse(error: unknown): void {
    this.#outgoing.fail(error);
  }

  #open(): void {
    try {
      this.reader = this.getReader();
    } catch (error) {
      this.#isForeign = true;
      throw error;
    }
    // An end that no `read` will tell of: of a stream that has given its last chunk, or fails while nothing is wanted.
    this.reader.closed?.then(
      () => this.#announce(CLOSED),
      (error: unknown) => this.#announce({ type: "failed", error }),
    );
  }

  #announce(ending: Ending): void {
    this.#announced = ending;
    this.settleAnnounced();
  }

  async #cancel(cause: unknown): Promise<void> {
    const { reader } = this;
    if (reader === undefined) {
      if (!this.#isForeign && !this.#stream.locked) await this.#cancelled(this.#stream.cancel(cause));
      return;
    }
    try {
      if (!this.#isOver) await this.#cancelled(reader.cancel(cause));
    } finally {
      reader.releaseLock();
    }
  }

  async #cancelled(promise: PromiseLike<unknown>): Promise<void> {
    const { closeWithinMs } = this.#options;
    let isLate = false;
    promise.then(undefined, (error: unknown) => {
      // The stage reports it.
      if (isLate) this.#stage.fail(error);
    });
    await within(promise, closeWithinMs, () => {
      isLate = true;
      return new SluiceError("SLUICE_TIMEOUT", `the stream of ${this.#stage.name} was not cancelled within ${closeWithinMs} ms`);
    });
  }

  /** Leaves the stream to others. What a `read` in flight would have brought stays in it; what came already is ours. */
  async #leave(): Promise<void> {
    this.reader?.releaseLock();
    if (this.inFlight > 0) {
      const quiet = new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
      await within(quiet, this.#options.closeWithinMs);
    }
    const lost = this.#lost + this.held;
    if (lost > 0) throw new SluiceError("SLUICE_ENDED", `${lost} ${lost === 1 ? "event" : "events"} had been read from the stream of ${this.#stage.name} when it ended, and will be missed by whoever reads on`);
  }
}
