/** A test that a runtime does not carry, and whose fault that is. One that passes nevertheless is an error: strike it off. */
export interface NotCarried {
  readonly runtime: string;
  /** A file below `test`. */
  readonly file: string;
  /** A part of the test's full name; without it, the file does not load there. */
  readonly test?: string;
  /** It would stop the run, or goes well now and then: it is not started. */
  readonly isSkipped?: true;
  readonly reason: string;
}

/** No fault: what these tests look at, or take for help, is Node's. */
const PAGE: readonly NotCarried[] = (
  [
    ["core/describe.test.ts", undefined, "describes a Node stream"],
    ["core/inspecting.test.ts", undefined, "prints by Node's inspect"],
    ["core/unreceived-errors.test.ts", undefined, "starts processes"],
    ["core/warnings.test.ts", "a source under dropNewest or dropOldest warns as well", "loads the library anew for each test: a page loads modules once"],
    ["core/scheduler.test.ts", "behind the first message of a slice, and then behind each 16", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["core/scheduler.test.ts", "sooner where the messages are lists: 16 events count as one message", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["core/scheduler.test.ts", "behind each message when one was slow, and less often again when eight readings in a row found them fast", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["core/scheduler.test.ts", "and goes on in the next turn when the slice is over", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["core/consumer-supervisor.test.ts", "100,000 tasks leave nothing behind", "asks the process for its timers"],
    ["core/supervisor/churn.test.ts", "100,000 restarts leave nothing behind", "asks the process for its heap and timers"],
    ["core/from-push.test.ts", "ten million events of a source that does not wait keep the heap flat", "asks the process for its heap"],
    ["adapters/ix/demand.test.ts", undefined, "reads a file"],
    ["adapters/ix/leaving.test.ts", undefined, "reads a file"],
    ["adapters/web/byte-streams.test.ts", undefined, "makes Buffers"],
    ["adapters/web/handmade-controllers.test.ts", "takes a SharedArrayBuffer", "a page has none unless its server isolates it"],
    ["adapters/web/through-transform-stream.test.ts", undefined, "compares with node:zlib"],
    ["adapters/reactive-streams/slices.test.ts", "is looked at after 1, 2, 4, ... events: of those that become slow no more are signalled at once than there were before", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["adapters/reactive-streams/slices.test.ts", "that takes several slices counts as brought: what is requested between two of them is asked for at once, and no more", "loads the library anew, with a clock of its own: a page loads modules once"],
    ["adapters/reactive-streams/interop.test.ts", undefined, "the peer, rsocket, needs a Buffer"],
    ["testing/equality.test.ts", undefined, "compares Buffers"],
    ["testing/settle.test.ts", undefined, "is about the clocks of Node"],
    ["testing/broken-dispatchers.test.ts", "is caught in a stage", "a page loads modules once: its broken stages are heard by the monitor of the tests, too"],
  ] as const
).map(([file, test, reason]) => ({ runtime: "chromium", file, ...(test !== undefined && { test }), reason }));

export const NOT_CARRIED: readonly NotCarried[] = [
  {
    runtime: "chromium",
    file: "adapters/events/from-events.test.ts",
    test: "an EventEmitter loses its listeners when the loop breaks, and a thousand loops leave none",
    isSkipped: true,
    reason: "on a crowded machine the turns of a thousand loops took a page more than a minute; why was not found",
  },
  {
    runtime: "bun",
    file: "core/depth.test.ts",
    test: "a demand of 10,000,000 is met by one list",
    isSkipped: true,
    reason: "JavaScriptCore takes 2 µs an element in Object.freeze of an array (the monitor of the tests freezes each list): 21 s",
  },
  ...["bun", "deno"].map((runtime) => ({
    runtime,
    file: "adapters/web/from-body.test.ts",
    test: "reads into buffers of the size that it is given",
    reason: "the body of a Response is no byte stream there, though Fetch says so: getReader({ mode: \"byob\" }) throws",
  })),
  {
    runtime: "bun",
    file: "core/async-stacks.test.ts",
    test: "the stack of an error that a callback throws behind an await names the stage",
    reason: "the stacks of JavaScriptCore do not say who awaits",
  },
  ...["an error that nobody receives ends the process", "an error that is received does not, and nothing keeps the process alive"].map((test) => ({
    runtime: "deno",
    file: "core/unreceived-errors.test.ts",
    test,
    reason: "starts itself with the arguments of Node",
  })),
  {
    runtime: "deno",
    file: "testing/settle.test.ts",
    isSkipped: true,
    reason: "mock.timers of Deno's node:test never lets an event loop turn again, and the run does not end",
  },
  {
    runtime: "deno",
    file: "adapters/reactive-streams/publisher-rules.test.ts",
    test: "rule 3.13: nobody remembers a Subscriber that has cancelled",
    reason: "a Subscriber that was told an error stays in memory there, in no Node up to 26; whose fault it is was not found yet",
  },
  ...PAGE,
];
