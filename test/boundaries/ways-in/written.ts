/** A Node Writable that somebody writes into, who heeds its back-pressure. */
import type { Writable } from "node:stream";
import { StoppedError } from "sluice";
import { asWritable } from "sluice/node";
import { isNodeError } from "../node-errors.ts";
import type { Source, Step } from "../source.ts";
import type { WayIn } from "../ways.ts";
import { plain, stageOptions } from "./stage-options.ts";

/** The default high-water mark of this row. */
const MARK = 2;

export const written: WayIn = {
  name: "asWritable",
  carries: "objects",
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
  cannotSayMore: "Node refuses what is written behind the end",
  canFailWith: isNodeError,
  open(source, settings) {
    const { closeWithinMs, ...options } = stageOptions(settings);
    const mark = settings.highWaterMark ?? MARK;
    const { writable, producer } = asWritable({ ...options, stopWithinMs: closeWithinMs, highWaterMark: mark });
    const writing = new Writing(source, writable);
    void writing.run();
    // At 0 one is written before `write` says that there is no room.
    return { ...plain(producer), ahead: Math.max(mark, 1), isClosed: () => writable.closed };
  },
};

/** Writes until there is no room, and waits for what it has written before it ends. */
class Writing {
  readonly #source: Source;
  readonly #writable: Writable;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: Source, writable: Writable) {
    this.#source = source;
    this.#writable = writable;
    writable.on("error", () => undefined);
    writable.on("close", () => {
      if (source.ended === undefined) void source.release(writable.errored);
    });
  }

  async run(): Promise<void> {
    this.#source.open();
    while (this.#source.ended === undefined) {
      if (this.#writable.writableNeedDrain) await this.#room();
      if (this.#writable.destroyed) return;
      const step = await this.#source.take();
      if (this.#writable.destroyed) this.#source.hasKeptSilent = true;
      else await this.#play(step);
    }
  }

  /** 'drain', or 'close'. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      const writable = this.#writable;
      const go = (): void => {
        writable.off("drain", go).off("close", go);
        resolve();
      };
      if (writable.closed) resolve();
      else writable.on("drain", go).on("close", go);
    });
  }

  async #play(step: Step): Promise<void> {
    const writable = this.#writable;
    if (step.type === "event") {
      this.#last = new Promise((resolve) => void writable.write(step.event, resolve));
      return;
    }
    await this.#last;
    if (writable.destroyed) this.#source.hasKeptSilent = true;
    else if (step.type === "end") writable.end();
    else writable.destroy(step.error as Error);
  }
}
