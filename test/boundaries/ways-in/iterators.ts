/** Iterators that play a script, well or badly formed. */
import type { Malformed, Source, Step } from "../source.ts";

type Result = IteratorResult<unknown, undefined>;

const DONE: Result = { value: undefined, done: true };

/** What an iterator makes of a step: it gives an event, is done, or throws. */
export function resultOf(step: Step): Result {
  if (step.type === "event") return { value: step.event, done: false };
  if (step.type === "end") return DONE;
  throw step.error;
}

/** An iterable under the key of its kind, with the defects of the script. */
export function iterableOf(source: Source, key: typeof Symbol.iterator | typeof Symbol.asyncIterator, next: () => unknown): AsyncIterable<unknown> & Iterable<unknown> {
  const { malformed } = source.script;
  const iterator = (): unknown => {
    source.open();
    if (malformed?.type === "factory throws") throw malformed.error;
    if (malformed?.type === "factory gives no object") return 1;
    return {
      ...(malformed?.type !== "no next" && { next: nextOf(malformed, key, next) }),
      ...(malformed?.type !== "no return" && { return: returnOf(source, malformed, key) }),
    };
  };
  return { [key]: iterator } as unknown as AsyncIterable<unknown> & Iterable<unknown>;
}

function nextOf(malformed: Malformed | undefined, key: symbol, next: () => unknown): () => unknown {
  if (malformed?.type === "next gives no object") return () => 1;
  if (malformed?.type === "next fulfils with no object") return () => (key === Symbol.iterator ? undefined : Promise.resolve(1));
  return next;
}

function returnOf(source: Source, malformed: Malformed | undefined, key: symbol): unknown {
  if (malformed?.type === "return is no function") return 1;
  return (reason?: unknown) => {
    const answer = source.release(reason);
    if (key === Symbol.iterator) return answer ?? DONE;
    return (answer ?? Promise.resolve()).then(() => DONE);
  };
}
