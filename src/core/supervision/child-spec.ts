import { checkOption, checkOptions, isFunction, isString, milliseconds, oneOf } from "../options.ts";
import type { ChildOptions, ChildValue, RestartKind, StartChild } from "./supervisors.ts";

/** A child before it is started. */
export interface ChildSpec {
  readonly name: string;
  readonly start: StartChild<never, ChildValue>;
  readonly restart: RestartKind;
  readonly stopWithinMs: number | undefined;
}

/** @throws BadOptionError */
export function specOf(name: unknown, start: unknown, options: ChildOptions = {}): ChildSpec {
  checkOption("the name of a child", name, isString);
  checkOption(`the start of ${String(name)}`, start, isFunction);
  checkOptions(`the child ${String(name)}`, options, { restart: oneOf("permanent", "transient", "temporary"), stopWithinMs: milliseconds });
  return { name: name as string, start: start as ChildSpec["start"], restart: options.restart ?? "permanent", stopWithinMs: options.stopWithinMs };
}
