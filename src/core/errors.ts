import type { ExitReason } from "./protocol.ts";

/** What can go wrong, as a closed union; each code belongs to one class or one sentence. */
export type SluiceErrorCode =
  /** An option has a value that is not allowed, or is unknown. */
  | "SLUICE_BAD_OPTION"
  /** A callback returned something that it must not. */
  | "SLUICE_BAD_RETURN"
  /** `emit` was called after the stage was completed or stopped. */
  | "SLUICE_ENDED"
  /** `emit` brought more events than the buffer holds, and no policy says which to discard. */
  | "SLUICE_BUFFER_FULL"
  /** A reader's stage was stopped before its normal end. */
  | "SLUICE_STOPPED"
  /** A clean-up or a callback did not settle within its deadline. */
  | "SLUICE_TIMEOUT"
  /** A producer refused a second subscription of one consumer; it never stops the consumer. */
  | "SLUICE_ALREADY_SUBSCRIBED"
  /** A message came on a wire that is no subscription (any more). */
  | "SLUICE_UNKNOWN_SUBSCRIPTION"
  /** A partition dispatcher's hash named a partition that does not exist. */
  | "SLUICE_UNKNOWN_PARTITION"
  /** The children of a supervisor ended more often than its `maxRestarts` allows. */
  | "SLUICE_GAVE_UP"
  /** A native partner (stream, iterator, observable) broke its own protocol, or closed before its end. */
  | "SLUICE_BAD_PARTNER"
  /** An event that the other side of a boundary cannot carry. */
  | "SLUICE_BAD_EVENT";

/** The base of all errors that this library makes. An error of the user's is never wrapped in one. */
export class SluiceError extends Error {
  /** The name of its class. */
  override readonly name: string = "SluiceError";
  /** What went wrong, for programs. */
  readonly code: SluiceErrorCode;

  constructor(code: SluiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An option was given that cannot be: thrown where it was given, before anything starts. */
export class BadOptionError extends SluiceError {
  override readonly name = "BadOptionError";
  /** The name of the option. */
  readonly option: string;

  constructor(option: string, expected: string, got: unknown) {
    super("SLUICE_BAD_OPTION", `expected ${option} to be ${expected}, got: ${show(got)}`);
    this.option = option;
  }
}

/** A stage was stopped, and a reader did not get all of its events. `cause` is the reason given to `stop`, or the abort reason. */
export class StoppedError extends SluiceError {
  override readonly name = "StoppedError";

  constructor(stage: string, reason?: unknown) {
    super(
      "SLUICE_STOPPED",
      `${stage} was stopped before its normal end`,
      reason === undefined ? undefined : { cause: reason },
    );
  }
}

/** A supervisor has ended because a child ended too often. `cause` is the error with which that child ended the last time. */
export class GaveUpError extends SluiceError {
  override readonly name = "GaveUpError";
  /** The child, as its supervisor names it. */
  readonly child: string;
  /** How many restarts were allowed, in what time. */
  readonly maxRestarts: number;
  /** In what time, in ms. */
  readonly withinMs: number;

  constructor(supervisor: string, child: string, { maxRestarts, withinMs }: { readonly maxRestarts: number; readonly withinMs: number }, last: ExitReason) {
    const allowed = `${maxRestarts} ${maxRestarts === 1 ? "restart" : "restarts"}`;
    const hint = last.type === "normal" ? `; it had ended normally: a child that may end is "transient"` : "";
    super("SLUICE_GAVE_UP", `${supervisor} gave up on ${child}: it ended once more after ${allowed} within ${withinMs} ms${hint}`, last.type === "normal" ? undefined : { cause: errorOf(last, child)?.error });
    this.child = child;
    this.maxRestarts = maxRestarts;
    this.withinMs = withinMs;
  }
}

/** The error that a reader of `stage` gets for an end, and `undefined` for a normal one. */
export function errorOf(reason: ExitReason, stage: string): { readonly error: unknown } | undefined {
  if (reason.type === "normal") return undefined;
  return { error: reason.type === "error" ? reason.error : new StoppedError(stage, reason.reason) };
}

/** A short text of any value for a message; it never throws and never runs long. */
export function show(value: unknown): string {
  try {
    if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    if (typeof value === "function") return value.name === "" ? "a function" : `function ${value.name}`;
    if (typeof value === "object" && value !== null) {
      if (Array.isArray(value)) return `an array of ${value.length}`;
      const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
      return typeof name === "string" && name !== "Object" && name !== "" ? `an instance of ${name}` : "an object";
    }
    return typeof value === "bigint" ? `${value}n` : String(value);
  } catch {
    return "a value that cannot be shown";
  }
}
