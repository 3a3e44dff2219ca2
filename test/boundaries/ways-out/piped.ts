import { pipeline, type ExitReason, type Producer } from "sluice";
import type { Sink } from "../sink.ts";
import type { OutSettings, Outcome } from "../ways.ts";
import { Consuming, type Handling } from "./consuming.ts";

/** A consumer at the end of a pipeline, whose promise is the user's run. */
export class Piped extends Consuming {
  readonly #signal: AbortSignal | undefined;
  readonly #sink: Sink;
  #settle!: (outcome: Outcome) => void;

  constructor(producer: Producer<unknown>, sink: Sink, settings: OutSettings, handling: Handling) {
    // The signal is the pipeline's.
    super(producer, sink, settings, handling, {});
    this.#signal = settings.signal;
    this.#sink = sink;
  }

  protected override watch(settle: (outcome: Outcome) => void): void {
    queueMicrotask(() => (this.#settle = settle));
  }

  /** A stage that has been stopped hears of it, and not why: the pipeline tells. */
  protected override tell(reason: ExitReason): void {
    if (reason.type === "normal" && this.#sink.taking.endFailure === undefined) super.tell(reason);
  }

  protected override subscribe(): void {
    pipeline(this.producer, this.stage, { signal: this.#signal }).then(
      () => this.#settle({ type: "normal" }),
      (error: unknown) => this.#failed(error),
    );
  }

  override async leave(reason?: unknown): Promise<unknown> {
    await super.leave(reason);
    if (this.#sink.taking.isIdle === true) this.#settle({ type: "left" });
    return undefined;
  }

  #failed(error: unknown): void {
    const { hasLeft, failure } = this.#sink;
    if (hasLeft) this.#settle({ type: "left" });
    else {
      if (failure === undefined) this.#sink.tell({ type: "error", error });
      this.#settle({ type: "error", error });
    }
  }
}
