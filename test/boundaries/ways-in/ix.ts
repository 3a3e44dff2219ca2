/** AsyncIterables of IxJS: a chain of its operators, and one that is written by hand. */
import { isThenable } from "sluice";
import { fromIx } from "sluice/ix";
import { AsyncIterableX } from "ix/asynciterable";
import { filter, map } from "ix/asynciterable/operators";
import type { Source, Step } from "../source.ts";
import type { WayIn } from "../ways.ts";
import { nextOf } from "./iterables.ts";
import { iterableOf } from "./iterators.ts";
import { plain, stageOptions } from "./stage-options.ts";

const ASYNC = {
  carries: "anything",
  pace: "asked",
  canWait: true,
  cleanup: "awaited",
  cleansUpAfter: { end: false, failure: false },
  cannotBeEager: "an iterator gives nothing before it is asked",
} as const;

/** Its operators are async generators: they hand no reason on, and their `return()` waits behind a `next()` that is stuck. */
export const ixOperators: WayIn = {
  name: "AsyncIterableX, operators",
  ...ASYNC,
  hearsReason: false,
  saysMore: () => false,
  cannotSayMore: "a generator that has ended is done for ever",
  canCarry: (event) => !isThenable(event),
  open(source, settings) {
    const chain = new Scripted(source).pipe(
      map((event: unknown) => event),
      filter(() => true),
    );
    return { ...plain(fromIx(chain, stageOptions(settings))), isClosed: () => isClosed(source) };
  },
};

/** Its `return()` waits behind a `next()` as well, and it heeds its signal. */
export const ixByHand: WayIn = {
  name: "AsyncIterableX, by hand",
  ...ASYNC,
  hearsReason: true,
  // A signal always has one.
  showsReason: (reason, shown) => reason === undefined && shown instanceof DOMException && shown.name === "AbortError",
  hasIterator: true,
  open: (source, settings) => ({ ...plain(fromIx(new Scripted(source), stageOptions(settings))), isClosed: () => isClosed(source) }),
};

/** What is stuck is aborted a turn behind the end of the stage. */
function isClosed({ opens, ended, releases, script }: Source): boolean {
  return opens === 0 || ended !== undefined || releases.length > 0 || script.malformed !== undefined;
}

/** Where it heeds its signal it has released itself: operators call no `return()` behind a `next()` that rejects. */
class Scripted extends AsyncIterableX<unknown> {
  readonly #source: Source;

  constructor(source: Source) {
    super();
    this.#source = source;
  }

  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<unknown> {
    const source = this.#source;
    let pending: Promise<unknown> = Promise.resolve();
    let hasHeeded = false;
    const heed = (): void => {
      hasHeeded = true;
      void source.release(signal?.reason);
    };
    const next = (): Promise<unknown> => {
      const result = nextOf(source, (step) => orAborted(step, signal, heed));
      pending = result.catch(() => undefined);
      return result;
    };
    const iterator = iterableOf(source, Symbol.asyncIterator, next)[Symbol.asyncIterator]();
    if (typeof iterator.return === "function") {
      const leave = iterator.return.bind(iterator);
      iterator.return = (reason?: unknown) => pending.then(() => (hasHeeded ? { value: undefined, done: true } : leave(reason)));
    }
    return iterator;
  }
}

function orAborted(step: Promise<Step>, signal: AbortSignal | undefined, heed: () => unknown): Promise<Step> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      heed();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
    void step.then((settled) => {
      signal?.removeEventListener("abort", leave);
      resolve(settled);
    });
  });
}
