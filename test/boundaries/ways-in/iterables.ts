/** Iterables: sync, of promises, async, and an async generator. */
import { fromIterable, isThenable } from "sluice";
import type { Source, Step } from "../source.ts";
import type { WayIn } from "../ways.ts";
import { iterableOf, resultOf } from "./iterators.ts";
import { plain, stageOptions } from "./stage-options.ts";

const ITERATOR = {
  carries: "anything",
  pace: "asked",
  cleansUpAfter: { end: false, failure: false },
  hearsReason: true,
  hasIterator: true,
} as const;

const CANNOT_BE_EAGER = "an iterator gives nothing before it is asked";

export const array: WayIn = {
  name: "array",
  ...ITERATOR,
  canWait: false,
  cleanup: "awaited",
  open(source, settings) {
    const iterable = iterableOf(source, Symbol.iterator, () => resultOf(source.takeNow()));
    return plain(fromIterable(iterable, stageOptions(settings)));
  },
};

export const promises: WayIn = {
  name: "promises",
  ...ITERATOR,
  // A promise that rejects has not ended its iterator.
  cleansUpAfter: { end: false, failure: true },
  canWait: true,
  cleanup: "awaited",
  cannotBeEager: CANNOT_BE_EAGER,
  canCarry: (event) => !isThenable(event),
  cannotEndLate: "whether there is one more promise is known at once",
  open(source, settings) {
    const next = (): unknown => {
      if (source.isAtEnd && !endsByPromise(source)) return resultOf(source.takeNow());
      // The iterator of the adapter goes on only when the promise has been awaited.
      return { value: Promise.resolve(source.take()).then((step) => resultOf(step).value), done: false };
    };
    return plain(fromIterable(iterableOf(source, Symbol.iterator, next), { ...stageOptions(settings), await: true }));
  },
};

/** Fails by a promise that rejects, not by a `next` that throws. */
function endsByPromise({ ended, script: { ending } }: Source): boolean {
  return ended === undefined && ending?.type === "fail" && ending.isThrown !== true;
}

export const asyncIterable: WayIn = {
  name: "async iterable",
  ...ITERATOR,
  canWait: true,
  cleanup: "awaited",
  cannotBeEager: CANNOT_BE_EAGER,
  failsLate: true,
  open: (source, settings) => plain(fromIterable(iterableOf(source, Symbol.asyncIterator, () => nextOf(source)), stageOptions(settings))),
};

/** Several `next()` in flight. */
export const concurrentIterable: WayIn = {
  ...asyncIterable,
  name: "async iterable x3",
  open(source, settings) {
    const iterable = iterableOf(source, Symbol.asyncIterator, inOrder(source));
    return plain(fromIterable(iterable, { ...stageOptions(settings), concurrency: 3 }));
  },
};

/** `wait`: for a step that does not come at once. */
export function nextOf(source: Source, wait: (step: Promise<Step>) => Promise<Step> = (step) => step): Promise<unknown> {
  const step = source.take();
  if (step instanceof Promise) return wait(step).then(resultOf);
  if (step.type === "fail" && "isThrown" in step &&  step.isThrown) throw step.error;
  return new Promise((resolve) => resolve(resultOf(step)));
}

/** A `next()` takes its step when those before it have: what is asked behind the end is done. */
function inOrder(source: Source): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    if (source.throwsAtOnce && source.ended === undefined) return nextOf(source);
    const result = last.then(() => (source.ended === undefined || source.hasAfterword ? nextOf(source) : { value: undefined, done: true }));
    last = result.catch(() => undefined);
    return result;
  };
}

/** Its `finally` runs at each end, and its `return()` waits behind a `next()` that is stuck. */
export const asyncGenerator: WayIn = {
  name: "async generator",
  carries: "anything",
  pace: "asked",
  canWait: true,
  cleanup: "awaited",
  cleansUpAfter: { end: true, failure: true },
  hearsReason: false,
  failsLate: true,
  cannotBeEager: CANNOT_BE_EAGER,
  cannotThrow: "a generator that throws has failed by its promise",
  saysMore: () => false,
  cannotSayMore: "a generator that has ended is done for ever",
  canCarry: (event) => !isThenable(event),
  replacesErrors: "a finally that fails replaces the error, in every generator",
  open: (source, settings) => plain(fromIterable(() => generate(source), stageOptions(settings))),
};

async function* generate(source: Source): AsyncGenerator<unknown, void> {
  source.open();
  try {
    for (;;) {
      const step = await source.take();
      if (step.type === "end") return;
      if (step.type === "fail") throw step.error;
      yield step.event;
    }
  } finally {
    await source.release();
  }
}
