import { afterEach, beforeEach, expect, test, vi, type MockInstance } from "vitest";
import type * as sluice from "sluice";
import { settle } from "sluice/testing";
import { collect } from "./support/collect.ts";

let warn: MockInstance<typeof console.warn>;

/** What was said once is said: each test has a library of its own. */
async function freshLibrary(): Promise<typeof sluice> {
  vi.resetModules();
  return import("sluice");
}

beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
});

afterEach(() => {
  warn.mockRestore();
});

test("a buffer that discards events of which nobody hears warns, once", async () => {
  const { producer } = await freshLibrary();
  await using stage = producer<number>({ name: "feed", bufferSize: 2, bufferKeep: "first" });
  stage.emit([1, 2, 3]);
  stage.emit([4]);
  await settle();
  expect(warn.mock.calls).toEqual([
    ["Sluice: feed has discarded events, as its buffer of 2 is full, and nobody heard of it: give it a handleDiscarded or a handleReport. (Said once; setReporter() hears more, and keeps this quiet.)"],
  ]);
});

test("a source under dropNewest or dropOldest warns as well", async () => {
  for (const policy of ["dropNewest", "dropOldest"] as const) {
    const library = await freshLibrary();
    await using stage = library.fromPush<number>((intake) => intake.list([1, 2, 3, 4, 5]), { name: "source", overflow: library[policy](2) });
    const reader = stage[Symbol.asyncIterator]();
    await reader.next();
    await settle();
    await reader.return?.();
  }
  expect(warn).toHaveBeenCalledTimes(2);
});

test("nothing is said where somebody hears of it", async () => {
  const { producer, setReporter } = await freshLibrary();
  await using told = producer<number>({ bufferSize: 2, bufferKeep: "last", handleDiscarded: () => undefined });
  await using reported = producer<number>({ bufferSize: 2, bufferKeep: "last", handleReport: () => undefined });
  told.emit([1, 2, 3]);
  reported.emit([1, 2, 3]);
  await settle();
  setReporter(() => undefined);
  await using third = producer<number>({ bufferSize: 2, bufferKeep: "last" });
  third.emit([1, 2, 3]);
  await settle();
  setReporter(undefined);
  expect(warn).not.toHaveBeenCalled();
});

test("whoever wants only the latest, of all or of each key, is not warned", async () => {
  const { producer, latestBy } = await freshLibrary();
  await using latest = producer<number>({ bufferSize: 1, bufferKeep: "last" });
  await using byKey = producer<number>({ bufferSize: 2, bufferKeep: latestBy((n: number) => n) });
  latest.emit([1, 2, 3]);
  byKey.emit([1, 1, 2, 3]);
  await settle();
  expect([latest.snapshot().output?.discarded, byKey.snapshot().output?.discarded, warn.mock.calls]).toEqual([2, 2, []]);
});

test("a stage in use that is collected before its handleStop ran warns, once", async () => {
  const { producer, consumer } = await freshLibrary();
  const forget = async (): Promise<void> => {
    const feed = producer<number>({ name: "feed", handleStop: () => undefined });
    consumer({ name: "printer", subscribeTo: [feed], handleEvents: () => undefined, handleStop: () => undefined });
    await settle();
  };
  await forget();
  await vi.waitFor(() => {
    collect();
    expect(warn).toHaveBeenCalled();
  });
  expect(warn.mock.calls.map(([text]) => String(text))).toEqual([expect.stringMatching(/^Sluice: (feed|printer) was forgotten before it ended, so its handleStop never ran: stop\(\) it, or hold it with "await using"\./)]);
});

test("a stage that was stopped, or that nobody used, or that has no handleStop, is collected without a word", async () => {
  const { producer, consumer } = await freshLibrary();
  const collected: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => collected.push(name));
  const forget = async (): Promise<void> => {
    const stopped = producer<number>({ name: "stopped", handleStop: () => undefined });
    const printer = consumer({ subscribeTo: [stopped], handleEvents: () => undefined, handleStop: () => undefined });
    const unused = producer<number>({ name: "unused", handleStop: () => undefined });
    const plain = producer<number>({ name: "plain" });
    const other = consumer({ subscribeTo: [plain], handleEvents: () => undefined });
    await settle();
    await printer.stop();
    await stopped.stop();
    for (const stage of [stopped, printer, unused, plain, other]) registry.register(stage, stage.name);
  };
  await forget();
  await vi.waitFor(() => {
    collect();
    expect(collected).toHaveLength(5);
  });
  await settle();
  expect(warn).not.toHaveBeenCalled();
});
