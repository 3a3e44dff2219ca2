/** A pair of streams between the two halves of a stage: one that writes into the one, and one that reads from the other. */
import { CLOSE_WITHIN_MS, inNextTurn, type ExitReason, type Joint, type PushProducer, type Self } from "../../core/index.ts";
import { EventReading } from "./event-reading.ts";
import { StreamWriting } from "./stream-writing.ts";
import type { TransformStreamLike } from "./through-transform-stream.ts";
import { toldAt } from "./told.ts";

/** Shows how far the reading is. */
class PairReading<Event> extends EventReading<Event> {
  /** How many calls of `read` have settled. */
  reads = 0;

  /** Demanded, and not read yet. */
  get missing(): number {
    return this.wanted + this.inFlight;
  }

  /** The stream has given all that it has. */
  get isWaiting(): boolean {
    return this.inFlight > 0;
  }

  get isOpen(): boolean {
    return this.reader !== undefined;
  }

  protected override settled(): boolean {
    this.reads += 1;
    return super.settled();
  }
}

export class TransformJoint<In, Out> implements Joint<In, Out> {
  readonly #output: PushProducer<Out>;
  readonly #closeWithinMs: number;
  readonly #reading: PairReading<Out>;
  readonly #writing: StreamWriting<In>;
  /** An error of the input that waits until all that was made before it has been read. */
  #inputFailure: { readonly error: unknown } | undefined;
  #isLooking = false;
  #release: Promise<void> | undefined;

  constructor(pair: TransformStreamLike<In, Out>, output: PushProducer<Out>, closeWithinMs: number = CLOSE_WITHIN_MS) {
    this.#output = output;
    this.#closeWithinMs = closeWithinMs;
    this.#reading = new PairReading<Out>(pair.readable, output, { preventCancel: false, closeWithinMs });
    this.#writing = new StreamWriting<In>(pair.writable, () => this.#reading.missing);
  }

  handleInput(self: Self): Promise<void> | undefined {
    const attached = this.#writing.attach(self);
    this.handleOutput();
    return attached;
  }

  /** Takes the lock, and hears from now on how the stream ends. */
  handleOutput(): void {
    if (!this.#reading.isOpen) this.#reading.demand(0, this.#output);
  }

  handleEvents(events: readonly In[]): Promise<void> {
    return this.#writing.write(events);
  }

  handleComplete(): Promise<void> {
    return this.#writing.close();
  }

  handleDemand(demand: number, self: Self<Out>): void {
    this.#reading.demand(demand, self);
    this.#writing.resume();
    this.#look();
  }

  handleInputError(error: unknown): void {
    this.#inputFailure = { error };
    // It could not be opened.
    if (!this.#reading.isOpen) this.#output.fail(error);
    else this.#look();
  }

  handleOutputEnd(reason: ExitReason): void {
    if (reason.type === "normal") return;
    this.#release = this.#break(reason);
    // The end waits for it later.
    this.#release.catch(() => undefined);
  }

  handleEarlyEnd(): Promise<void> {
    return this.#writing.closeEarly();
  }

  async handleStop(reason: ExitReason): Promise<void> {
    if (this.#release !== undefined) await this.#release;
    else {
      await this.#reading.stop(reason);
      // What is stuck there has been waited for.
      await this.#writing.leave(0);
    }
  }

  /** A `read` that is still pending in the next turn means that nothing more comes of the events before the failure. */
  #look(): void {
    const failure = this.#inputFailure;
    if (failure === undefined || this.#isLooking || !this.#reading.isWaiting) return;
    this.#isLooking = true;
    const { reads } = this.#reading;
    inNextTurn(() => {
      this.#isLooking = false;
      if (this.#reading.isWaiting && this.#reading.reads === reads) {
        this.#output.fail(failure.error);
        this.#inputFailure = undefined;
      } else this.#look();
    });
  }

  async #break(reason: ExitReason): Promise<void> {
    const { name } = this.#output;
    const told = toldAt(reason, name);
    const ends = await Promise.allSettled([
      this.#writing.abort(told, this.#closeWithinMs, name),
      this.#reading.stop({ type: "error", error: told }),
    ]);
    // One side fails the other with what it was told.
    for (const end of ends) if (end.status === "rejected" && end.reason !== told) throw end.reason;
  }
}
