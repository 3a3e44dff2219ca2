import type { Case, Job, Section } from "../harness/case.ts";
import { aheadTarget, truthCase, type TruthCase } from "../measures/truth.ts";

const RUNS = 3;
const TITLE = "the most that a fast source of 100,000 was ahead of a consumer of 200 events, one a millisecond";

interface Ours {
  readonly name: string;
  /** The windows, one more for each producerConsumer, and the high-water marks. */
  readonly atMost: number;
  readonly load: TruthCase["load"];
}

const ours = (name: string, atMost: number, load: TruthCase["load"]): Ours => ({ name, atMost, load });
const peer = (name: string, by: string, load: TruthCase["load"]): Case => truthCase({ name, by, load });

const read = (name: string, by: string, load: TruthCase["load"]): Case => ({ ...truthCase({ name, by, load, showsRead: true }), isQuick: true });

const section = (name: string, all: readonly Ours[], peers: readonly Case[] = [], showsRead = false): Section => ({
  name: `J6 ${name}`,
  title: TITLE,
  runs: RUNS,
  cases: [...all.map((each) => truthCase({ ...each, by: "sluice", showsRead })), ...peers],
  targets: all.map((each) => aheadTarget(each.name, each.atMost)),
});

const stages = () => import("../cases/truth/stages.ts");
const node = () => import("../cases/truth/node.ts");
const whatwg = () => import("../cases/truth/whatwg.ts");
const push = () => import("../cases/truth/push.ts");
const operators = () => import("../cases/truth/operators.ts");
const peers = () => import("../cases/truth/peers.ts");

const wide = { maxDemand: 1000, minDemand: 500 };
const narrow = { maxDemand: 10, minDemand: 5 };
/** Of the subscription in front of operators of RxJS. */
const WINDOW = 16;
/** What a native consumer has in its hands, or a loop that asks for one at a time. */
const ONE = 1;

/** J6: how far a source runs ahead, over each boundary. */
export const j6: Job = {
  name: "j6",
  sections: [
    section(
      "stages",
      [
        ours("for await", ONE, async () => (await stages()).forAwait),
        ours("for await, fromIterable", ONE, async () => (await stages()).forAwaitOfGenerator),
        ours("for await, fromIterable of an async generator", ONE, async () => (await stages()).forAwaitOfAsyncGenerator),
        ours("for await behind 10/5", 10 + 10 + ONE, async () => (await stages()).forAwaitBehind(narrow)),
        ours("events() 10/5", 10, async () => (await stages()).events(narrow)),
        ours("events() 1000/500", 1000, async () => (await stages()).events(wide)),
        ours("batches() 10/5", 10, async () => (await stages()).batches(narrow)),
        ours("batches() 1000/500", 1000, async () => (await stages()).batches(wide)),
        ours("consumer 10/5", 10, async () => (await stages()).consumed(narrow)),
        ours("consumer 1000/500", 1000, async () => (await stages()).consumed(wide)),
        ours("producerConsumer and consumer 10/5", 3 * 10, async () => (await stages()).chain(narrow)),
        ours("producerConsumer and consumer 1000/500", 3 * 1000, async () => (await stages()).chain(wide)),
      ],
      [peer("two async generators", "async-generators", async () => (await peers()).asyncGenerators)],
    ),
    section(
      "Node",
      [
        ours("toReadable, mark 0", ONE, async () => (await node()).toReadableForAwait({ highWaterMark: 0 })),
        ours("toReadable, mark 16", 16 + ONE, async () => (await node()).toReadableForAwait({ highWaterMark: 16 })),
        ours("toReadable, mark 16, window 10", 16 + 10 + ONE, async () => (await node()).toReadableForAwait({ highWaterMark: 16, maxDemand: 10 })),
        ours("toReadable into a Writable, marks 16", 16 + 16, async () => (await node()).toReadablePipeline(16)),
        ours("fromReadable, mark 16", 16 + ONE, async () => (await node()).fromReadableForAwait(16)),
        ours("intoWritable 10, mark 4", 10 + 4, async () => (await node()).into({ highWaterMark: 4, maxDemand: 10 })),
        ours("intoWritable 10, mark 16", 10 + 16, async () => (await node()).into({ highWaterMark: 16, maxDemand: 10 })),
        ours("throughDuplex 10, marks 4", 10 + 10 + 4 + 4 + ONE, async () => (await node()).through({ highWaterMark: 4, maxDemand: 10 })),
        ours("asWritable, mark 16", 16 + ONE, async () => (await node()).writtenForAwait({ highWaterMark: 16 })),
        ours("asWritable, mark 16, processed", 16, async () => (await node()).writtenForAwait({ highWaterMark: 16, processed: true })),
        ours("asDuplex of a stage 10, marks 4", 4 + 4 + 10 + 10 + 4 + 4, async () => (await node()).duplexInPipeline({ highWaterMark: 4, maxDemand: 10 })),
      ],
      [
        peer("Readable.from, mark 16", "node", async () => (await peers()).readableFrom(16)),
        peer("Readable.from and two Transforms", "node", async () => (await peers()).nodeTransforms),
      ],
    ),
    section(
      "WHATWG",
      [
        ours("toReadableStream, mark 0", ONE, async () => (await whatwg()).toReadableForAwait({ highWaterMark: 0 })),
        ours("toReadableStream, mark 16", 16 + ONE, async () => (await whatwg()).toReadableForAwait({ highWaterMark: 16 })),
        ours("toReadableStream, mark 0, window 10", 10 + ONE, async () => (await whatwg()).toReadableForAwait({ highWaterMark: 0, maxDemand: 10 })),
        ours("toReadableStream of lists, window 10", 10 + 10, async () => (await whatwg()).toReadableOfLists(10)),
        ours("fromReadableStream, mark 0", ONE, async () => (await whatwg()).fromReadableForAwait(0)),
        ours("fromReadableStream, mark 4", 4 + ONE, async () => (await whatwg()).fromReadableForAwait(4)),
        ours("intoWritableStream 10, mark 1", 10 + 1, async () => (await whatwg()).into({ highWaterMark: 1, maxDemand: 10 })),
        ours("intoWritableStream 10, mark 16", 10 + 16, async () => (await whatwg()).into({ highWaterMark: 16, maxDemand: 10 })),
        // A TransformStream has marks of 1 and 0.
        ours("throughTransformStream 10", 10 + 10 + 1 + ONE, async () => (await whatwg()).through(10)),
        ours("asWritableStream, mark 1", 1 + ONE, async () => (await whatwg()).writtenForAwait({ highWaterMark: 1 })),
        ours("asWritableStream, mark 16", 16 + ONE, async () => (await whatwg()).writtenForAwait({ highWaterMark: 16 })),
        ours("asTransformStream of a stage 10, marks 1", 1 + 1 + 10 + 10 + 1, async () => (await whatwg()).transformInPipe({ highWaterMark: 1, maxDemand: 10 })),
      ],
      [
        peer("ReadableStream.from", "whatwg", async () => (await peers()).readableStreamFrom),
        peer("ReadableStream, mark 16", "whatwg", async () => (await peers()).readableStreamPull(16)),
        peer("tee, one branch slow", "whatwg", async () => (await peers()).tee),
      ],
    ),
    section(
      "push",
      [
        ours("toObservable, settled", ONE, async () => (await push()).toObservableSettled),
        ours("toObservable, paced by 1", 1, async () => (await push()).toObservablePaced(1)),
        ours("toObservable, paced by 5", 5, async () => (await push()).toObservablePaced(5)),
        ours("toObservable, eager 10", 10, async () => (await push()).toObservableEager(10)),
        ours("fromEvents, pauseResume 16", 16 + ONE, async () => (await push()).fromEventsPausing({ high: 16, low: 8 })),
        ours("fromObservable, pauseResume 16", 16 + ONE, async () => (await push()).fromObservablePausing({ high: 16, low: 8 })),
      ],
      [
        peer("RxJS concatMap", "rxjs", async () => (await peers()).rxjsConcatMap),
        peer("RxJS mergeMap, 8 at a time", "rxjs", async () => (await peers()).rxjsMergeMap(8)),
        peer("events.on", "node", async () => (await peers()).eventsOn),
      ],
    ),
    // The window, the limits, what a buffer holds, and the output that the loop has in its hands. What a filter has dropped is
    // done with, and counts no more.
    section(
      "operators of RxJS",
      [
        ours("mergeMap 8", WINDOW + 8 + ONE, async () => (await operators()).gated("mergeMap", WINDOW)),
        ours("filter, 1 in 10", WINDOW + ONE, async () => (await operators()).gated("filter", WINDOW)),
        ours("bufferCount 5", WINDOW + 5, async () => (await operators()).gated("bufferCount", WINDOW)),
        ours("concatMap", WINDOW + 1 + ONE, async () => (await operators()).gated("concatMap", WINDOW)),
        ours("groupBy, concatMap in each of 3", WINDOW + 1 + ONE, async () => (await operators()).gated("groupBy", WINDOW)),
        ours("filter, mergeMap 8, bufferCount 5, concatMap", WINDOW + 8 + 1 + 4 + 5, async () => (await operators()).gated("mix", WINDOW)),
      ],
      [
        read("mergeMap 8 alone", "rxjs", async () => (await operators()).alone("mergeMap")),
        read("filter, 1 in 10, alone", "rxjs", async () => (await operators()).alone("filter")),
        read("bufferCount 5 alone", "rxjs", async () => (await operators()).alone("bufferCount")),
        read("concatMap alone", "rxjs", async () => (await operators()).alone("concatMap")),
        read("groupBy, concatMap in each of 3, alone", "rxjs", async () => (await operators()).alone("groupBy")),
        read("filter, mergeMap 8, bufferCount 5, concatMap, alone", "rxjs", async () => (await operators()).alone("mix")),
      ],
      true,
    ),
  ],
};
