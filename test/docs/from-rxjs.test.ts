/** The code of `docs/12-from-rxjs.md` runs here. */
import { consumer, fromIterable, pipeline, producer, producerConsumer, type Producer } from "sluice";
import { fromObservable, latest, toObservable } from "sluice/rxjs";
import { debounceTime, filter, from, map, mergeMap, Subject } from "rxjs";
import { settle } from "sluice/testing";
import { expect, test, vi } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { range } from "../core/support/range.ts";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("12-from-rxjs");

test("RxJS reads all rows, Sluice those that it was asked for", async () => {
  const rows = range(20_000);
  let read = 0;
  async function* counted(all: readonly number[]): AsyncGenerator<number> {
    for (const row of all) {
      read += 1;
      yield row;
    }
  }
  const isLoaded = deferred();
  const load = (_row: number): Promise<void> => isLoaded.promise;
  const printed = printing();
  const isOver = async (count: number): Promise<void> => {
    for (let before = -1; before !== count; count = read) {
      before = read;
      for (let turn = 0; turn < 20; turn++) await settle();
    }
  };
  const byRxjs = from(counted(rows)).pipe(mergeMap((row) => load(row), 8));
  byRxjs.subscribe();

  await isOver(read);
  console.log(`RxJS has read ${read}`);
  read = 0;
  const bySluice = consumer({
    subscribeTo: [{ to: fromIterable(counted(rows)), maxDemand: 16 }],
    concurrency: 8,
    handleEvent: (row) => load(row),
  });

  await isOver(read);
  console.log(`Sluice has read ${read}`);
  expect(printed()).toBe(outputs[0]);
  isLoaded.resolve();
  await bySluice.stop();
});

test("what depends on time stands before the border", async () => {
  vi.useFakeTimers();
  try {
    const clicks = new Subject<number>();
    const searches = fromObservable(clicks.pipe(debounceTime(20), filter((n) => n > 0)), { overflow: latest });
    const seen: number[] = [];
    const search = consumer({ subscribeTo: [{ to: searches, maxDemand: 1 }], handleEvent: (n) => void seen.push(n) });

    await settle();
    for (const n of [1, 2, 3]) clicks.next(n);
    vi.advanceTimersByTime(20);
    await settle();
    clicks.next(-1);
    vi.advanceTimersByTime(20);
    clicks.complete();
    await search.closed;
    expect(seen).toEqual([3]);
  } finally {
    vi.useRealTimers();
  }
});

test("a stage is an Observable to RxJS", async () => {
  const printed = printing();
  const squares: Producer<number> = producerConsumer({
    subscribeTo: [fromIterable([1, 2, 3])],
    handleEvents: (events) => events.map((n) => n * n),
  });
  from(toObservable(squares)).pipe(map((n) => `square ${n}`)).subscribe({
    next: (line) => console.log(line),
    complete: () => console.log("complete"),
  });

  await settle();
  expect(printed()).toBe(outputs[1]);
});

test("a stage goes through a pipeline once", async () => {
  const numbers = producer<number>();
  numbers.emit([1]);
  numbers.complete();
  const events: number[] = [];
  await pipeline(numbers, (stage) => consumer({ subscribeTo: [stage], handleEvents: (list) => void events.push(...list) }));
  for await (const n of numbers) events.push(n);
  expect(events).toEqual([1]);
});
