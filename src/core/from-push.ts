/** A source that pushes, and cannot be asked, as a producer: an Observable, an emitter, a callback. */
import type { BufferKeep } from "./buffer.ts";
import { CLOSE_WITHIN_MS, within } from "./deadline.ts";
import { BadOptionError, SluiceError } from "./errors.ts";
import { Intake, PausingIntake, SamplingIntake } from "./intake.ts";
import { checkAbsent, checkOption, isFunction, milliseconds } from "./options.ts";
import { checkOverflow, type Overflow } from "./overflow.ts";
import { producer, type ProducerOptions } from "./producer.ts";
import type { ExitReason } from "./protocol.ts";
import { tell, type Reporter } from "./report.ts";
import { isThenable } from "./stage.ts";
import type { Producer, PushProducer } from "./stages.ts";

/** Where a source pushes its events. After an end, whoever said it, the other functions do nothing. */
export interface PushIntake<in Event> {
  /** One event. */
  next(event: Event): void;
  /** A list of events, which nobody may change afterwards. */
  list(events: readonly Event[]): void;
  /** No more will come: the stage ends normally when what it has kept was delivered. */
  complete(): void;
  /** The source has failed: the stage ends with the error when what it has kept was delivered. */
  error(error: unknown): void;
}

/**
 * Begins to listen to a source, and returns what ends that: called once, at the end of the stage, with its reason. A promise
 * of it is awaited. The signal aborts when the stage stops.
 */
export type StartPush<Event> = (intake: PushIntake<Event>, signal: AbortSignal) => ((reason: ExitReason) => unknown) | undefined | void;

/** Options of {@link fromPush}, beside those of a producer. */
export interface FromPushOptions<Event> extends Omit<ProducerOptions<Event>, "handleDemand" | "handleStop" | "handleBufferLow" | "bufferLow" | "bufferKeep" | "demand"> {
  /** What becomes of events that nobody has demanded yet. Required. */
  readonly overflow: Overflow<Event>;
  /**
   * The most events that wait with `error`, `latestBy` and `pauseResume`. Default 10,000, and at least twice `high`. The
   * other policies say it themselves.
   */
  readonly bufferSize?: number | undefined;
  /** How long the end waits for a promise of the release, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A producer of what a source pushes.
 *
 * Demand: the source cannot be asked; `start` is called at the first demand. Overflow: by the policy, see `overflow`. What is
 * pushed in one turn moves as lists of up to 1,024; while the stage waits for its turn 1,024 events more may wait before it, or
 * twice what it would keep. Errors: what was kept before an error is delivered first; what `start` throws is one.
 * Cancel: at the end of the stage the release is called once, and awaited for at most `closeWithinMs`.
 *
 * @throws BadOptionError when there is no policy, or an option is wrong
 */
export function fromPush<Event>(start: StartPush<Event>, options: FromPushOptions<Event>): Producer<Event> {
  checkOption("the start of fromPush", start, isFunction);
  const { overflow, closeWithinMs = CLOSE_WITHIN_MS, ...rest } = Object(options) as FromPushOptions<Event>;
  checkOverflow(overflow);
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  checkAbsent("fromPush", rest, "handleDemand", "handleStop", "handleBufferLow", "bufferLow", "bufferKeep", "demand");
  if (rest.bufferSize !== undefined && overflow.type in SIZED) throw new BadOptionError("bufferSize", `left out: ${overflow.type} says how many events wait`, rest.bufferSize);

  let release: ((reason: ExitReason) => unknown) | undefined | void;
  let hasStarted = false;
  const buffer = bufferOf(overflow, rest.bufferSize);
  const stage: PushProducer<Event> = producer<Event>({
    ...rest,
    ...buffer,
    ...(overflow.type === "pauseResume" && { handleBufferLow: () => intake.low() }),
    handleDemand(_, self) {
      if (hasStarted) return;
      hasStarted = true;
      release = start(intake, self.signal);
      if (release !== undefined && typeof release !== "function") {
        const given: unknown = release;
        release = undefined;
        throw new BadOptionError("what start of fromPush returns", "a function, or nothing", given);
      }
    },
    handleStop(reason) {
      intake.stop();
      const released = release?.(reason);
      if (!isThenable(released)) return undefined;
      return within(released, closeWithinMs, () => new SluiceError("SLUICE_TIMEOUT", `the release of ${stage.name} did not settle within ${closeWithinMs} ms`));
    },
  });
  const intake = intakeOf(stage, overflow, buffer.bufferSize ?? 10_000, rest.handleReport);
  return stage;
}

/** The policies that are a bound. */
const SIZED: Readonly<Record<string, true>> = { dropNewest: true, dropOldest: true, latest: true, sample: true, unbounded: true };

interface BufferOptions<Event> {
  readonly bufferSize?: number | undefined;
  readonly bufferKeep?: BufferKeep<Event>;
  readonly bufferLow?: number;
}

function bufferOf<Event>(overflow: Overflow<Event>, bufferSize: number | undefined): BufferOptions<Event> {
  switch (overflow.type) {
    case "error":
      return { bufferSize };
    case "dropNewest":
      return { bufferSize: overflow.size, bufferKeep: "first" };
    case "dropOldest":
      return { bufferSize: overflow.size, bufferKeep: "last" };
    case "latest":
    case "sample":
      return { bufferSize: 1, bufferKeep: "last" };
    case "latestBy":
      return { bufferSize, bufferKeep: overflow };
    case "pauseResume":
      return { bufferSize: bufferSize ?? Math.max(10_000, 2 * overflow.high), bufferLow: overflow.low };
    case "unbounded":
      return { bufferSize: Infinity };
  }
}

function intakeOf<Event>(stage: PushProducer<Event>, overflow: Overflow<Event>, bufferSize: number, handleReport: Reporter | undefined): Intake<Event> {
  const late = (signal: string): boolean => tell(handleReport, { kind: "late-signal", stage: stage.name, partner: "its source", signal });
  if (overflow.type === "sample") return new SamplingIntake(stage, late, overflow.ms);
  if (overflow.type === "pauseResume") return new PausingIntake(stage, late, overflow, bufferSize);
  return new Intake(stage, late);
}
