/** An async iterable as IxJS knows it. */
import { BadOptionError } from "../../core/index.ts";
import { asyncIteratorOf, type IxIterable, type SignalledIterable } from "./shapes.ts";

const TAG = "AsyncIterableX";

type Open<Event> = (signal?: AbortSignal) => AsyncIterableIterator<Event, undefined>;

/** `open` makes the iterators. */
export function face<Event>(open: Open<Event>): IxIterable<Event> {
  return new Face(open) as IxIterable<unknown> as IxIterable<Event>;
}

class Face<Event> {
  readonly [Symbol.toStringTag] = TAG;
  readonly #open: Open<Event>;

  constructor(open: Open<Event>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterableIterator<Event, undefined> {
    return this.#open(signal);
  }

  async forEach(action: (event: Event, index: number, signal?: AbortSignal) => unknown, thisArg?: unknown, signal?: AbortSignal): Promise<void> {
    let index = 0;
    // What an operator of the user's own returned may have iterators that are not iterable themselves.
    for await (const event of { [Symbol.asyncIterator]: () => this.#open(signal) }) {
      await action.call(thisArg, event, index, signal);
      index += 1;
    }
  }

  pipe(...operators: readonly ((source: unknown) => unknown)[]): unknown {
    return operators.reduce<unknown>((source, operator) => {
      if (typeof operator !== "function") throw new BadOptionError("an operator", "a function", operator);
      return operator(dressed(source));
    }, this);
  }
}

/** What an operator of the user's own returned, for the next: that may call `pipe`. */
function dressed(value: unknown): unknown {
  if (typeof asyncIteratorOf(value) !== "function") return value;
  const iterable = value as SignalledIterable<unknown> & { readonly [Symbol.toStringTag]?: unknown };
  if (iterable[Symbol.toStringTag] === TAG) return value;
  return new Face((signal) => iterable[Symbol.asyncIterator](signal) as AsyncIterableIterator<unknown, undefined>);
}
