import { LIST, numbers } from "../numbers.ts";

/** As little as an async iterator can do: a plain `next()` that resolves from a list at hand. */
function oneByOne(events: number): AsyncIterable<number> {
  let from = 0;
  let list: number[] = [];
  let at = 0;
  const next = (): Promise<IteratorResult<number, undefined>> => {
    if (at === list.length) {
      if (from === events) return Promise.resolve({ value: undefined, done: true });
      list = numbers(from, Math.min(from + LIST, events));
      from += list.length;
      at = 0;
    }
    return Promise.resolve({ value: list[at++] as number, done: false });
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** The same with a list for each turn. */
function listByList(events: number): AsyncIterable<number[]> {
  let from = 0;
  const next = (): Promise<IteratorResult<number[], undefined>> => {
    if (from === events) return Promise.resolve({ value: undefined, done: true });
    const list = numbers(from, Math.min(from + LIST, events));
    from += list.length;
    return Promise.resolve({ value: list, done: false });
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

export async function run(events: number): Promise<number> {
  let sum = 0;
  for await (const n of oneByOne(events)) sum += n;
  return sum;
}

export async function runLists(events: number): Promise<number> {
  let sum = 0;
  for await (const list of listByList(events)) for (const n of list) sum += n;
  return sum;
}
