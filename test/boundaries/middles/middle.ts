/** A native thing in between, as a producerConsumer: a way out in front of a consumer, and a way in behind a producer. */
import type { Producer, Stage } from "sluice";
import { LEAVE } from "../sink.ts";
import { Consuming } from "../ways-out/consuming.ts";
import { asyncProducer } from "../ways-in/producers.ts";
import type { Carries, InSettings, OutSettings, WayIn, WayOut } from "../ways.ts";

export interface Middle {
  readonly name: string;
  readonly carries: Carries;
  /** How an error looks behind it that it cannot carry as it is; default all arrive by identity. */
  readonly showsAs?: NonNullable<WayOut["showsAs"]>;
  readonly refuses?: NonNullable<WayOut["refuses"]>;
  readonly canCarry?: NonNullable<WayIn["canCarry"]>;
  readonly canFailWith?: NonNullable<WayIn["canFailWith"]>;
  readonly hasMark?: true;
  readonly startsItself?: true;
  /** Who is in front of it does not hear why it is left, nor who is behind it what becomes of that. */
  readonly tellsNothing?: true;
  open(producer: Producer<unknown>, settings: MiddleSettings): Between;
}

export interface MiddleSettings extends Pick<OutSettings, "maxDemand" | "minDemand" | "closeWithinMs"> {
  readonly highWaterMark: number;
  readonly signal: AbortSignal | undefined;
}

export interface Between {
  readonly producer: Producer<unknown>;
  readonly stages: readonly Stage[];
  /** The windows and the stages that it adds, one window for each. */
  readonly windows: number;
  /** Its high-water marks, in events. */
  readonly marks: number;
  isClosed(): boolean;
  residue(): readonly string[];
}

/** The default high-water mark of each half. */
const MARK = 2;

// oxlint-disable-next-line typescript/unbound-method -- a function of a table
export function asWayOut({ open, ...middle }: Middle): WayOut {
  return {
    ...middle,
    canWait: true,
    tellsReason: middle.tellsNothing !== true,
    tellsFailure: middle.tellsNothing !== true,
    ...(middle.tellsNothing && { tellsAbort: false }),
    atOnce: 1,
    handsLists: true,
    endCanFail: true,
    leaveShowsCleanup: false,
    abortsAt: "out",
    abortShows: "nothing",
    open(producer, sink, settings) {
      const { highWaterMark = MARK } = settings;
      const between = open(producer, { ...settings, highWaterMark });
      const consuming = new Consuming(between.producer, sink, settings, {
        async handleEvents(events, _, self) {
          for (const event of events) {
            if ((await sink.take(event)) === LEAVE) self.stop();
            if (sink.hasLeft || self.signal.aborted) return;
          }
        },
      });
      return {
        windows: between.windows + consuming.windows,
        marks: between.marks,
        prefetches: between.windows + between.marks,
        stages: [...between.stages, ...consuming.stages],
        outcome: consuming.outcome,
        start: () => consuming.start(),
        leave: (reason) => consuming.leave(reason),
        isClosed: () => consuming.isClosed() && between.isClosed(),
        residue: () => between.residue(),
      };
    },
  };
}

/** Behind a producer, whose window and mark are small. */
// oxlint-disable-next-line typescript/unbound-method -- a function of a table
export function asWayIn({ open, ...middle }: Middle): WayIn {
  return {
    ...asyncProducer,
    ...middle,
    name: `${asyncProducer.name} > ${middle.name}`,
    ...(middle.tellsNothing && { hearsReason: false, showsCleanup: false }),
    open(source, settings) {
      const near = asyncProducer.open(source, without(settings));
      const { highWaterMark = MARK, signal, closeWithinMs } = settings;
      const between = open(near.producer, { maxDemand: 4, minDemand: 2, closeWithinMs, highWaterMark, signal });
      return {
        producer: between.producer,
        ahead: between.marks,
        windows: between.windows,
        stages: [...near.stages, ...between.stages],
        isClosed: () => between.isClosed(),
        residue: () => between.residue(),
      };
    },
  };
}

/** The signal is that of the stage in front. */
function without(settings: InSettings): InSettings {
  return { ...settings, signal: undefined };
}
