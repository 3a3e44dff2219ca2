/** For each rule the smallest scenario that shows the harm: what GenStage does at its last step, and what Sluice does. */
import type { Rule } from "./rules.ts";
import { again, ask, burst, cancel, crash, emit, end, events, finish, forward, info, start, subscribe, subscribeTo } from "./steps.ts";
import type { StageStep, StageSut, SupervisorStep, SupervisorSut } from "./trace.ts";

export interface Harm {
  readonly rule: Rule;
  /** What holds for Sluice. */
  readonly title: string;
  readonly sut: StageSut | SupervisorSut;
  readonly steps: readonly (StageStep | SupervisorStep)[];
  /** The last step, as it is compared; or that it is never taken, as the stage has stopped. */
  readonly genStage: object | "it has stopped";
  readonly sluice: object;
}

const partitions = { type: "producer", dispatcher: { type: "partition", partitions: 2, hash: "mod" } } as const;
const broadcast = { type: "producer", dispatcher: { type: "broadcast" } } as const;
const transient = { type: "consumerSupervisor", restart: "transient" } as const;
const accumulating = { type: "producer", demand: "accumulate" } as const;

const stopping = (reason: string): object => ({ "consumer-stopping ": [{ level: "notice", kind: "consumer-stopping", reason }] });
const gaveUp = { error: "SLUICE_GAVE_UP" };
const alreadySubscribed = { "already-subscribed ": [{ level: "error", kind: "already-subscribed" }] };

const tail = [subscribeTo("p1"), subscribeTo("p2"), subscribe("c1"), ask("c1", 1), events("p1", 7)];
const queued = [subscribe("c0", { partition: 0 }), subscribe("c1", { partition: 1 }), ask("c0", 3), emit(1, 2, 3), cancel("c1")];

export const harms: readonly Harm[] = [
  {
    rule: "R1",
    title: "a producerConsumer does not handle its input for a consumer that has left",
    sut: { type: "producerConsumer", onEvents: "identity" },
    steps: [subscribeTo("p1"), subscribe("c1"), ask("c1", 2), cancel("c1"), events("p1", 1, 2)],
    genStage: { handled: { p1: [["p1", [1, 2]]] }, asks: { p1: [2] }, buffered: 2 },
    sluice: {},
  },
  {
    rule: "R2",
    title: "the buffer of a producerConsumer outlives its producer",
    sut: { type: "producerConsumer", onEvents: "double" },
    steps: [...tail, end("p1", "normal")],
    genStage: { handleCancel: { p1: [["p1", "cancel", "normal"]] }, logs: stopping("normal"), stopped: "normal" },
    sluice: { handleCancel: { p1: [["p1", "cancel", "normal"]] }, logs: stopping("normal"), cancelsUp: { p2: ["normal"] }, buffered: 1 },
  },
  {
    rule: "R2",
    title: "and goes to a consumer that comes late",
    sut: { type: "producerConsumer", onEvents: "double" },
    steps: [...tail, end("p1", "normal"), subscribe("c2"), ask("c2", 1)],
    genStage: "it has stopped",
    sluice: { received: { c2: [[7]] }, cancels: { c1: ["normal"], c2: ["normal"] }, stopped: "normal" },
  },
  {
    rule: "R2",
    title: "but a late consumer is told the error, if it was one",
    sut: { type: "producerConsumer", onEvents: "double" },
    steps: [...tail, end("p1", "oops"), subscribe("c2")],
    genStage: "it has stopped",
    sluice: { cancels: { c2: ["oops"] }, buffered: 1 },
  },
  {
    rule: "R3",
    title: "an ask is served from the buffer, whatever a leaver left behind",
    sut: { type: "producer" },
    steps: [subscribe("c1"), ask("c1", 5), cancel("c1"), emit(1, 2), subscribe("c2"), ask("c2", 3)],
    genStage: { buffered: 2 },
    sluice: { received: { c2: [[1, 2]] } },
  },
  {
    rule: "R4",
    title: "in a broadcast a late consumer is served from the buffer, up to the common demand",
    sut: broadcast,
    steps: [subscribe("c1"), ask("c1", 5), subscribe("c2"), emit(1, 2), ask("c2", 1)],
    genStage: { buffered: 2 },
    sluice: { received: { c1: [[1]], c2: [[1]] }, buffered: 1 },
  },
  {
    rule: "R4",
    title: "and later events do not overtake what is buffered",
    sut: broadcast,
    steps: [subscribe("c1"), ask("c1", 5), subscribe("c2"), emit(1, 2), ask("c2", 1), emit(3)],
    genStage: { received: { c1: [[3]], c2: [[3]] }, buffered: 2 },
    sluice: { buffered: 2 },
  },
  {
    rule: "R5",
    title: "events that the hash drops are demanded again",
    sut: { type: "producer", onDemand: "counter", dispatcher: { type: "partition", partitions: 1, hash: "none-odd" } },
    steps: [subscribe("c1", { partition: 0 }), ask("c1", 2)],
    genStage: { demands: [2], received: { c1: [[0]] } },
    sluice: { demands: [2, 1], received: { c1: [[0], [2]] } },
  },
  {
    rule: "R6",
    title: "a second subscription of one consumer is refused each time",
    sut: broadcast,
    steps: [subscribe("c1"), again("c1b", "c1"), again("c1c", "c1")],
    genStage: { handleSubscribe: ["c1c"] },
    sluice: { cancels: { c1c: ["already_subscribed"] }, logs: alreadySubscribed },
  },
  {
    rule: "R6",
    title: "and so the consumer gets each event once",
    sut: broadcast,
    steps: [subscribe("c1"), again("c1b", "c1"), again("c1c", "c1"), ask("c1", 1), ask("c1c", 1), emit(7)],
    genStage: { received: { c1: [[7]], c1c: [[7]] } },
    sluice: { received: { c1: [[7]] } },
  },
  {
    rule: "R7",
    title: "a partition that is taken refuses that subscription, and the producer lives",
    sut: partitions,
    steps: [subscribe("c1", { partition: 0 }), subscribe("c2", { partition: 0 })],
    genStage: { handleSubscribe: ["c2"], stopped: { error: "ArgumentError" } },
    sluice: { cancels: { c2: [{ error: "ArgumentError" }] } },
  },
  {
    rule: "R8",
    title: "a buffer of no size is a bad option like any other",
    sut: { type: "producer", bufferSize: 0 },
    steps: [start],
    genStage: { startError: { error: "FunctionClauseError" } },
    sluice: { startError: { error: "bad_opts" } },
  },
  {
    rule: "R9",
    title: "the demand mode of a producerConsumer can be read",
    sut: { type: "producerConsumer" },
    steps: [{ do: "getDemandMode" }],
    genStage: { stopped: { error: "FunctionClauseError" } },
    sluice: { reply: "forward" },
  },
  {
    rule: "R10",
    title: "the queue of a partition is counted, and outlives its consumer",
    sut: partitions,
    steps: queued,
    genStage: { cancels: { c1: ["done"] }, handleCancel: { c1: [["c1", "cancel", "done"]] }, demands: [2] },
    sluice: { cancels: { c1: ["done"] }, handleCancel: { c1: [["c1", "cancel", "done"]] }, buffered: 2 },
  },
  {
    rule: "R10",
    title: "and goes first to the next consumer of the partition",
    sut: partitions,
    steps: [...queued, subscribe("c2", { partition: 1 }), ask("c2", 2)],
    genStage: { demands: [2] },
    sluice: { demands: [2], received: { c2: [[1, 3]] } },
  },
  {
    rule: "R10",
    title: "a full queue stops the dispatch, so that the queues are bounded and order holds",
    sut: { ...partitions, bufferSize: 2 },
    steps: [subscribe("c0", { partition: 0 }), ask("c0", 8), emit(2, 1, 3, 5, 4)],
    genStage: { received: { c0: [[2, 4]] } },
    sluice: { received: { c0: [[2]] }, buffered: 4 },
  },
  {
    rule: "R11",
    title: "a consumer whose selector refuses a whole list is not told",
    sut: broadcast,
    steps: [subscribe("c1", { selector: "even" }), ask("c1", 1), emit(1)],
    genStage: { demands: [1], received: { c1: [[]] } },
    sluice: { demands: [1] },
  },
  {
    rule: "R12",
    title: "a stage that ends tells everybody but the one that caused it",
    sut: { type: "producerConsumer" },
    steps: [subscribeTo("p1"), subscribeTo("p2"), subscribe("c1"), end("p1", "oops")],
    genStage: { handleCancel: { p1: [["p1", "cancel", "oops"]] }, logs: stopping("oops"), stopped: "oops" },
    sluice: {
      handleCancel: { p1: [["p1", "cancel", "oops"]] },
      logs: stopping("oops"),
      cancels: { c1: ["oops"] },
      cancelsUp: { p2: ["oops"] },
      stopped: "oops",
    },
  },
  {
    rule: "R13",
    title: "a bad subscription fails the start",
    sut: { type: "consumer", subscribeTo: [{ producer: "p1", options: { maxDemand: 0 } }] },
    steps: [start],
    genStage: { logs: { "invalid-subscribe-option ": [{ level: "error", kind: "invalid-subscribe-option" }] } },
    sluice: { startError: { error: "bad_opts" } },
  },
  {
    rule: "R14",
    title: "what is emitted while demand accumulates goes into the buffer, and the buffer is bounded",
    sut: { ...accumulating, bufferSize: 2 },
    steps: [emit(1, 2, 3)],
    genStage: {},
    sluice: { discarded: [1], buffered: 2 },
  },
  {
    rule: "R14",
    title: "and is delivered first: the held demands are replayed one by one, less what was served",
    sut: accumulating,
    steps: [subscribe("c1"), ask("c1", 3), ask("c1", 2), emit(1, 2), forward],
    genStage: { demands: [3, 2], received: { c1: [[1, 2]] } },
    sluice: { demands: [1, 2], received: { c1: [[1, 2]] } },
  },
  {
    rule: "R14",
    title: "and later events do not overtake it",
    sut: { type: "producer" },
    steps: [emit(1, 2), { do: "demandMode", mode: "accumulate" }, emit(3), subscribe("c1"), ask("c1", 2), forward],
    genStage: { received: { c1: [[3], [1]] }, buffered: 1 },
    sluice: { received: { c1: [[1, 2]] }, buffered: 1 },
  },
  {
    rule: "R15",
    title: "an info in an unlimited buffer is not counted, and needs no demand of its own",
    sut: { type: "producer", bufferSize: "infinity" },
    steps: [emit(1), info("a"), subscribe("c1"), ask("c1", 1)],
    genStage: { received: { c1: [[1]] }, buffered: 1 },
    sluice: { received: { c1: [[1]] }, infos: ["a"] },
  },
  {
    rule: "R16",
    title: "a supervisor that gives up fails, and its producer is told",
    sut: { ...transient, maxRestarts: 1 },
    steps: [subscribeTo("p1", { maxDemand: 2 }), events("p1", "e1", "e2"), crash("e1"), crash("e1")],
    genStage: { asks: { p1: [1] }, stopped: "shutdown" },
    sluice: { cancelsUp: { p1: [gaveUp] }, stopped: gaveUp },
  },
  {
    rule: "R17",
    title: "no callback runs for a subscription that is refused",
    sut: broadcast,
    steps: [subscribe("c1"), again("c1b", "c1")],
    genStage: {
      handleSubscribe: ["c1b"],
      handleCancel: { c1b: [["c1b", "cancel", "already_subscribed"]] },
      cancels: { c1b: ["already_subscribed"] },
      logs: alreadySubscribed,
    },
    sluice: { cancels: { c1b: ["already_subscribed"] }, logs: alreadySubscribed },
  },
  {
    rule: "R18",
    title: "a consumer that has cancelled asks no more, and handles what was on its way",
    sut: { type: "consumer" },
    steps: [subscribeTo("p1"), { do: "cancelSubscription", producer: "p1", reason: "done" }, events("p1", 1, 2)],
    genStage: { handled: { p1: [["p1", [1, 2]]] }, asks: { p1: [2] } },
    sluice: { handled: { p1: [["p1", [1, 2]]] } },
  },
  {
    rule: "R19",
    title: "nobody can ask without a subscription",
    sut: { type: "producer" },
    steps: [ask("nobody", 1)],
    genStage: { cancels: { nobody: ["unknown_subscription"] } },
    sluice: {},
  },
  {
    rule: "R20",
    title: "an ask that crosses a refusal is not answered with a second end",
    sut: broadcast,
    steps: [subscribe("c1"), burst(again("c1b", "c1"), ask("c1b", 3))],
    genStage: {
      handleSubscribe: ["c1b"],
      handleCancel: { c1b: [["c1b", "cancel", "already_subscribed"]] },
      cancels: { c1b: ["already_subscribed", "unknown_subscription"] },
      logs: alreadySubscribed,
    },
    sluice: { cancels: { c1b: ["already_subscribed"] }, logs: alreadySubscribed },
  },
  {
    rule: "R21",
    title: "a misspelt option of a subscription is a bad option",
    sut: { type: "consumer" },
    steps: [subscribeTo("p1", { maxDemnad: 10 })],
    genStage: { subscribes: { p1: [null] }, handleSubscribe: ["p1"], asks: { p1: [1000] } },
    sluice: { reply: { error: { error: "bad_opts" } } },
  },
  {
    rule: "R22",
    title: "the children of the last events outlive their producer",
    sut: transient,
    steps: [subscribeTo("p1"), events("p1", "e1", "e2"), end("p1", "normal")],
    genStage: { logs: stopping("normal"), stopped: "normal" },
    sluice: { logs: stopping("normal"), active: 2, workers: 2, live: ["e1", "e2"] },
  },
  {
    rule: "R22",
    title: "and the supervisor ends when they have ended",
    sut: transient,
    steps: [subscribeTo("p1"), events("p1", "e1", "e2"), end("p1", "normal"), finish("e1"), crash("e2"), finish("e2")],
    genStage: "it has stopped",
    sluice: { stopped: "normal" },
  },
  {
    rule: "R23",
    title: "a consumer supervisor has one strategy, which nobody has to name",
    sut: { ...transient, strategy: "none" },
    steps: [start],
    genStage: { startError: { error: "bad_opts" } },
    sluice: { active: 0, workers: 0, live: [] },
  },
];
