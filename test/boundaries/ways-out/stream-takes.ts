import type { Readable } from "node:stream";
import type { Stage } from "sluice";
import { LEAVE, type Sink } from "../sink.ts";
import { listenersOf } from "../residue.ts";
import type { Far, Outcome } from "../ways.ts";

/** A user who reads a Node Readable with `read()`, and destroys it when he leaves or fails. */
export class StreamTakes implements Far {
  readonly windows: number;
  readonly marks: number;
  readonly prefetches: number;
  readonly stages: readonly Stage[];
  readonly outcome: Promise<Outcome>;
  readonly #stream: Readable;
  readonly #sink: Sink;
  readonly #before: ReturnType<typeof listenersOf>;
  #settle!: (outcome: Outcome) => void;
  #isTaking = false;
  /** What he said as he left. */
  #reason: unknown;
  #failure: { readonly error: unknown } | undefined;

  constructor(stream: Readable, sink: Sink, { windows, marks, prefetches, stages = [] }: Pick<Far, "windows" | "marks" | "prefetches"> & Partial<Pick<Far, "stages">>) {
    this.windows = windows;
    this.marks = marks;
    this.prefetches = prefetches;
    this.stages = stages;
    this.#stream = stream;
    this.#sink = sink;
    this.#before = listenersOf(stream);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    stream.on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
  }

  start(): void {
    if (this.#sink.taking.isIdle !== true) this.#stream.on("readable", this.#onReadable);
  }

  async leave(reason?: unknown): Promise<unknown> {
    this.#reason = reason;
    this.#stream.destroy(reason as Error | undefined);
    return undefined;
  }

  isClosed(): boolean {
    return this.#stream.closed;
  }

  residue(): readonly string[] {
    return this.#before.more();
  }

  readonly #onReadable = (): void => {
    if (!this.#isTaking) void this.#take();
  };

  async #take(): Promise<void> {
    this.#isTaking = true;
    try {
      for (let event: unknown = this.#stream.read(); event !== null && !this.#sink.hasLeft; event = this.#stream.read()) {
        const verdict = this.#sink.take(event);
        if ((verdict instanceof Promise ? await verdict : verdict) === LEAVE) await this.leave();
      }
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
    this.#isTaking = false;
  }

  readonly #onEnd = (): void => {
    if (!this.#sink.hasLeft) this.#sink.tell({ type: "normal" });
  };

  readonly #onError = (error: unknown): void => {
    const { hasLeft, failure } = this.#sink;
    // His own reason comes back to him.
    if (hasLeft && error === this.#reason) return;
    this.#failure ??= { error };
    if (!hasLeft && failure === undefined) this.#sink.tell({ type: "error", error });
  };

  readonly #onClose = (): void => {
    this.#stream.off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose).off("readable", this.#onReadable);
    if (this.#failure !== undefined) this.#settle({ type: "error", error: this.#failure.error });
    else this.#settle({ type: this.#sink.hasLeft ? "left" : "normal" });
  };
}
