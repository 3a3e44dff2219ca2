import { sumOfAll } from "../cases/numbers.ts";
import type { WayIn } from "../cases/ways-in/way-in.ts";
import type { WayOut } from "../cases/ways-out/way-out.ts";
import type { Job, Section } from "../harness/case.ts";
import { growthTarget, heapCase, type HeapCase } from "../measures/heap.ts";

const EVENTS = 10_000_000;
/** A chunk of a WHATWG stream takes a microsecond or more: there ten million events go in lists, and a million as chunks. */
const CHUNKS = 1_000_000;
const MOST_MB = 5;

const out = (name: string, load: () => Promise<WayOut>, events = EVENTS): HeapCase => ({
  name,
  by: "sluice",
  load: async () => {
    const { watchedCounter } = await import("../cases/watched.ts");
    const drain = await load();
    return (count, passed) => drain(watchedCounter(count, passed));
  },
  expected: sumOfAll,
  events,
});

const into = (name: string, load: () => Promise<WayIn>, events = EVENTS): HeapCase => ({
  name,
  by: "sluice",
  load: async () => {
    const { watchedSum } = await import("../cases/watched.ts");
    const numbers = await load();
    return (count, passed) => watchedSum(numbers(count), passed);
  },
  expected: sumOfAll,
  events,
});

/** Both sides are native, and a stage is in between. */
const between = (name: string, load: HeapCase["load"], events = EVENTS): HeapCase => ({ name, by: "sluice", load, expected: sumOfAll, events });

const section = (name: string, title: string, cases: readonly HeapCase[]): Section => ({
  name: `heap ${name}`,
  title,
  runs: 1,
  cases: cases.map(heapCase),
  targets: cases.map((each) => growthTarget(each.name, MOST_MB)),
});

const loops = () => import("../cases/ways-out/loops.ts");
const nodeOut = () => import("../cases/ways-out/node.ts");
const nodeIn = () => import("../cases/ways-in/node.ts");
const rxOut = () => import("../cases/ways-out/rxjs.ts");
const webOut = () => import("../cases/ways-out/whatwg.ts");
const webIn = () => import("../cases/ways-in/whatwg.ts");
const iterables = () => import("../cases/ways-in/iterables.ts");

const TITLE = "the live heap after 1,000,000 events, and how much more it is after 10,000,000";
const TITLE_OF_CHUNKS = "the same after 100,000 and 1,000,000 events, each a chunk";

/** What a boundary keeps of the events that have passed it: nothing. */
export const heap: Job = {
  name: "heap",
  sections: [
    section("loops", TITLE, [
      out("for await", async () => (await loops()).exact),
      out("events()", async () => (await loops()).readAhead),
      out("batches()", async () => (await loops()).batches),
      out("consumer", async () => (await loops()).intoConsumer),
      into("fromIterable, generator", async () => (await iterables()).generator),
      into("fromIterable, async generator", async () => (await iterables()).asyncGenerator),
    ]),
    section("Node", TITLE, [
      out("toReadable, on data", async () => (await nodeOut()).onData()),
      out("toReadable, on data, window 1000", async () => (await nodeOut()).onData({ maxDemand: 1000 })),
      out("toReadable, for await", async () => (await nodeOut()).forAwait()),
      out("intoWritable", async () => (await nodeOut()).writable("at once")),
      out("throughDuplex", async () => (await nodeOut()).transform),
      into("fromReadable", async () => (await nodeIn()).readable),
      into("asWritable", async () => (await nodeIn()).writable),
      between("asDuplex", async () => (await import("../cases/dressed/node.ts")).duplex),
    ]),
    section("push", TITLE, [
      out("toObservable", async () => (await rxOut()).observable),
      into("fromObservable", async () => (await import("../cases/ways-in/rxjs.ts")).observable),
      into("fromEvents", async () => (await import("../cases/ways-in/events.ts")).emitter),
    ]),
    section("WHATWG, lists", TITLE, [
      out("toReadableStream", async () => (await webOut()).lists),
      out("intoWritableStream", async () => (await webOut()).writableOfLists),
      into("fromReadableStream", async () => (await webIn()).lists),
      into("asWritableStream", async () => (await webIn()).writableOfLists),
    ]),
    section("WHATWG, chunks", TITLE_OF_CHUNKS, [
      out("toReadableStream", async () => (await webOut()).readLoop(), CHUNKS),
      out("intoWritableStream", async () => (await webOut()).writable, CHUNKS),
      out("throughTransformStream", async () => (await webOut()).transform, CHUNKS),
      into("fromReadableStream", async () => (await webIn()).readable, CHUNKS),
      into("asWritableStream", async () => (await webIn()).writable, CHUNKS),
      between("asTransformStream", async () => (await import("../cases/dressed/whatwg.ts")).transform, CHUNKS),
    ]),
  ],
};
