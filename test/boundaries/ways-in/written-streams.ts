/** A WritableStream that somebody writes into, who heeds its back-pressure. */
import { StoppedError } from "sluice";
import { asWritableStream } from "sluice/web";
import type { Source, Step } from "../source.ts";
import type { WayIn } from "../ways.ts";
import { plain, stageOptions } from "./stage-options.ts";

export const writtenStream: WayIn = {
  name: "asWritableStream",
  carries: "anything",
  pace: "pushes",
  canWait: true,
  cleanup: "none",
  cleansUpAfter: { end: false, failure: false },
  hearsReason: true,
  showsReason: (reason, shown) => reason === undefined && shown instanceof StoppedError,
  isOpenFromStart: true,
  startsItself: true,
  hasMark: true,
  cannotBeEager: "who writes waits until there is room",
  cannotThrow: "nobody calls him who writes",
  saysMore: () => false,
  cannotSayMore: "the platform refuses what is said behind its end",
  // A stream that is aborted without a reason says so in its own words.
  canFailWith: (error) => error !== undefined,
  open(source, settings) {
    const { closeWithinMs, ...options } = stageOptions(settings);
    const mark = settings.highWaterMark ?? 1;
    const { writable, producer } = asWritableStream<unknown>({ ...options, stopWithinMs: closeWithinMs, highWaterMark: mark });
    const writing = new Writing(source, writable.getWriter(), mark === 0);
    void writing.run();
    // With room for none it waits until somebody demands.
    return { ...plain(producer), ahead: Math.max(mark, 1), isClosed: () => writing.isClosed };
  },
};

/** Writes while there is room, and waits for what it has written before it ends. */
class Writing {
  isClosed = false;
  readonly #source: Source;
  readonly #writer: WritableStreamDefaultWriter<unknown>;
  /** One after the other. */
  readonly #isStepping: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: Source, writer: WritableStreamDefaultWriter<unknown>, isStepping: boolean) {
    this.#source = source;
    this.#isStepping = isStepping;
    this.#writer = writer;
    writer.closed.then(
      () => (this.isClosed = true),
      (reason: unknown) => {
        this.isClosed = true;
        if (source.ended === undefined) void source.release(reason);
      },
    );
  }

  async run(): Promise<void> {
    this.#source.open();
    try {
      while (this.#source.ended === undefined) {
        // With room for none it is never ready.
        await (this.#isStepping ? this.#last : this.#writer.ready);
        const step = await this.#source.take();
        if (this.isClosed || this.#writer.desiredSize === null) this.#source.hasKeptSilent = true;
        else await this.#play(step);
      }
    } catch {
      // He has heard of it by `closed`.
    }
  }

  async #play(step: Step): Promise<void> {
    if (step.type === "event") {
      this.#last = this.#writer.write(step.event);
      this.#last.catch(() => undefined);
      return;
    }
    await this.#last;
    // Behind an abort of its own, or a failure, a stream hears nothing.
    if (this.#writer.desiredSize === null) this.#source.hasKeptSilent = true;
    if (step.type === "end") await this.#writer.close();
    else await this.#writer.abort(step.error);
  }
}
