/** What is written into a stream of our making, on its way to a producer. */
import { SluiceError, StoppedError, type ExitReason, type Holders, type PushProducer, type Self } from "../../core/index.ts";
import { toldAt } from "./told.ts";
import type { WritableController } from "./writable-shapes.ts";

/** The write that waits, or the close: the platform never calls twice at once. */
interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** The account is one number: demanded, and not written yet. */
export class StreamIntake<Event> {
  readonly #stage: PushProducer<Event>;
  readonly #isLists: boolean;
  /** Those who have what was written: only if a write waits for them. */
  readonly #holders: Holders | undefined;
  #self: Self<Event> | undefined;
  #controller: WritableController | undefined;
  #wanted = 0;
  /** What is being written, and how much of it has been taken. */
  #list: readonly Event[] = NOTHING;
  #next = 0;
  #pending: Pending | undefined;
  #isClosing = false;

  constructor(stage: PushProducer<Event>, isLists: boolean, holders: Holders | undefined) {
    this.#stage = stage;
    this.#isLists = isLists;
    this.#holders = holders;
  }

  // ---- the stage

  demand(demand: number, self: Self<Event>): void {
    this.#self = self;
    this.#wanted += demand;
    if (this.#next < this.#list.length) this.#feed();
  }

  /** All have been handled that were given to somebody. */
  handled(): void {
    if (this.#isDone && !this.#isClosing) this.#settle();
  }

  /** The stage has ended. */
  stop(reason: ExitReason): void {
    if (reason.type === "normal") this.#settle();
    else {
      const told = toldAt(reason, this.#stage.name);
      this.#controller?.error(told);
      this.#reject(told);
    }
  }

  // ---- the stream

  start(controller: WritableController): void {
    this.#controller = controller;
    const { signal } = controller;
    // The platform calls `abort` when what is in progress has settled: what waits for demand is told here.
    signal?.addEventListener("abort", () => this.#interrupt(signal.reason), { once: true });
  }

  /** Returns no promise when the demand is there already. */
  write(chunk: unknown): Promise<void> | undefined {
    if (this.#isLists && !Array.isArray(chunk)) return this.#refuse(chunk);
    this.#list = this.#isLists ? (chunk as readonly Event[]) : [chunk as Event];
    this.#next = 0;
    if (this.#wanted > 0) this.#feed();
    return this.#isDone ? undefined : this.#wait();
  }

  /** Settles as the stage ends. */
  close(): Promise<void> {
    this.#isClosing = true;
    this.#stage.complete();
    return this.#wait();
  }

  abort(reason: unknown): void {
    // A reader must have something to throw.
    this.#stage.fail(reason === undefined ? new StoppedError(this.#stage.name) : reason);
  }

  #feed(): void {
    const list = this.#list;
    const from = this.#next;
    const count = Math.min(this.#wanted, list.length - from);
    try {
      this.#self?.emit(from === 0 && count === list.length ? list : list.slice(from, from + count));
    } catch (error) {
      // The stage ends for another reason, and delivers what it has: its end rejects what waits.
      if (error instanceof SluiceError && error.code === "SLUICE_ENDED") return;
      throw error;
    }
    this.#wanted -= count;
    this.#next += count;
    if (this.#isDone) this.#settle();
  }

  /** Taken by consumers, and handled by them if somebody wants to know. */
  get #isDone(): boolean {
    if (this.#next < this.#list.length) return false;
    return this.#holders === undefined || (this.#holders.isEmpty && this.#stage.bufferedCount === 0);
  }

  #interrupt(reason: unknown): void {
    if (this.#isClosing) this.#stage.fail(reason);
    // An event that has been taken is handled to the end.
    else if (this.#next === this.#list.length) return;
    this.#reject(reason);
  }

  #refuse(chunk: unknown): Promise<never> {
    const error = new SluiceError("SLUICE_BAD_PARTNER", `expected a chunk of the stream to be a list of events, got: ${typeof chunk}`);
    this.#stage.fail(error);
    return Promise.reject(error);
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  #settle(): void {
    const pending = this.#take();
    pending?.resolve();
  }

  /** What waits is not taken any more. */
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
}
