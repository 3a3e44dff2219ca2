/** The adapters of IxJS keep the contracts of their kind. */
import { from } from "ix/asynciterable";
import { describe, test } from "vitest";
import { fromIx, throughIx, toIx } from "sluice/ix";
import { wayInContract, wayOutContract } from "sluice/testing";
import { asyncIterable } from "../../testing/support/native-iterables.ts";

describe("fromIx keeps the contract: it", () => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 0,
    odd: () => true,
    open: (source, settings) => fromIx(asyncIterable(source), settings),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("fromIx of lists keeps the contract: it", () => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 0,
    odd: () => true,
    open: (source, settings) => {
      const events = asyncIterable(source);
      const lists = {
        [Symbol.asyncIterator]() {
          const iterator = events[Symbol.asyncIterator]();
          return {
            next: async (): Promise<IteratorResult<readonly unknown[], unknown>> => {
              const result = await iterator.next();
              return result.done === true ? result : { value: [result.value], done: false };
            },
            return: async (reason?: unknown): Promise<IteratorResult<readonly unknown[], unknown>> => {
              await iterator.return?.(reason);
              return { value: undefined, done: true };
            },
          };
        },
      };
      return fromIx(lists, { ...settings, lists: true });
    },
  });
  for (const { name, run } of cases) test(name, run);
});

describe.each([undefined, 1, 10])("toIx with a window of %s keeps the contract: it", (maxDemand) => {
  const cases = wayOutContract<unknown, AsyncIterableIterator<unknown, undefined>>({
    by: "reading",
    event: (n) => n,
    prefetch: maxDemand ?? 0,
    odd: () => true,
    open: (producer, { signal, closeWithinMs }) => toIx(producer, { maxDemand, closeWithinMs })[Symbol.asyncIterator](signal),
    read: (reader) => reader.next(),
    leave: (reader) => reader.return?.(),
    fail: (reader, error) => reader.throw?.(error),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("throughIx, behind a producer, keeps the contract of a way out: it", () => {
  const cases = wayOutContract<unknown, AsyncIterator<unknown>>({
    by: "reading",
    event: (n) => n,
    prefetch: 1,
    isAbortable: false,
    open: (producer) => throughIx<unknown, unknown>((source) => from(source), { subscribeTo: [producer] })[Symbol.asyncIterator](),
    read: (reader) => reader.next(),
    leave: (reader) => reader.return?.(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("throughIx, behind a source, keeps the contract of a way in: it", () => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 1,
    open: (source, settings) => throughIx<unknown, unknown>((events) => from(events), { ...settings, subscribeTo: [fromIx(asyncIterable(source), settings)] }),
  });
  for (const { name, run } of cases) test(name, run);
});
