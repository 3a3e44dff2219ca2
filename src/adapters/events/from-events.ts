/**
 * The events of an emitter, or of an event target, as a producer.
 *
 * Demand: an emitter cannot be asked. It is listened to from the first demand on; what it emits beyond the demand goes to the
 * overflow policy, which is required. With `pauseResume` it is made to wait.
 *
 * Overflow: at most what the policy says waits in the stage's buffer; what it costs is counted and reported. The events of
 * one turn move as lists of up to 1,024.
 *
 * Completion and errors: the events named by `end` end the stage normally, those named by `error` with the error that they
 * bring, each behind what was kept before. For an emitter `error` is "error" unless it is given: an 'error' that nobody hears
 * is an uncaught exception there.
 *
 * Cancel: the end of the stage removes its listeners. The emitter itself goes on, or stays paused.
 *
 * Acks: none; an emitter does not hear what becomes of its events.
 */
import { BadOptionError, checkOption, fromPush, isFunction, type FromPushOptions, type Producer, type PushIntake } from "../../core/index.ts";
import { isEmitter, isEventTarget, listen } from "./listening.ts";
import type { EmitterLike, EventName, EventTargetLike, Listener } from "./shapes.ts";

/** What emits events: an emitter of Node, an event target, and what has the methods of one of them. */
export type EventSource = EmitterLike | EventTargetLike;

/** Options of {@link fromEvents}: those of a producer, the overflow policy, and what ends it. */
export interface FromEventsOptions<Event> extends FromPushOptions<Event> {
  /** The names of the events that end the stage normally: one or several. Default none. */
  readonly end?: EventName | readonly EventName[] | undefined;
  /**
   * The names of the events that bring an error: the stage ends with their first argument; of an event object with `error`,
   * with that. Default "error" for an emitter (but not where its events are the subject), none for an event target.
   */
  readonly error?: EventName | readonly EventName[] | undefined;
  /** Makes the event of what the listener gets. Default: the first argument. */
  readonly select?: ((...args: never[]) => Event) | undefined;
}

/**
 * A producer of the events of one name.
 *
 * @throws BadOptionError when it is no emitter and no event target, there is no overflow policy, or an option is wrong
 */
export function fromEvents<Event = unknown>(source: EventSource, name: EventName, options: FromEventsOptions<Event>): Producer<Event> {
  if (!isEmitter(source) && !isEventTarget(source)) throw new BadOptionError("the source of fromEvents", "an EventEmitter or an EventTarget", source);
  checkName("the name of fromEvents", name);
  const { end = [], error = isEmitter(source) && name !== "error" ? "error" : [], select, ...rest } = Object(options) as FromEventsOptions<Event>;
  if (select !== undefined) checkOption("select", select, isFunction);
  const ends = namesOf("end", end);
  const errors = namesOf("error", error);
  checkDistinct([name, ...ends, ...errors]);
  return fromPush<Event>((intake) => {
    const hear: Listener = select === undefined ? (event) => intake.next(event as Event) : selecting(select as (...args: readonly unknown[]) => Event, intake);
    return listen(source, [
      [name, hear],
      ...ends.map((each) => [each, () => intake.complete()] as const),
      ...errors.map((each) => [each, (event?: unknown) => intake.error(errorIn(event))] as const),
    ]);
  }, rest);
}

/** An error of the user's function is the stage's, not the emitter's. */
function selecting<Event>(select: (...args: readonly unknown[]) => Event, intake: PushIntake<Event>): Listener {
  return (...args) => {
    try {
      intake.next(select(...args));
    } catch (error) {
      intake.error(error);
    }
  };
}

/** An `ErrorEvent` has the error in it. */
function errorIn(event: unknown): unknown {
  if (typeof event !== "object" || event === null || event instanceof Error) return event;
  return "error" in event && "type" in event ? event.error : event;
}

function namesOf(option: string, given: EventName | readonly EventName[]): readonly EventName[] {
  const names = typeof given === "string" || typeof given === "symbol" ? [given] : given;
  if (!Array.isArray(names)) throw new BadOptionError(option, "the name of an event, or a list of them", given);
  for (const each of names as readonly EventName[]) checkName(option, each);
  return names as readonly EventName[];
}

function checkName(option: string, name: unknown): void {
  if (typeof name !== "string" && typeof name !== "symbol") throw new BadOptionError(option, "the name of an event", name);
}

/** One event cannot be two things. */
function checkDistinct(names: readonly EventName[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new BadOptionError("the names of fromEvents", "different ones", String(twice));
}
