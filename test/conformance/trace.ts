/**
 * The recorded traces of the real GenStage: what a line holds, and how to read one.
 * `traces/FORMAT.md` is the description; this file is its types.
 */
import { readFileSync } from "node:fs";

/** What flows. The recordings use integers, and strings for the events of a consumer supervisor. */
export type Event = number | string;

/** Why something ended, in the notation of the recordings: an atom, the pair (shutdown, x), or an exception. */
export type Reason = string | { readonly shutdown: string } | Failure;

/** An exception. The message is the English text of the original and is never compared. */
export interface Failure {
  readonly error: string;
  readonly message?: string;
}

/** One recorded scenario: a stage, and what it did at each step. */
export interface Trace<Sut = AnySut, Step = AnyStep, Expect = AnyExpectation> {
  readonly id: string;
  readonly kind: string;
  readonly title?: string;
  readonly sut: Sut;
  readonly steps: readonly (Step & { readonly expect: Expect })[];
}

/** A trace that the model covers: a stage, played by raw partners. */
export type ModelledTrace = StageTrace | SupervisorTrace;

/** A single producer, producerConsumer or consumer. */
export type StageTrace = Trace<StageSut, StageStep, Expectation>;

/** A consumer supervisor and its children. */
export type SupervisorTrace = Trace<SupervisorSut, SupervisorStep, SupervisorExpectation>;

/** Outside the model: a whole chain, compared as it was recorded. */
export type PipelineTrace = Trace<PipelineSut, { readonly do: "run" }, PipelineExpectation>;

export type AnySut = StageSut | SupervisorSut | PipelineSut;
export type AnyStep = StageStep | SupervisorStep | { readonly do: "run" };
export type AnyExpectation = Expectation | SupervisorExpectation | PipelineExpectation;

// ── The stage under test ────────────────────────────────────────────────────────────────────────────────────────────

/** Options are typed as loosely as they were given: the validation traces hold bad ones. */
export interface StageSut {
  readonly type: "producer" | "producerConsumer" | "consumer";
  readonly bufferSize?: number | string;
  readonly bufferKeep?: string;
  readonly demand?: string;
  readonly dispatcher?: DispatcherSpec | number | string;
  readonly onDemand?: OnDemand;
  readonly onEvents?: "identity" | "double" | "evens" | "none";
  readonly emits?: readonly Event[];
  readonly formatDiscarded?: "absent" | "log" | "silent";
  readonly subscribeTo?: readonly { readonly producer: string; readonly options: ConsumerOptions }[];
  readonly extraOptions?: Readonly<Record<string, unknown>>;
}

export type DispatcherSpec =
  | { readonly type: "demand"; readonly maxDemand?: number }
  | { readonly type: "broadcast" }
  | PartitionSpec;

export interface PartitionSpec {
  readonly type: "partition";
  readonly partitions?: number | readonly string[];
  readonly hash?: "mod" | "none-odd" | "times10" | "unknown" | "bad";
}

/** What handleDemand(n) emits: consecutive integers that go on from call to call. */
export type OnDemand = "none" | "counter" | { readonly chunk: number } | { readonly atMost: number };

export interface SupervisorSut {
  readonly type: "consumerSupervisor";
  readonly restart?: "temporary" | "transient" | "permanent" | "default" | "two";
  readonly maxRestarts?: number | string;
  readonly maxSeconds?: number | string;
  readonly strategy?: string;
}

export interface PipelineSut {
  readonly type: "pipeline";
  readonly source:
    | { readonly type: "fromEnumerable"; readonly from: number; readonly to: number; readonly demand?: string }
    | { readonly type: "counter"; readonly to?: number };
  readonly stages: readonly ({ readonly onEvents: NonNullable<StageSut["onEvents"]> } & ConsumerOptions)[];
  readonly sink: { readonly type: "consumer" | "stream"; readonly take?: number } & ConsumerOptions;
}

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Options of the stage's own subscriptions to producers. */
export interface ConsumerOptions {
  readonly maxDemand?: number | string;
  readonly minDemand?: number | string;
  readonly cancel?: string;
  readonly manual?: boolean;
  readonly [unknownOption: string]: unknown;
}

/** Options of a consumer's subscription to the stage. */
export interface ProducerOptions {
  readonly partition?: number | string;
  readonly selector?: string;
}

export interface SubscribeStep {
  readonly do: "subscribe";
  readonly consumer: string;
  readonly process?: string;
  readonly options?: ProducerOptions;
  readonly duplicate?: boolean;
}

export interface ResubscribeStep {
  readonly do: "resubscribe";
  readonly from: string;
  readonly to: string;
  readonly process: string;
  readonly reason: Reason;
  readonly options?: ProducerOptions;
}

export interface SubscribeToStep {
  readonly do: "subscribeTo";
  readonly producer: string;
  readonly process?: string;
  readonly options?: ConsumerOptions;
  readonly current?: string;
  readonly reason?: Reason;
}

export type StageStep =
  | { readonly do: "start" }
  // from the partners that consume
  | SubscribeStep
  | ResubscribeStep
  | { readonly do: "ask"; readonly consumer: string; readonly demand: number }
  | { readonly do: "cancel"; readonly consumer: string; readonly reason: Reason }
  | { readonly do: "down"; readonly consumer: string; readonly reason: Reason }
  // on the stage itself
  | { readonly do: "emit"; readonly events: readonly Event[] }
  | { readonly do: "emitCall"; readonly events: readonly Event[] }
  | { readonly do: "demandMode"; readonly mode: "forward" | "accumulate" }
  | { readonly do: "getDemandMode" }
  | { readonly do: "info"; readonly message: string }
  | { readonly do: "stop"; readonly reason: Reason }
  | { readonly do: "burst"; readonly steps: readonly StageStep[] }
  // from and to the partners that produce
  | SubscribeToStep
  | {
      readonly do: "subscribeToDead";
      readonly producer: string;
      readonly how: "pid" | "name";
      readonly options?: ConsumerOptions;
    }
  | { readonly do: "events"; readonly producer: string; readonly events: readonly Event[] }
  | { readonly do: "producerCancel"; readonly producer: string; readonly reason: Reason }
  | { readonly do: "producerDown"; readonly producer: string; readonly reason: Reason }
  | { readonly do: "consumerAsk"; readonly producer: string; readonly demand: number }
  | { readonly do: "cancelSubscription"; readonly producer: string; readonly reason: Reason };

export type SupervisorStep =
  | StageStep
  | { readonly do: "finish"; readonly event: Event; readonly how: "normal" | "shutdown" | "shutdownTuple" | "crash" }
  | { readonly do: "startChild"; readonly event: Event }
  | { readonly do: "terminateChild"; readonly event: Event };

// ── What was seen ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A log record in its normal form. Only the class and the numbers are compared, never a text. */
export interface Log {
  readonly level: "error" | "warning" | "notice";
  readonly kind: string;
  readonly max?: number;
  readonly asked?: number;
  readonly count?: number;
  readonly from?: string;
  readonly reason?: Reason;
  readonly message?: string;
}

/** A list for each partner. */
export type PerPartner<Value> = Readonly<Record<string, readonly Value[]>>;

/** What a step brought about. A field that would be empty is absent. */
export interface Expectation {
  readonly handleSubscribe?: readonly string[];
  readonly demands?: readonly number[];
  readonly handled?: readonly (readonly [from: string, batch: readonly Event[]])[];
  readonly received?: PerPartner<readonly Event[]>;
  readonly asks?: PerPartner<number>;
  readonly subscribes?: PerPartner<{ readonly current: string; readonly reason: Reason } | null>;
  readonly cancels?: PerPartner<Reason>;
  readonly cancelsUp?: PerPartner<Reason>;
  readonly handleCancel?: readonly (readonly [name: string, kind: "cancel" | "down", reason: Reason])[];
  readonly infos?: readonly string[];
  readonly discarded?: readonly number[];
  readonly logs?: readonly Log[];
  readonly buffered?: number;
  readonly reply?: unknown;
  readonly startError?: Failure;
  readonly stopped?: Reason;
  /** The total order of the step: each token stands for the next unread entry of its list. */
  readonly order?: readonly string[];
}

export interface SupervisorExpectation extends Expectation {
  readonly started?: readonly Event[];
  readonly ignored?: readonly Event[];
  readonly failed?: readonly Event[];
  readonly active?: number;
  readonly workers?: number;
  readonly live?: readonly Event[];
}

export interface PipelineExpectation {
  readonly total: number;
  readonly events?: readonly Event[];
  readonly first?: readonly Event[];
  readonly last?: readonly Event[];
  readonly sum?: number;
  readonly batchSizes?: readonly number[];
  readonly end: "alive" | "halted" | { readonly stopped: Reason } | { readonly exit: Reason };
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The files of the folder `traces`. */
export const traceFiles = [
  "consumer",
  "producer-demand",
  "producer-broadcast",
  "producer-partition",
  "producer-consumer",
  "curated",
  "validation",
  "consumer-supervisor",
  "pipeline",
] as const;

export type TraceFile = (typeof traceFiles)[number];

/** Reads all lines of a file of the given folder of traces, in order. */
export function readTraces(folder: URL, file: TraceFile): readonly Trace[] {
  return readTraceFile(new URL(`${file}.jsonl`, folder));
}

/** Reads all lines of any file, in order. */
export function readTraceFile(path: string | URL): readonly Trace[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Trace);
}

export function isPipelineTrace(trace: Trace): trace is PipelineTrace {
  return trace.sut.type === "pipeline";
}

/** True for the traces that the model covers. A validation line is a trace of the type of its stage. */
export function isModelledTrace(trace: Trace): trace is ModelledTrace {
  return trace.sut.type !== "pipeline";
}

export function isSupervisorTrace(trace: Trace): trace is SupervisorTrace {
  return trace.sut.type === "consumerSupervisor";
}

export function isStageTrace(trace: Trace): trace is StageTrace {
  return isModelledTrace(trace) && !isSupervisorTrace(trace);
}
