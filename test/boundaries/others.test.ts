/** Faults that are not marked M, and are about more than one adapter, or about the process. */
import { execFile } from "node:child_process";
import { EventEmitter, getEventListeners } from "node:events";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { consumer, fromIterable, pipeline, producer, type Consumer, type Producer } from "sluice";
import { fromEvents, unbounded } from "sluice/events";
import { fromReadable, toReadable } from "sluice/node";
import { fromObservable, toObservable } from "sluice/rxjs";
import { settle } from "sluice/testing";
import { fromReadableStream, toReadableStream } from "sluice/web";
import { of } from "rxjs";
import { afterEach, expect, test, vi } from "vitest";
import { range } from "../core/support/range.ts";

afterEach(() => void vi.useRealTimers());

const counter = (count = Infinity): Producer<number> => {
  let next = 0;
  return producer<number>({
    handleDemand(demand, self) {
      const list = Array.from({ length: Math.min(demand, count - next) }, () => next++);
      if (next === count) self.complete();
      return list;
    },
  });
};

// 43
test("a chain over both kinds of streams reads no further than its marks and windows", async () => {
  let made = 0;
  const numbers = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => made++) });
  const web = Readable.toWeb(toReadable(numbers, { highWaterMark: 2 }), { strategy: new CountQueuingStrategy({ highWaterMark: 3 }) });
  const readable = toReadable(fromReadableStream(web as ReadableStream<number>), { highWaterMark: 4 });
  const events = readable[Symbol.asyncIterator]();
  // The marks; what is read, and the one that each read on the way there asks for.
  const most = 2 + 3 + 4 + 3;
  const seen: unknown[] = [];
  for (let turn = 0; turn < 50; turn += 1) {
    seen.push((await events.next()).value);
    await settle();
    expect(made - seen.length).toBeLessThanOrEqual(most);
  }
  expect(seen).toEqual(range(50));
  await events.return?.();
  expect(await numbers.closed).toMatchObject({ type: "shutdown" });
});

// 54
test("a thousand consumers that come and go during the flow lose nothing that was not on its way to them", async () => {
  const numbers = counter(20_000);
  const handled: number[] = [];
  const stays = consumer({ subscribeTo: [{ to: numbers, maxDemand: 4 }], handleEvents: (events) => void handled.push(...events) });
  const end = stays.closed;
  let lost = 0;
  for (let turn = 0; turn < 1000; turn += 1) {
    const comes: Consumer<number> = consumer<number>({ handleEvents: (events) => void handled.push(...events) });
    comes.subscribe(numbers, { maxDemand: 3 });
    await Promise.resolve();
    if (turn % 2 === 0) await settle();
    await comes.stop();
    lost += comes.snapshot().input?.lost ?? 0;
  }
  await end;
  const { output } = numbers.snapshot();
  expect(output?.emitted).toBe(20_000);
  expect(output?.delivered).toBe(20_000);
  expect(handled.length + lost).toBe(20_000);
  expect(new Set(handled).size).toBe(handled.length);
  expect(output?.consumers).toEqual([]);
});

// 56
test.each([
  ["an iterable", (lists: readonly unknown[]) => fromIterable(lists)],
  ["a Readable", (lists: readonly unknown[]) => fromReadable(Readable.from(lists))],
  ["a ReadableStream", (lists: readonly unknown[]) => fromReadableStream(toReadableStream(fromIterable(lists)))],
  ["an Observable", (lists: readonly unknown[]) => fromObservable(of(...lists), { overflow: unbounded })],
  ["an emitter", (lists: readonly unknown[]) => emitting(lists)],
] as const)("a list as an event is one event, from %s to all ways out", async (_, open) => {
  const lists = [[1, 2], [], [[3]]];
  const seen: unknown[] = [];
  const told = new Promise<void>((resolve, reject) => {
    toObservable(open(lists)).subscribe({ next: (event) => void seen.push(event), error: reject, complete: resolve });
  });
  await told;
  expect(seen).toEqual(lists);
  const batches: unknown[] = [];
  for await (const batch of open(lists).batches()) batches.push(...batch);
  expect(batches).toEqual(lists);
  const chunks: unknown[] = [];
  for await (const chunk of toReadableStream(open(lists))) chunks.push(chunk);
  expect(chunks).toEqual(lists);
});

function emitting(lists: readonly unknown[]): Producer<unknown> {
  const emitter = new EventEmitter();
  const stage = fromEvents(emitter, "list", { overflow: unbounded, end: "end" });
  emitter.on("newListener", (name) => {
    if (name !== "error") return;
    setImmediate(() => {
      for (const list of lists) emitter.emit("list", list);
      emitter.emit("end");
    });
  });
  return stage;
}

// 61
test("the others go on while a handler takes ten seconds", async () => {
  vi.useFakeTimers();
  const numbers = counter(1000);
  const quick: number[] = [];
  const slow: number[] = [];
  const tenSeconds = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 10_000));
  const slowOne = consumer({
    subscribeTo: [{ to: numbers, maxDemand: 1 }],
    async handleEvents(events) {
      await tenSeconds();
      slow.push(...events);
    },
  });
  consumer({ subscribeTo: [{ to: numbers, maxDemand: 10 }], handleEvents: (events) => void quick.push(...events) });
  await settle();
  expect(slow).toEqual([]);
  expect(quick).toHaveLength(999);
  await vi.advanceTimersByTimeAsync(10_000);
  await settle();
  expect(slow).toHaveLength(1);
  expect(await slowOne.closed).toEqual({ type: "normal" });
});

// 77
test("ten thousand short runs leave neither listeners nor memory behind", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const heap = async (): Promise<number> => {
    await settle();
    gc();
    return process.memoryUsage().heapUsed;
  };
  const { signal } = new AbortController();
  const run = async (): Promise<void> => {
    await pipeline(fromIterable(range(3)), consumer<number>({ handleEvents: () => undefined }), { signal });
    for await (const event of counter().events({ signal })) if (event === 1) break;
  };
  // What is compiled is compiled now.
  for (let i = 0; i < 500; i += 1) await run();
  const before = await heap();
  // Two of them each time.
  for (let i = 0; i < 5000; i += 1) await run();
  expect((await heap()) - before).toBeLessThan(2 * 1024 * 1024);
  expect(getEventListeners(signal, "abort")).toEqual([]);
}, 120_000);

// 78
test("a stuck run does not keep the process alive", async () => {
  const script = `
    import { consumer, producer } from "./dist/core/index.js";
    const stuck = producer({ handleDemand: () => new Promise(() => undefined) });
    consumer({ subscribeTo: [stuck], handleEvents: () => undefined });
    let isAsked = false;
    process.on("beforeExit", () => {
      if (!isAsked) console.log(stuck.snapshot().state, stuck.snapshot().waitingFor);
      isAsked = true;
    });
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  expect(stdout.trim()).toMatch(/^running \w/);
});
