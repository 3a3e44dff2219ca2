/** A user who reads: a loop, or several `next()` at once. */
import { isThenable, type EventReader } from "sluice";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, Outcome } from "../ways.ts";

interface ReadingSettings {
  readonly windows: number;
  readonly sink: Sink;
  /** The events of a result: one, or a batch. */
  readonly eventsOf: (result: unknown) => readonly unknown[];
}

export const one = (result: unknown): readonly unknown[] => [result];
export const batch = (result: unknown): readonly unknown[] => result as readonly unknown[];

abstract class Reading implements Far {
  readonly windows: number;
  readonly marks = 0;
  readonly prefetches = 0;
  readonly stages = [] as const;
  readonly outcome: Promise<Outcome>;
  protected readonly sink: Sink;
  protected readonly reader: EventReader<unknown>;
  protected readonly eventsOf: ReadingSettings["eventsOf"];
  protected settle!: (outcome: Outcome) => void;
  #isOver = false;

  constructor(reader: EventReader<unknown>, { windows, sink, eventsOf }: ReadingSettings) {
    this.reader = reader;
    this.windows = windows;
    this.sink = sink;
    this.eventsOf = eventsOf;
    this.outcome = new Promise((resolve) => {
      this.settle = (outcome) => {
        this.#isOver = true;
        resolve(outcome);
      };
    });
  }

  abstract start(): void;

  async leave(reason?: unknown): Promise<unknown> {
    try {
      return await this.reader.return(reason);
    } finally {
      // Who leaves before he has begun has no loop that would say so.
      if (!this.#isOver) setImmediate(() => this.settle({ type: "left" }));
    }
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return [];
  }

  /** The loop is over. */
  protected over(failure?: { readonly error: unknown }): void {
    const { sink } = this;
    // What his own handler threw nobody has told him.
    if (failure === undefined) {
      if (!sink.hasLeft) sink.tell({ type: "normal" });
      this.settle({ type: sink.hasLeft ? "left" : "normal" });
    } else {
      if (!sink.hasLeft && sink.failure === undefined) sink.tell({ type: "error", error: failure.error });
      this.settle({ type: "error", error: failure.error });
    }
  }
}

export class Loop extends Reading {
  start(): void {
    this.#run().then(
      () => this.over(),
      (error: unknown) => this.over({ error }),
    );
  }

  async #run(): Promise<void> {
    for await (const result of this.reader) {
      for (const event of this.eventsOf(result)) {
        // Whoever has left in his own handler takes nothing more of the batch.
        if (this.sink.hasLeft) break;
        const verdict = this.sink.take(event);
        if ((isThenable(verdict) ? await verdict : verdict) === LEAVE) return;
      }
    }
  }
}

/** Calls `next()` several times, and takes the results as they come. */
export class Nexts extends Reading {
  readonly #count: number;
  #inFlight = 0;
  #isOver = false;
  #taken: Promise<void> = Promise.resolve();

  constructor(reader: EventReader<unknown>, count: number, settings: Omit<ReadingSettings, "windows">) {
    super(reader, { ...settings, windows: count });
    this.#count = count;
  }

  start(): void {
    while (this.#inFlight < this.#count && !this.#isOver) {
      this.#inFlight += 1;
      const result = this.reader.next();
      result.catch(() => undefined);
      this.#taken = this.#taken.then(() => result.then((each) => this.#take(each))).catch((error: unknown) => this.#end({ error }));
    }
  }

  override async leave(reason?: unknown): Promise<unknown> {
    if (reason === undefined) return super.leave();
    try {
      return await this.reader.throw(reason);
    } catch (error) {
      if (error !== reason) throw error;
      return undefined;
    } finally {
      this.#end();
    }
  }

  async #take(result: IteratorResult<unknown, undefined>): Promise<void> {
    if (this.#isOver) return;
    if (result.done === true || this.sink.hasLeft) {
      this.#end();
      return;
    }
    try {
      const verdict = this.sink.take(result.value);
      if ((isThenable(verdict) ? await verdict : verdict) === LEAVE) {
        await this.reader.return();
        this.#end();
        return;
      }
    } catch (error) {
      // As a loop does it, but with the error.
      await this.reader.throw(error).catch(() => undefined);
      throw error;
    }
    this.#inFlight -= 1;
    this.start();
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.over(failure);
  }
}
