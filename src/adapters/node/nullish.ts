/**
 * `null` and `undefined` on their way through Node, which keeps `null` for the end of a stream, and whose Transforms drop
 * `undefined`.
 *
 * One rule for all: what we feed (a Readable) carries neither, what we write into takes `undefined`, as Node does. An event
 * that cannot be carried is an error, `SLUICE_BAD_EVENT`; with `nullish: "wrap"` it travels wrapped, and the same option
 * unwraps it on the other side.
 */
import { BadOptionError, SluiceError } from "../../core/index.ts";

/** One for all copies of this library in a realm. */
const NULLISH: unique symbol = Symbol.for("sluice.nullish");

/** What stands for `null` or `undefined` in a stream of objects. Frozen, and always the same two objects. */
export interface WrappedNullish {
  /** The event that Node cannot carry. */
  readonly [NULLISH]: null | undefined;
}

const WRAPPED_NULL: WrappedNullish = Object.freeze({ [NULLISH]: null });
const WRAPPED_UNDEFINED: WrappedNullish = Object.freeze({ [NULLISH]: undefined });

/** An option of the adapters for streams of objects. */
export interface NullishOption {
  /** Carries `null` and `undefined` in a wrapper, and unwraps them. Default: such an event is an error. */
  readonly nullish?: "wrap" | undefined;
}

/** @throws BadOptionError */
export function checkNullish(nullish: unknown, isObjects: boolean): void {
  if (nullish === undefined) return;
  if (nullish !== "wrap") throw new BadOptionError("nullish", '"wrap" or not given', nullish);
  if (!isObjects) throw new BadOptionError("nullish", "left out for a stream of bytes", nullish);
}

/** The event as it travels with `nullish: "wrap"`: every other value is itself. */
export function wrapNullish<Event>(event: Event): NonNullable<Event> | WrappedNullish {
  if (event === null) return WRAPPED_NULL;
  return event === undefined ? WRAPPED_UNDEFINED : event;
}

/** The event as it was before {@link wrapNullish}: for code that reads such a stream by itself. */
export function unwrapNullish<Event>(event: Event | WrappedNullish): Event | null | undefined {
  return isWrapped(event) ? event[NULLISH] : event;
}

function isWrapped(event: unknown): event is WrappedNullish {
  return typeof event === "object" && event !== null && NULLISH in event;
}

/** The error of a stage whose event a stream cannot carry. */
export function badEvent(name: string, expected: string, got: string): SluiceError {
  return new SluiceError("SLUICE_BAD_EVENT", `expected the events of ${name} to be ${expected}, got: ${got}`);
}
