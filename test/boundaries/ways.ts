/** What a boundary is to the matrix. A new one is a file in `ways-in` or `ways-out`, and its line in the table. */
import type { EventReader, Producer, Stage } from "sluice";
import type { Sink } from "./sink.ts";
import type { Afterword, Source } from "./source.ts";

/** What a side can carry: anything, anything but `null` and `undefined`, or bytes. */
export type Carries = "anything" | "objects" | "bytes";

export interface WayIn {
  /** As the table prints it. */
  readonly name: string;
  readonly carries: Carries;
  /** How its native side is asked: one by one or in lists; or it pushes, and an overflow policy stands between. */
  readonly pace: "asked" | "pushes";
  /** False: it cannot be slow or stuck, as it answers in the call. */
  readonly canWait: boolean;
  /** Its clean-up: a promise or a callback is awaited; a call that can throw; nothing that could fail. */
  readonly cleanup: "awaited" | "thrown" | "none";
  /** Whether the clean-up also runs when it has ended, or failed, by itself. */
  readonly cleansUpAfter: { readonly end: boolean; readonly failure: boolean };
  /** Whether the native side is told why it is released. */
  readonly hearsReason: boolean;
  /** An iterator that can be malformed: faults 7, 8 and 24. */
  readonly hasIterator?: true;
  /** How else a reason may look at its native side; default all arrive by identity. */
  readonly showsReason?: (reason: unknown, shown: unknown) => boolean;
  /** A high-water mark can be given: fault 42. */
  readonly hasMark?: true;
  /** It begins before anybody has asked, as far as its marks allow. */
  readonly startsItself?: true;
  /** The native side is there, and must be released, before anybody has asked. */
  readonly isOpenFromStart?: true;
  /** Errors that it can fail with, and events that it can give as they are; default all. */
  readonly canFailWith?: (error: unknown) => boolean;
  readonly canCarry?: (event: unknown) => boolean;
  /** Why it cannot end when it is stuck: it may still fail. */
  readonly cannotEndLate?: string;
  /** Why the error of a clean-up behind its own end is nothing that a boundary could see, or takes the place of its error. */
  readonly cleanupIsItsOwn?: string;
  readonly replacesErrors?: string;
  /** Why it cannot throw in the call that asks, or starts it; default it can. */
  readonly cannotThrow?: string;
  /** What it says behind its end reaches the boundary, which reports it as a `late-signal`. */
  readonly hearsLate?: true;
  /** Its own error behind its release reaches the boundary, which reports it. */
  readonly failsLate?: true;
  /** False: nobody hears of its clean-up who is behind it. It is reported. */
  readonly showsCleanup?: false;
  /** How the error of a clean-up looks that does not come as it is. */
  readonly cleanupShows?: (error: unknown) => (shown: unknown) => boolean;
  /** Why it can make no events in the call that starts it; default it can. */
  readonly cannotBeEager?: string;
  /** What its native side can say behind its end, and why not all; default anything. */
  readonly saysMore?: (ending: "end" | "fail", afterword: Afterword) => boolean;
  readonly cannotSayMore?: string;
  open(source: Source, settings: InSettings): Near;
}

export interface InSettings {
  readonly closeWithinMs: number;
  readonly signal: AbortSignal | undefined;
  readonly highWaterMark: number | undefined;
}

/** A way in that was opened. */
export interface Near {
  readonly producer: Producer<unknown>;
  /** The most that it holds of what nobody demanded: high-water marks and policies. */
  readonly ahead: number;
  /** Windows of the subscriptions inside, and one more for each producerConsumer. */
  readonly windows?: number;
  /** How many events it may give as one: a stream of bytes joins what it holds. Default 1. */
  readonly joins?: number;
  /** All stages inside, the producer among them. */
  readonly stages: readonly Stage[];
  /** Whether the native side has been closed; default it cannot be seen. */
  readonly isClosed?: () => boolean;
  /** What is left behind: listeners, locks. */
  residue(): readonly string[];
}

export interface WayOut {
  readonly name: string;
  readonly carries: Carries;
  /** False: the user's handler is a call, what it returns is not awaited. */
  readonly canWait: boolean;
  /** How many events its handler may have at once. */
  readonly atOnce: number;
  /** Whether `leave(reason)` tells the producer the reason, and a failure of the handler its error. */
  readonly tellsReason: boolean | "as cause";
  readonly tellsFailure: boolean;
  /** False: an abort tells the producer no reason. */
  readonly tellsAbort?: false;
  /** Its handler gets lists, and goes on with one that it has. */
  readonly handsLists?: true;
  /** A stage inside asks before its user does. */
  readonly startsItself?: true;
  /** At a failure of the source it throws away what is under way: a pipeline stops its stages. */
  readonly losesAtFailure?: true;
  /** Its own end is a step that can fail. */
  readonly endCanFail?: true;
  /** Where an abort signal is heeded: by the way out, or by the producer in front of it, which has one as every stage. */
  readonly abortsAt: "out" | "in";
  /** How its user hears of an abort there: by the reason itself, by a StoppedError, or not at all, as he has left. */
  readonly abortShows?: "reason" | "as cause" | "nothing";
  /** How its user hears that the clean-up failed that his leaving caused: by it, or by a report of the stage. */
  readonly leaveShowsCleanup: boolean;
  /** A reader: faults 18 to 21. */
  readonly iterate?: (producer: Producer<unknown>, settings: OutSettings) => EventReader<unknown>;
  /** A high-water mark can be given: fault 42. */
  readonly hasMark?: true;
  /** Where its user's error goes: into the outcome of his run, or it is thrown where nobody catches it. */
  readonly throwsUncaught?: true;
  /** How else an error may look at its far side, if it cannot be carried as it is; default all arrive by identity. */
  readonly showsAs?: (error: unknown, shown: unknown) => boolean;
  /** Events that it can give as they are; default all. */
  readonly canCarry?: (event: unknown) => boolean;
  /** What events it refuses, with an error; default what its side does not carry. */
  readonly refuses?: (event: unknown) => boolean;
  open(producer: Producer<unknown>, sink: Sink, settings: OutSettings): Far;
}

export interface OutSettings {
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly closeWithinMs: number;
  readonly signal: AbortSignal | undefined;
  readonly highWaterMark: number | undefined;
}

/** How the user's run has ended: a loop, a pipeline, a stream. */
export type Outcome = { readonly type: "normal" } | { readonly type: "error"; readonly error: unknown } | { readonly type: "left" };

/** A way out that was opened. */
export interface Far {
  /** Its windows, and one more for each producerConsumer. */
  readonly windows: number;
  /** Its high-water marks, in events. */
  readonly marks: number;
  /** The most that it takes for a user who never asks. */
  readonly prefetches: number;
  readonly stages: readonly Stage[];
  /** Begins to take. */
  start(): void;
  /** The user leaves, from outside of a handler; settles when that has an answer, rejects with what went wrong. */
  leave(reason?: unknown): Promise<unknown>;
  /** Settles when the user's run is over; never rejects. */
  readonly outcome: Promise<Outcome>;
  isClosed(): boolean;
  residue(): readonly string[];
}
