/** Node Readables: of objects, and of bytes. */
import { Readable } from "node:stream";
import { fromReadable } from "sluice/node";
import { EVENT_BYTES } from "../events.ts";
import type { Source, Step } from "../source.ts";
import type { Near, WayIn } from "../ways.ts";
import { isNodeError } from "../node-errors.ts";
import { listenersOf } from "../residue.ts";
import { stageOptions } from "./stage-options.ts";

const READABLE = {
  pace: "asked",
  canWait: true,
  cleanup: "awaited",
  cleansUpAfter: { end: true, failure: true },
  hearsReason: true,
  hasMark: true,
  isOpenFromStart: true,
  canFailWith: isNodeError,
  saysMore: (ending: "end" | "fail", afterword: unknown) => ending === "fail" || afterword === "end",
} as const;

/** The default high-water mark of these rows, in events. */
const MARK = 2;

export const readable: WayIn = {
  name: "Readable",
  carries: "objects",
  ...READABLE,
  open(source, settings) {
    const mark = settings.highWaterMark ?? MARK;
    return near(new Scripted(source, true, mark), settings, mark, 1);
  },
};

export const readableBytes: WayIn = {
  name: "Readable, bytes",
  carries: "bytes",
  ...READABLE,
  open(source, settings) {
    const mark = settings.highWaterMark ?? MARK;
    // `read()` gives all that it holds, and calls `_read` for more before it looks.
    return near(new Scripted(source, false, mark * EVENT_BYTES), settings, mark, mark + 1);
  },
};

function near(stream: Scripted, settings: Parameters<WayIn["open"]>[1], mark: number, joins: number): Near {
  const before = listenersOf(stream);
  const producer = fromReadable(stream, stageOptions(settings));
  return {
    producer,
    // One more is read for whoever listens to 'readable', even at 0.
    ahead: Math.max(mark, 1, stream.eager),
    joins,
    stages: [producer],
    isClosed: () => stream.closed,
    residue: () => before.more(),
  };
}

class Scripted extends Readable {
  readonly #source: Source;

  constructor(source: Source, objectMode: boolean, highWaterMark: number) {
    super({ objectMode, highWaterMark });
    this.#source = source;
    if (source.comesFull) {
      this.#open();
      while (!source.isAtEnd) this.#play(source.takeNow());
    }
  }

  /** What may not be said any more comes when all who listen have heard of the end. */
  override emit(name: string | symbol, ...args: unknown[]): boolean {
    const isHeard = super.emit(name, ...args);
    if ((name === "end" || name === "error") && this.#source.hasAfterword) this.#sayMore();
    return isHeard;
  }

  /** How many events it holds whatever its mark says: it was made with them. */
  get eager(): number {
    return this.#source.comesFull ? this.#source.script.count : 0;
  }

  override read(size?: number): unknown {
    const { ending } = this.#source.script;
    // With a size of 0 it is Node that looks, which nobody could help.
    if (size !== 0 && ending?.type === "fail" && ending.isThrown === true && this.readableLength === 0 && this.#source.isAtEnd && this.#source.ended === undefined) {
      this.#open();
      this.#source.takeNow();
      throw ending.error;
    }
    return super.read(size);
  }

  override _read(): void {
    this.#open();
    const { ending } = this.#source.script;
    if (ending?.type === "fail" && ending.isThrown === true && this.#source.isAtEnd) return;
    const step = this.#source.take();
    if (step instanceof Promise) void step.then((settled) => this.#play(settled));
    else this.#play(step);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.releaseWith(error ?? undefined, (failure) => done((failure ?? error) as Error | null));
  }

  #open(): void {
    if (this.#source.opens === 0) this.#source.open();
  }

  #play(step: Step): void {
    if (this.destroyed) {
      this.#source.hasKeptSilent = true;
      return;
    }
    if (step.type === "event") this.push(step.event);
    else if (step.type === "end") this.push(null);
    else this.destroy(step.error as Error);
  }

  #sayMore(): void {
    while (this.#source.hasAfterword) {
      const step = this.#source.take() as Step;
      if (step.type === "end") this.emit("end");
      else if (step.type === "fail") this.emit("error", step.error);
      else this.emit("data", step.event);
    }
  }
}
