/** Reads a stream one `read` after another. */
import { inNextTurn, spend } from "../../core/index.ts";
import type { ReadResultLike, ReaderLike } from "./readable-shapes.ts";
import { CLOSED, Reading } from "./reading.ts";

/** Reads only while events are missing. The next `read` waits for the one before, as only that tells what is still missing. */
export abstract class SerialReading<Event, Reader extends ReaderLike, Chunk> extends Reading<Event, Reader> {
  #isWaiting = false;

  /** Asks the stream for its next chunk. */
  protected abstract read(reader: Reader): PromiseLike<ReadResultLike<Chunk>>;

  /** A chunk has come, the last one with `done`. Returns what it was worth of a slice. */
  protected abstract take(result: ReadResultLike<Chunk>): number;

  protected readOn(): void {
    if (this.flush()) this.settleEnd();
    if (this.wanted === 0 || this.inFlight > 0 || this.#isWaiting || !this.isReading) return;
    this.inFlight = 1;
    try {
      this.read(this.reader as Reader).then(this.#onResult, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  readonly #onResult = (result: ReadResultLike<Chunk>): void => {
    const isWanted = this.settled();
    let units = 1;
    try {
      units = this.take(result);
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (!isWanted) return;
    if (result.done) this.ended(CLOSED);
    else this.settleAnnounced();
    if (spend(units)) this.#later();
    else this.readOn();
  };

  readonly #onError = (error: unknown): void => {
    if (this.settled()) this.ended({ type: "failed", error });
  };

  #later(): void {
    this.#isWaiting = true;
    inNextTurn(() => {
      this.#isWaiting = false;
      if (this.isReading) this.readOn();
    });
  }
}
