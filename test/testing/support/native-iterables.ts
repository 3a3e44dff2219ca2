/** Iterables that do what a contract says. */
import type { WayInAbility, WayInSource } from "sluice/testing";

/** Answers each `next()` when there is something. */
export function asyncIterable<Event>(source: WayInSource<Event>): AsyncIterable<Event> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => nextOf(source),
      return: async (reason) => {
        await source.release(reason);
        return { value: undefined, done: true };
      },
    }),
  };
}

/** Answers at once. */
export function iterable<Event>(source: WayInSource<Event, Exclude<WayInAbility, "wait">>): Iterable<Event> {
  return {
    [Symbol.iterator]: () => ({
      next() {
        const step = source.take();
        if (step.type === "error") throw step.error;
        return step.type === "event" ? { value: step.event, done: false } : { value: undefined, done: true };
      },
      return(reason) {
        void source.release(reason);
        return { value: undefined, done: true };
      },
    }),
  };
}

/** The next step of an iterator. */
function nextOf<Event>(source: WayInSource<Event>): Promise<IteratorResult<Event, undefined>> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      const step = source.take(go);
      if (step.type === "event") resolve({ value: step.event, done: false });
      else if (step.type === "end") resolve({ value: undefined, done: true });
      else if (step.type === "error") reject(step.error);
    };
    go();
  });
}
