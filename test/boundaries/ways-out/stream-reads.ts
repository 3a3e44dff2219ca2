import type { Stage } from "sluice";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, Outcome } from "../ways.ts";

/** Reads one chunk. */
type Read = () => Promise<{ readonly done: boolean; readonly value?: unknown }>;

interface Reader {
  readonly read: Read;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** A user who reads a ReadableStream with a reader, and cancels it when he leaves or fails. */
export class StreamReads implements Far {
  readonly windows: number;
  readonly marks: number;
  readonly prefetches: number;
  readonly stages: readonly Stage[];
  readonly outcome: Promise<Outcome>;
  readonly #sink: Sink;
  readonly #reader: Reader;
  #settle!: (outcome: Outcome) => void;
  #isOver = false;
  #hasStarted = false;

  constructor(reader: Reader, sink: Sink, { windows, marks, prefetches, stages = [] }: Pick<Far, "windows" | "marks" | "prefetches"> & Partial<Pick<Far, "stages">>) {
    this.windows = windows;
    this.marks = marks;
    this.prefetches = prefetches;
    this.stages = stages;
    this.#reader = reader;
    this.#sink = sink;
    this.outcome = new Promise((resolve) => {
      this.#settle = (outcome) => {
        if (!this.#isOver) reader.releaseLock();
        this.#isOver = true;
        resolve(outcome);
      };
    });
  }

  start(): void {
    if (this.#sink.taking.isIdle === true || this.#hasStarted) return;
    this.#hasStarted = true;
    this.#run().then(
      () => this.#settle({ type: this.#sink.hasLeft ? "left" : "normal" }),
      (error: unknown) => this.#settle({ type: "error", error }),
    );
  }

  async leave(reason?: unknown): Promise<unknown> {
    try {
      await this.#reader.cancel(reason);
    } finally {
      if (!this.#hasStarted) this.#settle({ type: "left" });
    }
    return undefined;
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return [];
  }

  async #run(): Promise<void> {
    for (;;) {
      const chunk = await this.#read();
      if (chunk.done) {
        if (!this.#sink.hasLeft) this.#sink.tell({ type: "normal" });
        return;
      }
      if (this.#sink.hasLeft) return;
      if (await this.#take(chunk.value)) return;
    }
  }

  async #read(): ReturnType<Read> {
    try {
      return await this.#reader.read();
    } catch (error) {
      if (!this.#sink.hasLeft) this.#sink.tell({ type: "error", error });
      throw error;
    }
  }

  /** Returns whether he takes no more. */
  async #take(event: unknown): Promise<boolean> {
    try {
      const verdict = this.#sink.take(event);
      if ((verdict instanceof Promise ? await verdict : verdict) !== LEAVE) return false;
    } catch (error) {
      await this.#reader.cancel(error).catch(() => undefined);
      throw error;
    }
    await this.#reader.cancel();
    return true;
  }
}
