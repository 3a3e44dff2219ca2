import type { ConsumerOptions, DispatcherSpec, StageSut, SupervisorSut } from "../trace.ts";

/** The class of a bad option in the recordings; the text is not modelled. */
export type BadOption = "bad_opts" | "bad_specs" | "ArgumentError" | "UndefinedFunctionError" | "FunctionClauseError";

/** The options of a stage that produces, checked and with their defaults. */
export interface OutletOptions {
  readonly dispatcher: DispatcherSpec;
  readonly bufferSize: number;
  readonly bufferKeep: "first" | "last";
  readonly demand: "forward" | "accumulate";
}

/** The options of a subscription to a producer, checked and with their defaults. */
export interface InletOptions {
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly cancel: "permanent" | "transient" | "temporary";
  readonly manual: boolean;
}

/** The first thing that is wrong with the options of the stage, if anything is. */
export function badStageOption(sut: StageSut): BadOption | undefined {
  if (sut.extraOptions && !onlyKnown(sut)) return "bad_opts";
  if (sut.type === "consumer") return given(sut.dispatcher, sut.bufferSize, sut.bufferKeep, sut.demand);
  const { dispatcher, bufferSize: size } = sut;
  if (typeof dispatcher === "number") return "bad_opts";
  if (typeof dispatcher === "string") return "UndefinedFunctionError";
  if (dispatcher?.type === "partition") {
    if (dispatcher.partitions === undefined) return "ArgumentError";
    if (typeof dispatcher.partitions !== "number" && dispatcher.hash === undefined) return "ArgumentError";
  }
  if (typeof size === "string" ? size !== "infinity" : size !== undefined && size < 0) return "bad_opts";
  if (!isOneOf(sut.bufferKeep, ["first", "last"])) return "bad_opts";
  if (sut.type === "producerConsumer" && given(sut.demand)) return "bad_opts";
  if (!isOneOf(sut.demand, ["forward", "accumulate"])) return "bad_opts";
  return size === 0 ? "FunctionClauseError" : undefined;
}

/** The first thing that is wrong with the options of a consumer supervisor, if anything is. */
export function badSupervisorOption({ restart, maxRestarts, maxSeconds, strategy }: SupervisorSut, mayLackStrategy: boolean): BadOption | undefined {
  if (restart === "two") return "bad_specs";
  if (restart !== "temporary" && restart !== "transient") return "bad_opts";
  if (strategy !== undefined && !(strategy === "none" && mayLackStrategy)) return "bad_opts";
  return typeof maxRestarts === "string" || typeof maxSeconds === "string" ? "bad_opts" : undefined;
}

export function outletOptions(sut: StageSut): OutletOptions {
  const { bufferSize = sut.type === "producer" ? 10_000 : "infinity", dispatcher } = sut;
  return {
    dispatcher: typeof dispatcher === "object" ? dispatcher : { type: "demand" },
    bufferSize: typeof bufferSize === "number" ? bufferSize : Infinity,
    bufferKeep: sut.bufferKeep === "first" ? "first" : "last",
    demand: sut.demand === "accumulate" ? "accumulate" : "forward",
  };
}

/** Undefined if an option is bad. Options nobody knows are passed on. */
export function inletOptions(options: ConsumerOptions): InletOptions | undefined {
  const { maxDemand = 1000, cancel = "permanent", manual = false } = options;
  if (typeof maxDemand !== "number" || maxDemand < 1) return undefined;
  const { minDemand = Math.floor(maxDemand / 2) } = options;
  if (typeof minDemand !== "number" || minDemand < 0 || minDemand > maxDemand - 1) return undefined;
  if (cancel !== "permanent" && cancel !== "transient" && cancel !== "temporary") return undefined;
  return { maxDemand, minDemand, cancel, manual };
}

function onlyKnown({ type, extraOptions }: StageSut): boolean {
  return Object.entries(extraOptions ?? {}).every(
    ([name, value]) => name === "subscribeTo" && type !== "producer" && Array.isArray(value),
  );
}

function given(...options: readonly unknown[]): "bad_opts" | undefined {
  return options.some((option) => option !== undefined) ? "bad_opts" : undefined;
}

function isOneOf(value: string | undefined, values: readonly string[]): boolean {
  return value === undefined || values.includes(value);
}
