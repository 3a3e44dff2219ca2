/** What is worth telling and is no error: nothing is printed by default. */
import { checkOption, isFunction } from "./options.ts";
import { throwUncaught } from "./scheduler.ts";
import type { ExitReason } from "./protocol.ts";

/** Something that a stage noticed. `stage` is its name, `partner` the name of the other side. */
export type Report =
  /** Events were thrown away because a buffer was full. */
  | { readonly kind: "discarded"; readonly stage: string; readonly count: number }
  /** A consumer asked for more than the dispatcher's `maxDemand`; it was served. */
  | {
      readonly kind: "ask-over-max";
      readonly stage: string;
      readonly partner: string;
      readonly count: number;
      readonly max: number;
    }
  /** A producer sent more than it was asked for; it was handled and earns no demand. */
  | { readonly kind: "excess-events"; readonly stage: string; readonly partner: string; readonly count: number }
  /** A message came on a wire that had ended; events in it count as lost. */
  | { readonly kind: "late-signal"; readonly stage: string; readonly partner: string; readonly signal: string }
  /** A consumer ends because of a producer. */
  | { readonly kind: "consumer-stopping"; readonly stage: string; readonly partner: string; readonly reason: ExitReason }
  /** A subscription was refused. */
  | { readonly kind: "refused"; readonly stage: string; readonly partner: string; readonly error: unknown }
  /** A consumer's callback returned events, which have nowhere to go. */
  | { readonly kind: "consumer-cannot-emit"; readonly stage: string; readonly count: number }
  /** A callback failed after its stage had ended for another reason. */
  | { readonly kind: "late-failure"; readonly stage: string; readonly error: unknown }
  /**
   * Events that a stage had queued or buffered when it failed, or that were on their way to it, are thrown away. Those of the
   * callback that failed are not among them.
   */
  | { readonly kind: "lost"; readonly stage: string; readonly count: number; readonly error: unknown }
  /** The function of a child threw: there is no child. `child` tells the event of a consumer supervisor. */
  | { readonly kind: "child-start-failed"; readonly stage: string; readonly child: string; readonly error: unknown }
  /** Events have come back from consumers that did not handle them more often than `maxRedeliveries` allows: they are lost. */
  | { readonly kind: "redelivery-failed"; readonly stage: string; readonly partner: string; readonly count: number; readonly events: readonly unknown[]; readonly reason: ExitReason }
  /** A child of a supervisor has ended and is restarted. */
  | { readonly kind: "child-restarting"; readonly stage: string; readonly child: string; readonly reason: ExitReason }
  /** A child of a supervisor has ended for good. */
  | { readonly kind: "child-ended"; readonly stage: string; readonly child: string; readonly reason: ExitReason }
  /** Releasing a resource failed, or did not settle within its deadline. */
  | { readonly kind: "cleanup-failed"; readonly stage: string; readonly error: unknown };

type WithoutStage<R> = R extends Report ? Omit<R, "stage"> : never;

/** A report before the stage has put its name to it. */
export type Finding = WithoutStage<Report>;

/** Hears reports. It must not throw: what it throws is an uncaught exception, and changes nothing for the stage. */
export type Reporter = (report: Report) => void;

let reporter: Reporter | undefined;

/**
 * Hears the reports of all stages that have no `handleReport` of their own; `undefined` ends that. Returns the one before.
 */
export function setReporter(next: Reporter | undefined): Reporter | undefined {
  if (next !== undefined) checkOption("the reporter", next, isFunction);
  const before = reporter;
  reporter = next;
  return before;
}

/** Whether there is a reporter for all. */
export function hasReporter(): boolean {
  return reporter !== undefined;
}

/** Tells the stage's own reporter, or the one for all. Returns whether there is one. */
export function tell(own: Reporter | undefined, report: Report): boolean {
  const hearer = own ?? reporter;
  try {
    hearer?.(report);
  } catch (error) {
    throwUncaught(error);
  }
  return hearer !== undefined;
}
