/** The code of `docs/09-testing-your-stages.md` runs here. */
import { consumer, fromIterable, producer, producerConsumer, type Producer, type ProducerConsumer, type Subscribable } from "sluice";
import { ConsumerProbe, ContractViolation, ProducerProbe, monitored, nonCompliantProducer, settle, wayInContract, type WayInSettings, type WayInSource } from "sluice/testing";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fencesOf, paragraphsMissing } from "./fences.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = text("../../docs/09-testing-your-stages.md");

test("the guide shows code as it is run here, in less than 200 lines", () => {
  expect(paragraphsMissing(guide, text("testing-your-stages.test.ts"))).toEqual([]);
  expect(guide.split("\n").length).toBeLessThan(200);
});

/** Lists of `size` events. What has come does not wait for the others longer than `ms`. */
const batched = <Event>(events: Subscribable<Event>, size: number, ms: number): ProducerConsumer<Event, readonly Event[]> => {
  let batch: Event[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): readonly (readonly Event[])[] => {
    clearTimeout(timer);
    timer = undefined;
    return batch.length === 0 ? [] : [batch.splice(0)];
  };
  return producerConsumer({
    name: "batched",
    subscribeTo: [{ to: events, maxDemand: size, minDemand: 0 }],
    handleEvent(event, self) {
      batch.push(event);
      if (batch.length === size) return flush();
      timer ??= setTimeout(() => self.emit(flush()), ms);
      return [];
    },
    handleComplete: () => flush(),
    handleStop: () => clearTimeout(timer),
  });
};

test("a batch goes on when it is full", async () => {
  const source = new ProducerProbe<number>();
  const probe = new ConsumerProbe(batched(source, 3, 100));
  await source.expectDemand(3);
  await probe.ask(10);
  await source.emit(1, 2);
  await probe.expectNothing();
  await source.emit(3);
  await probe.expectBatch([[1, 2, 3]]);
  await source.expectDemand(3);
});

afterEach(() => void vi.useRealTimers());

test("a batch that is not full goes on after 100 ms", async () => {
  vi.useFakeTimers();
  const source = new ProducerProbe<number>();
  const probe = new ConsumerProbe(batched(source, 3, 100));
  await probe.ask(10);
  await source.emit(1);
  vi.advanceTimersByTime(60);
  await source.emit(2);
  vi.advanceTimersByTime(39);
  await probe.expectNothing();
  vi.advanceTimersByTime(1);
  await probe.expectBatch([[1, 2]]);
  await source.complete();
  await probe.expectEnd();
});

test("the end brings the rest, and whoever leaves leaves no timer behind", async () => {
  vi.useFakeTimers();
  const source = new ProducerProbe<number>();
  const probe = new ConsumerProbe(batched(source, 3, 100));
  await probe.ask(10);
  await source.emit(1);
  await source.complete();
  await probe.expectBatch([[1]]);
  await probe.expectEnd();

  const other = new ConsumerProbe(batched(source, 3, 100));
  await source.emit(1);
  await other.cancel();
  await source.expectDemand(3);
  await source.expectCancel();
  expect(vi.getTimerCount()).toBe(0);
});

test("an error goes through, the very same", async () => {
  const source = new ProducerProbe<number>();
  const probe = new ConsumerProbe(batched(source, 3, 100));
  const error = new Error("no disk");
  await source.fail(error);
  await probe.expectError(error);
});

test("the other side is judged, too", async () => {
  const numbers = monitored(fromIterable([1, 2, 3]), { maxDemand: 2, freeze: true });
  const sink = consumer({ subscribeTo: [{ to: numbers, maxDemand: 2 }], handleEvents: () => undefined });
  await sink.closed;
  expect(numbers.wires[0]).toMatchObject({ asked: 5, delivered: 3 });
});

test("a stage survives a producer that breaks the protocol", async () => {
  const broken = nonCompliantProducer([1, 2, 3, 4], { excess: 2, ends: 2, eventsAfterEnd: [5] });
  const probe = new ConsumerProbe(batched(broken, 2, 100));
  await probe.ask(10);
  await probe.expectEvents([
    [1, 2],
    [3, 4],
  ]);
  await probe.expectEnd();
});

/** What a driver of some database gives. */
interface Cursor {
  /** The next row, or `undefined` behind the last. */
  read(): Promise<number | undefined>;
  close(reason?: unknown): Promise<void>;
}

const fromCursor = (cursor: Cursor, settings: WayInSettings): Producer<number> =>
  fromIterable<number>(
    {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const row = await cursor.read();
          return row === undefined ? { done: true, value: undefined } : { done: false, value: row };
        },
        async return(reason) {
          await cursor.close(reason);
          return { done: true, value: undefined };
        },
      }),
    },
    settings,
  );

/** A cursor that does what the contract says. */
const scripted = (source: WayInSource<number>): Cursor => ({
  read: () =>
    new Promise((resolve, reject) => {
      const play = (): void => {
        const step = source.take(play);
        if (step.type === "event") resolve(step.event);
        else if (step.type === "end") resolve(undefined);
        else if (step.type === "error") reject(step.error);
      };
      play();
    }),
  close: (reason) => source.release(reason),
});

describe("fromCursor", () => {
  const cases = wayInContract<number>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 0,
    open: (source, settings) => fromCursor(scripted(source), settings),
  });
  for (const { name, run } of cases) test(name, run);
});

// ---- what the guide says, beside its code

test("expectations that are not met tell what was said", async () => {
  const source = new ProducerProbe<number>();
  const probe = new ConsumerProbe(batched(source, 3, 100));
  await probe.ask(10);
  await source.emit(1, 2, 3);
  const error: unknown = await probe.expectBatch([[1, 2]]).catch((reason: unknown) => reason);
  const outputs = fencesOf(guide, "text");
  expect(String(error)).toBe(`ExpectationError: ${outputs[0]}`);
});

/** As one would write it first: it reads what was demanded, and returns it. */
const naive = (cursor: Cursor, { signal, handleReport }: WayInSettings): Producer<number> =>
  producer<number>({
    signal,
    handleReport,
    async handleDemand(demand, self) {
      const rows: number[] = [];
      for (let row = 0; rows.length < demand; rows.push(row)) {
        const next = await cursor.read();
        if (next === undefined) {
          self.complete();
          break;
        }
        row = next;
      }
      return rows;
    },
    handleStop: ({ type }) => (type === "normal" ? undefined : cursor.close()),
  });

test("the contract finds what the guide says it finds in the first version of fromCursor", async () => {
  const cases = wayInContract<number>({ event: (n) => n, can: ["end", "error", "wait"], prefetch: 0, patienceMs: 5, open: (source, settings) => naive(scripted(source), settings) });
  const caught: string[] = [];
  for (const { name, run } of cases) {
    const error: unknown = await run().then(() => undefined, (reason: unknown) => reason);
    if (error !== undefined) {
      expect(error).toBeInstanceOf(ContractViolation);
      caught.push(name);
    }
  }
  expect(caught).toEqual(
    expect.arrayContaining([
      "fails with the same error, behind what came before it",
      "delivers events that come later than the demand for them",
      "stops within closeWithinMs while its native side is stuck",
    ]),
  );
});

test("settle is what the methods of the probes wait for", async () => {
  const source = producer<number>();
  const probe = new ConsumerProbe(source);
  void probe.ask(1);
  source.emit([1]);
  expect(probe.batches).toEqual([]);
  await settle();
  expect(probe.batches).toEqual([[1]]);
});
