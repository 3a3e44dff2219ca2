/** A WHATWG WritableStream. */
import type { Consumer, Producer } from "sluice";
import { intoWritableStream } from "sluice/web";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, OutSettings, Outcome, WayOut } from "../ways.ts";

export const writableStream: WayOut = {
  name: "WritableStream",
  carries: "anything",
  canWait: true,
  atOnce: 1,
  tellsReason: true,
  tellsFailure: true,
  abortsAt: "out",
  abortShows: "nothing",
  leaveShowsCleanup: false,
  endCanFail: true,
  hasMark: true,
  open: (producer, sink, settings) => new StreamWrites(producer, sink, settings),
};

class StreamWrites implements Far {
  readonly windows: number;
  readonly marks: number;
  readonly stages: readonly Consumer<unknown>[];
  readonly outcome: Promise<Outcome>;
  readonly #producer: Producer<unknown>;
  readonly #sink: Sink;
  readonly #stage: Consumer<unknown>;
  readonly #stream: WritableStream<unknown>;
  #controller!: WritableStreamDefaultController;
  #open: (() => void) | undefined;
  #isOver = false;
  #hasStarted = false;

  constructor(producer: Producer<unknown>, sink: Sink, { maxDemand, minDemand, closeWithinMs, signal, highWaterMark = 1 }: OutSettings) {
    this.#producer = producer;
    this.#sink = sink;
    this.windows = maxDemand;
    this.marks = highWaterMark;
    this.#stream = new WritableStream<unknown>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        write: (event) => this.#write(event),
        close() {
          sink.tell({ type: "normal" });
          if (sink.taking.endFailure !== undefined) throw sink.taking.endFailure.error;
        },
        abort(error) {
          if (sink.failure === undefined && !sink.hasLeft) sink.tell({ type: "error", error });
        },
      },
      { highWaterMark },
    );
    this.#stage = intoWritableStream(this.#stream, { name: "out", maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal });
    this.stages = [this.#stage];
    this.outcome = this.#watch();
  }

  get prefetches(): number {
    return this.windows + this.marks;
  }

  async #watch(): Promise<Outcome> {
    const reason = await this.#stage.closed;
    this.#isOver = true;
    return this.#sink.hasLeft || reason.type === "shutdown" ? { type: "left" } : reason;
  }

  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#stage.subscribe(this.#producer);
  }

  /** A stream has no other way to take no more. */
  leave(reason?: unknown): Promise<unknown> {
    this.start();
    this.#controller.error(reason);
    this.#open?.();
    return Promise.resolve();
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return this.#stream.locked ? ["the lock of a writer"] : [];
  }

  async #write(event: unknown): Promise<void> {
    if (this.#sink.taking.isIdle === true) return new Promise((resolve) => (this.#open = resolve));
    const verdict = this.#sink.take(event);
    if ((verdict instanceof Promise ? await verdict : verdict) === LEAVE) await this.leave();
  }
}
