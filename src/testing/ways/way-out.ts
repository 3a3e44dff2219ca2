/** A way out, as its contract must know it. */
import { BadOptionError, type Producer, type Stage } from "../../core/index.ts";
import { checkOptions, integer, isBoolean, isFunction, oneOf, type Check } from "../../core/options.ts";
import type { TrialOptions } from "./trial.ts";
import { isPrefetch } from "./way-in.ts";

/** What comes to a native side that is told, and cannot say when it is ready. */
export interface ToldSink<in Event> {
  /** An event has come to it. */
  event(event: Event): void;
  /** It was told that there are no more. */
  end(): void;
  /** It was told of an error. */
  error(error: unknown): void;
}

/** What comes to a native side that is written into, and says when it has taken an event. */
export interface WrittenSink<in Event> extends Omit<ToldSink<Event>, "event" | "end"> {
  /** An event has come to it. `done` is called when it has taken it: in this call, or later, or never. */
  event(event: Event, done: () => void): void;
  /** It was told that there are no more. `done` is called when it has finished. */
  end(done: () => void): void;
}

/** To be passed on, where the way out has such options. */
export interface WayOutSettings {
  /** Ends the way out. */
  readonly signal: AbortSignal | undefined;
  /** How long its end may wait for what it stops, in ms. */
  readonly closeWithinMs: number;
}

interface SharedOptions<Event, Native> {
  /** The event of a number from 0. No two are the same. */
  readonly event: (n: number) => Event;
  /** What an event has of its own, by which it is known again, where it arrives as a copy. Default the event itself. */
  readonly identify?: (event: Event) => unknown;
  /**
   * How many events it may ask for beyond those that its native side has taken: its window and the high-water mark. `Infinity`
   * for one that asks for all there is.
   */
  readonly prefetch: number;
  /** Its user leaves, and gives no reason: `break`, `unsubscribe`. */
  readonly leave?: (native: Native) => unknown;
  /** Its user leaves with a reason, which its producer must hear. */
  readonly cancel?: (native: Native, reason: unknown) => unknown;
  /** Its native side breaks, with an error that its producer must hear. */
  readonly fail?: (native: Native, error: unknown) => unknown;
  /** The stage that it is, where it is one: a consumer that writes. */
  readonly stage?: (native: Native) => Stage;
  /** Whether it heeds the signal of the settings. Default true. */
  readonly isAbortable?: boolean;
  /**
   * Whether the native side can be told an error that is none or does not like to be looked at. Gets the value and what it is,
   * in words. Default with all.
   */
  readonly errors?: (error: unknown, what: string) => boolean;
  /** Whether the native side can hold, as an event, a value that looks like something else. Default none is tried. */
  readonly odd?: unknown extends Event ? (value: unknown, what: string) => boolean : never;
  /** How many random runs are played. Default 20. */
  readonly runs?: number;
  /** What the first of them draws its numbers from; each has the next seed. Default 1. */
  readonly seed?: number;
  /** How long nothing may happen while something must, in ms of the real clock, until it counts as hanging. Default 500. */
  readonly patienceMs?: number;
}

/** A way out that is read from: a loop, a stream with a reader. */
export interface ReadWayOut<Event, Native> extends SharedOptions<Event, Native> {
  readonly by: "reading";
  /** Makes the native side of a producer. */
  readonly open: (producer: Producer<Event>, settings: WayOutSettings) => Native;
  /** Reads one event: `done` is the normal end, a rejection the error. It is called again when it has settled. */
  readonly read: (native: Native) => Promise<IteratorResult<Event, unknown>>;
}

/** A way out that writes, and is told when it may go on: into a stream, an observer that returns promises. */
export interface WrittenWayOut<Event, Native> extends SharedOptions<Event, Native> {
  readonly by: "writing";
  /** Makes the native side, which says to `sink` what comes to it, and is fed by the producer. */
  readonly open: (producer: Producer<Event>, sink: WrittenSink<Event>, settings: WayOutSettings) => Native;
}

/** A way out that tells, whether its native side is ready or not: an observer. */
export interface ToldWayOut<Event, Native> extends SharedOptions<Event, Native> {
  readonly by: "telling";
  /** Makes the native side, which says to `sink` what comes to it, and is fed by the producer. */
  readonly open: (producer: Producer<Event>, sink: ToldSink<Event>, settings: WayOutSettings) => Native;
}

/** What the contract of a way out must know of it. */
export type WayOutContractOptions<Event, Native> = ReadWayOut<Event, Native> | WrittenWayOut<Event, Native> | ToldWayOut<Event, Native>;

/** The options with their defaults. */
export interface WayOutPlan<Event, Native> extends TrialOptions {
  readonly event: (n: number) => Event;
  readonly identify: (event: Event) => unknown;
  readonly prefetch: number;
  readonly by: WayOutContractOptions<Event, Native>["by"];
  readonly open: (producer: Producer<Event>, sink: WrittenSink<Event>, settings: WayOutSettings) => Native;
  readonly read: ((native: Native) => Promise<IteratorResult<Event, unknown>>) | undefined;
  readonly leave: ((native: Native) => unknown) | undefined;
  readonly cancel: ((native: Native, reason: unknown) => unknown) | undefined;
  readonly fail: ((native: Native, error: unknown) => unknown) | undefined;
  readonly stage: ((native: Native) => Stage) | undefined;
  readonly isAbortable: boolean;
  readonly errors: (error: unknown, what: string) => boolean;
  readonly odd: ((value: unknown, what: string) => boolean) | undefined;
  readonly runs: number;
  readonly seed: number;
}

const CHECKS: Readonly<Record<string, Check>> = {
  by: oneOf("reading", "writing", "telling"),
  event: isFunction,
  identify: isFunction,
  prefetch: isPrefetch,
  open: isFunction,
  read: isFunction,
  leave: isFunction,
  cancel: isFunction,
  fail: isFunction,
  stage: isFunction,
  isAbortable: isBoolean,
  errors: isFunction,
  odd: isFunction,
  runs: integer(1),
  seed: integer(0),
  patienceMs: integer(0),
};

/** @throws BadOptionError */
export function wayOutPlan<Event, Native>(options: WayOutContractOptions<Event, Native>): WayOutPlan<Event, Native> {
  checkOptions("wayOutContract", options, CHECKS);
  for (const [name, expected] of [["by", '"reading", "writing" or "telling"'], ["event", "a function"], ["prefetch", "an integer of at least 0, or Infinity"], ["open", "a function"]] as const) {
    if (options[name] === undefined) throw new BadOptionError(name, expected, undefined);
  }
  const read = "read" in options ? options.read : undefined;
  if ((read === undefined) === (options.by === "reading")) throw new BadOptionError("read", options.by === "reading" ? "a function" : `left out by ${options.by}`, read);
  const { event, identify = (each: Event): unknown => each, prefetch, by, leave, cancel, fail, stage, isAbortable = true, errors = () => true, odd, runs = 20, seed = 1, patienceMs = 500 } = options;
  const { open } = options;
  return {
    event,
    identify,
    prefetch,
    by,
    // What reads has no sink; who is told passes no `done`.
    open: options.by === "reading" ? (producer, _, settings) => options.open(producer, settings) : (open as WayOutPlan<Event, Native>["open"]),
    read,
    leave,
    cancel,
    fail,
    stage,
    isAbortable,
    errors,
    odd,
    runs,
    seed,
    patienceMs,
  };
}
