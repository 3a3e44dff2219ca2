import type { Job, Section } from "../harness/case.ts";
import { speedCase, speedTarget } from "../measures/speed.ts";
import { gate } from "./gate.ts";
import { into, job, out, overAndBack } from "./over-boundaries.ts";

const nodeOut = () => import("../cases/ways-out/node.ts");
const nodePeer = () => import("../cases/j5/node.ts");

const readable: Section = {
  name: "J5 Readable",
  title: "count -> a Readable of objects, high-water mark 16 -> sum",
  cases: [
    out("for await, window 1000", async () => (await nodeOut()).forAwait({ maxDemand: 1000 })),
    out("for await", async () => (await nodeOut()).forAwait()),
    out("on data, window 1000", async () => (await nodeOut()).onData({ maxDemand: 1000 })),
    out("on data", async () => (await nodeOut()).onData()),
    out("read loop, window 1000", async () => (await nodeOut()).readLoop({ maxDemand: 1000 })),
    out("read loop", async () => (await nodeOut()).readLoop()),
    overAndBack("and back, window 1000", async () => (await import("../cases/round-trips/node.ts")).overAndBack({ maxDemand: 1000 })),
    overAndBack("and back", async () => (await import("../cases/round-trips/node.ts")).overAndBack()),
    job("Readable.from", "node", async () => (await nodePeer()).readableFrom),
    job("pushed by read(), for await", "node", async () => (await nodePeer()).pushed(16)),
    job("pushed by read(), mark 1000, for await", "node", async () => (await nodePeer()).pushed(1000)),
    job("pushed by read(), read loop", "node", async () => (await nodePeer()).pushedReadLoop(16)),
    job("pushed by read(), mark 1000, read loop", "node", async () => (await nodePeer()).pushedReadLoop(1000)),
  ].map(speedCase),
  targets: [
    speedTarget("for await, window 1000", "Readable.from", 0.25),
    speedTarget("for await", "Readable.from", 0.35),
    speedTarget("on data, window 1000", "Readable.from", 0.06),
    speedTarget("read loop, window 1000", "Readable.from", 0.06),
  ],
};

const writable: Section = {
  name: "J5 Writable",
  title: "count -> a Writable of objects that sums up; it calls back in the call of _write, or later",
  cases: [
    out("intoWritable, at once", async () => (await nodeOut()).writable("at once")),
    job("write and drain, at once", "node", async () => (await nodePeer()).into("at once")),
    out("intoWritable, later", async () => (await nodeOut()).writable("later")),
    job("write and drain, later", "node", async () => (await nodePeer()).into("later")),
    out("throughDuplex", async () => (await nodeOut()).transform),
  ].map(speedCase),
  targets: [
    speedTarget("intoWritable, at once", "write and drain, at once", 2.2),
    speedTarget("intoWritable, later", "write and drain, later", 2.2),
  ],
};

const webOut = () => import("../cases/ways-out/whatwg.ts");
const webPeer = () => import("../cases/j5/whatwg.ts");
const webBack = () => import("../cases/round-trips/whatwg.ts");

const whatwg: Section = {
  name: "J5 WHATWG",
  title: "count -> a ReadableStream, high-water mark 0 -> sum",
  cases: [
    out("for await", async () => (await webOut()).forAwait()),
    out("for await, window 1000", async () => (await webOut()).forAwait({ maxDemand: 1000 })),
    out("reader", async () => (await webOut()).readLoop()),
    out("reader, window 1000", async () => (await webOut()).readLoop({ maxDemand: 1000 })),
    out("lists", async () => (await webOut()).lists),
    overAndBack("and back", async () => (await webBack()).overAndBack()),
    overAndBack("and back, window 1000", async () => (await webBack()).overAndBack({ maxDemand: 1000 })),
    overAndBack("and back, lists", async () => (await webBack()).overAndBackInLists),
    out("intoWritableStream", async () => (await webOut()).writable),
    out("intoWritableStream, lists", async () => (await webOut()).writableOfLists),
    out("throughTransformStream", async () => (await webOut()).transform),
    job("ReadableStream.from, for await", "whatwg", async () => (await webPeer()).forAwait),
    job("ReadableStream.from, reader", "whatwg", async () => (await webPeer()).readLoop),
    job("enqueued, mark 1000, reader", "whatwg", async () => (await webPeer()).enqueued(1000)),
    job("enqueued lists", "whatwg", async () => (await webPeer()).lists),
    job("ix toDOMStream", "ix", async () => (await import("../cases/j5/ix.ts")).readLoop),
  ].map(speedCase),
  targets: [
    speedTarget("for await", "ReadableStream.from, for await", 1.1),
    speedTarget("for await, window 1000", "ReadableStream.from, for await", 1.1),
    speedTarget("reader", "ReadableStream.from, reader", 1.1),
    speedTarget("reader, window 1000", "ReadableStream.from, reader", 1.1),
    speedTarget("lists", "ReadableStream.from, for await", 0.04),
  ],
};

const rxOut = () => import("../cases/ways-out/rxjs.ts");
const rxPeer = () => import("../cases/j5/rxjs.ts");

const observable: Section = {
  name: "J5 Observable",
  title: "count -> an Observable -> sum; the peer pushes whole lists, and is read back through an array that is swapped each turn",
  cases: [
    out("out", async () => (await rxOut()).observable),
    out("out, an observer without RxJS", async () => (await rxOut()).observer),
    into("in", async () => (await import("../cases/ways-in/rxjs.ts")).observable),
    overAndBack("round trip", async () => (await import("../cases/round-trips/rxjs.ts")).overAndBack),
    job("pushed lists", "rxjs", async () => (await rxPeer()).pushed),
    job("swapped array", "rxjs", async () => (await rxPeer()).swapped),
    job("from(async generator)", "rxjs", async () => (await rxPeer()).fromAsync),
    job("rxjs-for-await", "rxjs", async () => (await rxPeer()).forAwait),
  ].map(speedCase),
  targets: [
    speedTarget("out", "pushed lists", 1.3),
    speedTarget("out, an observer without RxJS", "pushed lists", 1.3),
    speedTarget("in", "swapped array", 1.3),
    speedTarget("round trip", "swapped array", 1.7),
  ],
};

/** The way over each boundary and back. `for await` is a section of j1. */
export const j5: Job = { name: "j5", sections: [readable, writable, whatwg, observable, ...gate] };
