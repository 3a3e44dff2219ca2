/** Node Writables: of objects, which take lists, and of bytes. */
import { Writable } from "node:stream";
import { StoppedError, type Consumer, type Producer } from "sluice";
import { intoWritable } from "sluice/node";
import { EVENT_BYTES } from "../events.ts";
import { isNodeError } from "../node-errors.ts";
import { listenersOf } from "../residue.ts";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, OutSettings, Outcome, WayOut } from "../ways.ts";

const WRITABLE = {
  canWait: true,
  tellsReason: true,
  leaveShowsCleanup: false,
  abortsAt: "out",
  abortShows: "nothing",
  hasMark: true,
  atOnce: 1,
  handsLists: true,
  tellsFailure: true,
  endCanFail: true,
  showsAs: (error: unknown, shown: unknown) => !isNodeError(error) && shown instanceof StoppedError && shown.cause === error,
} as const;

/** The default high-water mark of these rows, in events. */
const MARK = 2;

export const writable: WayOut = {
  name: "Writable",
  carries: "objects",
  ...WRITABLE,
  refuses: (event) => event === null,
  open: (producer, sink, settings) => new Writes(producer, sink, settings, true),
};

export const writableBytes: WayOut = {
  name: "Writable, bytes",
  carries: "bytes",
  ...WRITABLE,
  open: (producer, sink, settings) => new Writes(producer, sink, settings, false),
};

class Writes implements Far {
  readonly windows: number;
  readonly marks: number;
  readonly stages: readonly Consumer<unknown>[];
  readonly outcome: Promise<Outcome>;
  readonly #producer: Producer<unknown>;
  readonly #sink: Sink;
  readonly #stream: Scripted;
  readonly #stage: Consumer<unknown>;
  readonly #before: ReturnType<typeof listenersOf>;
  #isOver = false;
  #hasStarted = false;

  constructor(producer: Producer<unknown>, sink: Sink, { maxDemand, minDemand, closeWithinMs, signal, highWaterMark = MARK }: OutSettings, objectMode: boolean) {
    this.#producer = producer;
    this.#sink = sink;
    this.windows = maxDemand;
    this.marks = highWaterMark;
    this.#stream = new Scripted(sink, objectMode, objectMode ? highWaterMark : highWaterMark * EVENT_BYTES);
    this.#stream.on("error", () => undefined);
    this.#before = listenersOf(this.#stream);
    this.#stage = intoWritable(this.#stream, { name: "out", maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal });
    this.stages = [this.#stage];
    this.outcome = this.#watch();
  }

  /** The stream takes what fits, and never calls back. */
  get prefetches(): number {
    return this.windows + this.marks;
  }

  async #watch(): Promise<Outcome> {
    const reason = await this.#stage.closed;
    this.#isOver = true;
    if (this.#sink.hasLeft || reason.type === "shutdown") return { type: "left" };
    return reason;
  }

  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#stage.subscribe(this.#producer);
  }

  async leave(reason?: unknown): Promise<unknown> {
    this.start();
    this.#stream.destroy(reason as Error | undefined);
    return undefined;
  }

  isClosed(): boolean {
    return this.#isOver && this.#stream.closed;
  }

  residue(): readonly string[] {
    return this.#before.more();
  }
}

type Done = (error?: Error | null) => void;

class Scripted extends Writable {
  readonly #sink: Sink;

  constructor(sink: Sink, objectMode: boolean, highWaterMark: number) {
    super({ objectMode, highWaterMark });
    this.#sink = sink;
  }

  override _write(event: unknown, _: string, done: Done): void {
    this.#take([event], 0, done);
  }

  override _writev(entries: readonly { readonly chunk: unknown }[], done: Done): void {
    this.#take(entries.map(({ chunk }) => chunk), 0, done);
  }

  override _final(done: Done): void {
    this.#sink.tell({ type: "normal" });
    done(this.#sink.taking.endFailure?.error as Error | undefined);
  }

  override _destroy(error: Error | null, done: Done): void {
    // His own error, and that he has left, nobody tells him.
    const { hasLeft, failure, taking } = this.#sink;
    if (!this.writableFinished && !hasLeft && failure === undefined && taking.endFailure === undefined) this.#sink.tell({ type: "error", error });
    done(error);
  }

  #take(events: readonly unknown[], from: number, done: Done): void {
    if (this.#sink.taking.isIdle === true) return;
    for (let at = from; at < events.length; at += 1) {
      if (this.#sink.hasLeft || this.destroyed) return;
      const verdict = this.#sink.take(events[at]);
      if (verdict instanceof Promise) {
        verdict.then(
          (settled) => (settled === LEAVE ? void this.destroy() : this.#take(events, at + 1, done)),
          (error: unknown) => done(error as Error),
        );
        return;
      }
      if (verdict === LEAVE) {
        this.destroy();
        return;
      }
    }
    done();
  }
}
