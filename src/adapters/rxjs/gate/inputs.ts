/** What RxJS takes for an inner observable: Observables, promises, arrays, iterables, async iterables, readable streams. */
import { BadOptionError, isThenable } from "../../../core/index.ts";
import type { Inner } from "./inner.ts";

/** A readable stream. */
interface Chunked {
  getReader(): { read(): Promise<{ readonly value?: unknown; readonly done: boolean }>; releaseLock(): void };
}

interface Observed {
  subscribe(receiver: Inner): unknown;
}

/** In the order in which RxJS tries. @throws BadOptionError for what is none of them */
export function subscribeTo(value: unknown, receiver: Inner): void {
  const observed = observedBy(value);
  if (observed !== undefined) observed.subscribe(receiver);
  else if (isList(value)) iterate(value, receiver);
  else if (isThenable(value)) settle(value, receiver);
  else if (hasMethod(value, Symbol.asyncIterator)) void follow(value as unknown as AsyncIterable<unknown>, receiver);
  else if (hasMethod(value, Symbol.iterator)) iterate(value as unknown as Iterable<unknown>, receiver);
  else if (hasMethod(value, "getReader")) void follow(chunksOf(value as Chunked), receiver);
  else throw new BadOptionError("an inner observable", "an Observable, a promise, a list, an iterable or a stream", value);
}

function observedBy(value: unknown): Observed | undefined {
  const key = typeof Symbol.observable === "symbol" && hasMethod(value, Symbol.observable) ? Symbol.observable : "@@observable";
  return hasMethod(value, key) ? (value[key]?.() as Observed) : undefined;
}

function iterate(values: Iterable<unknown> | ArrayLike<unknown>, receiver: Inner): void {
  for (const value of hasMethod(values, Symbol.iterator) ? values : Array.from(values)) {
    receiver.next(value);
    if (receiver.closed) return;
  }
  receiver.complete();
}

function settle(promise: PromiseLike<unknown>, receiver: Inner): void {
  // Of others nobody knows where they call from.
  const reaction = promise.constructor === Promise ? promise : Promise.resolve(promise);
  reaction.then(
    (value) => receiver.last(value),
    (error: unknown) => receiver.error(error),
  );
}

async function follow(values: AsyncIterable<unknown>, receiver: Inner): Promise<void> {
  try {
    for await (const value of values) {
      receiver.next(value);
      if (receiver.closed) return;
    }
    receiver.complete();
  } catch (error) {
    receiver.error(error);
  }
}

async function* chunksOf(stream: Chunked): AsyncGenerator {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return typeof value !== "function" && value !== null && value !== undefined && typeof (value as { length?: unknown }).length === "number";
}

function hasMethod<Key extends PropertyKey>(value: unknown, key: Key): value is Readonly<Record<Key, () => unknown>> {
  return value !== null && value !== undefined && typeof (value as Record<PropertyKey, unknown>)[key] === "function";
}
