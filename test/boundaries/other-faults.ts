/** The faults of faults.md that are not marked M: which tests are about them. Those of workers, 70 to 73, come with the workers. */
import { existsSync, readFileSync } from "node:fs";

interface Other {
  readonly code: number;
  readonly sentence: string;
  /** Names of tests, by their file. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

export interface OtherFault {
  readonly code: number;
  readonly sentence: string;
  /** How many of its tests there are: 0 when one that is named here has gone. */
  readonly count: number;
  readonly missing: readonly string[];
}

const OTHERS: readonly Other[] = [
  {
    code: 29,
    sentence: "a Readable is destroyed without an error",
    tests: {
      "adapters/node/from-readable.test.ts": ["is an error", "comes after what the stream holds", "that was destroyed gives a premature close"],
      "adapters/node/through-duplex.test.ts": ["is a close before the end"],
    },
  },
  {
    code: 30,
    sentence: "a Writable closes in the middle of a write",
    tests: { "adapters/node/into-writable.test.ts": ["by a close without an error is a premature close, also while it is full", "while it is full ends the wait for drain"] },
  },
  {
    code: 31,
    sentence: "a WritableStream has closed or failed before the first event",
    tests: { "adapters/web/into-writable-stream.test.ts": ["that was %s before pulls nothing, and cancels the producer with the error", "that %s in the turn of the subscription pulls nothing"] },
  },
  {
    code: 34,
    sentence: "the ends of a producer and the cancel modes",
    tests: { "core/cancel-modes.test.ts": ["with one $mode subscription that ends by $kind with $type: $only", "with two $mode subscriptions, the first of which ends by $kind with $type: $first"] },
  },
  {
    code: 37,
    sentence: "maxDemand 1 and minDemand 0",
    tests: {
      "core/demand-window.test.ts": ["asks for one after each event where only one may be in flight"],
      "core/consumer.test.ts": ["for one event after each where maxDemand is 1"],
      "core/depth.test.ts": ["in a million events of a sync iterable at a maxDemand of 1"],
    },
  },
  { code: 38, sentence: "asks that are no demand", tests: { "core/consumer.test.ts": ["refuses to ask for %s, and nothing changes"], "core/depth.test.ts": ["of a great number is the greatest that can be asked"] } },
  { code: 39, sentence: "two asks of one turn", tests: { "core/producer.test.ts": ["is called for each of two asks of one turn, never for their sum"], "core/depth.test.ts": ["in a hundred thousand asks of one turn"] } },
  { code: 40, sentence: "asks inside of callbacks", tests: { "core/consumer.test.ts": ["can be asked from inside a callback, without recursion"], "properties/flow.test.ts": ["P19 no callback runs deep in the stack, however many events there are"] } },
  { code: 41, sentence: "a sync source of a million events", tests: { "core/depth.test.ts": ["in a million events of a sync iterable at a maxDemand of 1", "is met by as many events, one by one from an iterable"] } },
  { code: 43, sentence: "a chain of streams: the sum of its buffers", tests: { "boundaries/others.test.ts": ["a chain over both kinds of streams reads no further than its marks and windows"] } },
  {
    code: 44,
    sentence: "chunks of bytes: large, empty, strings, views",
    tests: {
      "adapters/node/from-readable.test.ts": ["keeps the bytes of a file", "gives strings after setEncoding, and splits no character", "neither ends nor stalls at an empty chunk"],
      "adapters/node/into-writable.test.ts": ["keeps the bytes, in strings, buffers and views with an offset"],
    },
  },
  { code: 45, sentence: "'drain' inside of write()", tests: { "adapters/node/into-writable.test.ts": ["goes on when drain comes from within write"] } },
  { code: 46, sentence: "one failure of a Writable, told in several ways", tests: { "adapters/node/into-writable.test.ts": ["by %s ends the stage once with that error, and cancels the producer with it"] } },
  {
    code: 47,
    sentence: "a burst that is greater than the buffer",
    tests: { "core/from-push.test.ts": ["%s: delivered and discarded are what was emitted, whatever was asked for and pushed", "is reported and told to handleDiscarded"] },
  },
  {
    code: 49,
    sentence: "a broadcast with a slow consumer, and one that comes late",
    tests: { "core/broadcast-dispatcher.test.ts": ["goes at the pace of the slowest", "sends who joins late what comes from then on, and asks for nothing twice", "goes on at the pace of those who stay when the slowest leaves"] },
  },
  { code: 50, sentence: "a selector that refuses everything", tests: { "core/broadcast-dispatcher.test.ts": ["that refuses everything holds nobody up, and gets no empty list"] } },
  {
    code: 51,
    sentence: "a partition without a consumer, and one that is none",
    tests: {
      "core/partition-dispatcher.test.ts": [
        "keeps what is for a slow consumer in its queue, and asks for less by that much",
        "that is full holds the other partitions back, in order, and is seen in the snapshot",
        "outlives its consumer, and goes first to the next of its partition",
      ],
    },
  },
  {
    code: 52,
    sentence: "the open demand of a consumer that leaves",
    tests: { "core/demand-dispatcher.test.ts": ["forgets a consumer and its open demand when it leaves"], "core/producer.test.ts": ["is subtracted from the next asks, as the producer owes it already", "is not subtracted twice, once it has come"] },
  },
  {
    code: 53,
    sentence: "a consumer that subscribes twice",
    tests: { "core/demand-dispatcher.test.ts": ["admits a consumer twice: each subscription has its own demand"], "core/cancel-modes.test.ts": ["a producer that refuses a second subscription never stops the stage, under %s"] },
  },
  { code: 54, sentence: "subscribe and cancel, a thousand times during the flow", tests: { "boundaries/others.test.ts": ["a thousand consumers that come and go during the flow lose nothing that was not on its way to them"], "core/partition-dispatcher.test.ts": ["loses nothing when its consumer comes and goes with every list"] } },
  { code: 56, sentence: "an array as an event", tests: { "boundaries/others.test.ts": ["a list as an event is one event, from %s to all ways out"] } },
  { code: 59, sentence: "fake timers", tests: { "core/reading.test.ts": ["a pipeline flows under fake timers"] } },
  { code: 61, sentence: "a handler that takes ten seconds", tests: { "boundaries/others.test.ts": ["the others go on while a handler takes ten seconds"] } },
  {
    code: 62,
    sentence: "next() and loops beside each other",
    tests: {
      "core/reading.test.ts": ["gives several next of one turn their events in order", "settles several next in order when the events come one by one", "beside another is a second subscription: each event goes to one of them"],
      "core/life/for-await.test.ts": ["is a second subscription: both get events, no event twice"],
    },
  },
  { code: 63, sentence: "await using", tests: { "core/reading.test.ts": ["returns by await using"] } },
  { code: 64, sentence: "tee() of a stream that a stage feeds", tests: { "adapters/web/to-readable-stream.test.ts": ["gives each stream of a broadcast all events"] } },
  {
    code: 65,
    sentence: "a ReadableStream that is locked, disturbed, failed or closed",
    tests: {
      "adapters/web/from-readable-stream.test.ts": ["that is locked is refused", "that is disturbed goes on where it is", "that has closed gives no event and a normal end", "that is locked before the first demand fails the stage with the platform's error, and stays whose it is"],
    },
  },
  { code: 66, sentence: "a break with preventCancel", tests: { "adapters/web/from-readable-stream.test.ts": ["leaves the stream usable after a break", "leaves the chunks in the stream that reads in flight would have brought, and waits for nothing"] } },
  {
    code: 67,
    sentence: "a Readable that has lived before",
    tests: {
      "adapters/node/from-readable.test.ts": ["that has ended gives no event and a normal end", "that has failed gives its error", "that was destroyed gives a premature close", "that flows is read on demand from the first demand on", "gives strings after setEncoding, and splits no character"],
    },
  },
  { code: 68, sentence: "the halves of a Duplex end in any order", tests: { "adapters/node/through-duplex.test.ts": ["comes when $first ends first (allowHalfOpen: $allowHalfOpen)"] } },
  {
    code: 69,
    sentence: "flush of a transform",
    tests: {
      "adapters/node/through-duplex.test.ts": ["may come at the end: what flush makes arrives before the end, on demand", "of flush comes instead of the end"],
      "adapters/web/through-transform-stream.test.ts": ["may come at the end: what flush makes arrives before the end, on demand", "of flush comes instead of the end"],
    },
  },
  { code: 74, sentence: "a supervised stage that fails again and again", tests: { "core/supervisor/intensity.test.ts": ["are allowed up to maxRestarts; one more, and the supervisor gives up", "says which child, how often, in what time; its cause is the child's last error, by identity"] } },
  {
    code: 75,
    sentence: "stop() at any time",
    tests: { "core/life/end.test.ts": ["when a callback stops it", "the first of two stops", "a stop, before the callback in progress fails", "handleStop runs once, with the reason that closed gives"] },
  },
  { code: 76, sentence: "a run that nobody holds is collected", tests: { "core/life/after-the-end.test.ts": ["an idle stage that nobody references is plain garbage:", "a stage that is referenced is not"] } },
  { code: 77, sentence: "ten thousand short runs", tests: { "boundaries/others.test.ts": ["ten thousand short runs leave neither listeners nor memory behind"] } },
  { code: 78, sentence: "a process that has nothing to do but a stuck run", tests: { "boundaries/others.test.ts": ["a stuck run does not keep the process alive"] } },
];

/** Counts the tests that there are; a name that is not found counts for nothing. */
export function countTests(): readonly OtherFault[] {
  const folder = testFolder();
  const sources = new Map<string, string>();
  return OTHERS.map(({ code, sentence, tests }) => {
    const missing: string[] = [];
    let found = 0;
    for (const [file, names] of Object.entries(tests)) {
      const path = new URL(file, folder);
      const source = sources.get(file) ?? (existsSync(path) ? readFileSync(path, "utf8") : "");
      sources.set(file, source);
      for (const name of names) {
        if (isTestIn(source, name)) found += 1;
        else missing.push(`${file}: ${name}`);
      }
    }
    return { code, sentence, count: missing.length > 0 ? 0 : found, missing };
  });
}

/** `test("name"`, and `test.each(table)("name"`. */
function isTestIn(source: string, name: string): boolean {
  return [`("${name}"`, `(\`${name}\``, `(\n    "${name}"`, `(\n  "${name}"`].some((literal) => source.includes(literal));
}

/** The program runs compiled; the tests stay where they are. */
function testFolder(): URL {
  let folder = new URL("./", import.meta.url);
  while (!existsSync(new URL("tsconfig.json", folder))) folder = new URL("../", folder);
  return new URL("test/", folder);
}
