/** Supervisors as their users see them. */
import type { BackoffOptions } from "./backoff.ts";
import type { Snapshot } from "../inspect.ts";
import type { ADOPT, ExitReason } from "../protocol.ts";
import type { Reporter } from "../report.ts";
import type { IntensityOptions } from "./restart-intensity.ts";
import type { Stage } from "../stages.ts";
import type { ChildContext } from "./running-child.ts";

/**
 * Who is restarted when a child ends that is to run on: that child (`oneForOne`), all children (`oneForAll`), or that child
 * and those that were started after it (`restForOne`): consumers come after their producers, so they get the new one.
 */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne";

/**
 * When a child is restarted: always, also after a normal end (`permanent`), only when it failed (`transient`), or never
 * (`temporary`: it is forgotten when it has ended).
 */
export type RestartKind = "permanent" | "transient" | "temporary";

/** Options of a child. */
export interface ChildOptions {
  /** Default `permanent`, as in OTP. A child that may end is `transient`. */
  readonly restart?: RestartKind | undefined;
  /** How long a stop waits for an async function. Default 5,000. Stages and supervisors have deadlines of their own. */
  readonly stopWithinMs?: number | undefined;
}

/** What is supervised, by name. */
export type Children = Readonly<Record<string, unknown>>;

/** Of a supervisor that has none yet: it is empty on purpose, as what is added to it is all there is. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type
export type NoChildren = Record<never, unknown>;

/** What can be a child. */
export type ChildValue = PromiseLike<unknown> | Stage | Supervisor;

/**
 * Makes one child: a stage, a supervisor, or a promise (of `pipeline`, or of an async function that runs until its `signal`
 * aborts). Called again for each restart, with the siblings before it as they are then.
 */
export type StartChild<Siblings, Value extends ChildValue> = (siblings: Siblings, context: ChildContext) => Value;

/** Options of {@link supervisor}. */
export interface SupervisorOptions extends IntensityOptions {
  /** Default `oneForOne`. */
  readonly strategy?: Strategy | undefined;
  /** A label for reports and errors. Default "supervisor 1", "supervisor 2", … */
  readonly name?: string | undefined;
  /** Stops the supervisor, with its reason. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** A pause before restarts. Default none. */
  readonly backoff?: BackoffOptions | undefined;
  /**
   * What the supervisor does when its last child has ended for good: ends normally, or waits for more (OTP's
   * `auto_shutdown: never`). Default `end`. One that has had no child yet waits.
   */
  readonly whenDone?: "end" | "wait" | undefined;
  /** Hears the reports of this supervisor (not those of its children). Default: the reporter for all. */
  readonly handleReport?: Reporter | undefined;
}

/** A supervisor that has not been started. Each `child` gives a new one. */
export interface SupervisorBuilder<Siblings extends Children> {
  /** Adds a child behind the others. Its function sees those before it. @throws BadOptionError */
  child<const Name extends string, Value extends ChildValue>(
    name: Name extends keyof Siblings ? never : Name,
    start: StartChild<Siblings, Value>,
    options?: ChildOptions,
  ): SupervisorBuilder<Siblings & { readonly [Key in Name]: Value }>;
  /**
   * Starts the children in order, in this call. When one throws, those before it are stopped, in reverse order, and the error
   * is thrown.
   */
  start(): Supervisor<Siblings>;
}

/** A supervisor that was started. */
export interface Supervisor<out Known extends Children = Children> extends AsyncDisposable {
  /** A label for reports and errors. */
  readonly name: string;
  readonly role: "supervisor";
  /** The children as they are now: of one that has ended, the last. */
  readonly children: Known;
  /**
   * Resolves once, with the way in which it ended; never rejects. Reading it counts as receiving an error end: it gave up
   * (`GaveUpError`).
   */
  readonly closed: Promise<ExitReason>;
  /** Stops the children in reverse order, each within its deadline. Resolves when all have ended. Never rejects. */
  stop(reason?: unknown): Promise<void>;
  /** Starts one more child, behind the others. Resolves with what its function gave, rejects with what it threw. */
  startChild<Value extends ChildValue>(name: string, start: StartChild<Known, Value>, options?: ChildOptions): Promise<{ readonly value: Value }>;
  /**
   * Stops a child, if it runs, and starts it anew, and with it those that end because of it, or were down with it; this costs
   * no restart. Rejects with what its function threw; the child is then down.
   */
  restartChild(name: string): Promise<void>;
  /**
   * Stops a child, which then stays down until `restartChild`, or until the strategy restarts it with others, as in OTP; those
   * that end because of it stay down with it. A temporary one is forgotten.
   */
  stopChild(name: string): Promise<void>;
  /** Stops a child and forgets it. Those that end because of it stay down. */
  removeChild(name: string): Promise<void>;
  /** The tree at this moment. */
  snapshot(): SupervisorSnapshot;
  /** As a stage has it: a supervisor can be the child of another. */
  [ADOPT](owner: object): boolean;
}

/** Where a child is in its life: `stopped` by hand, `ended` for good. */
export type ChildState = "running" | "restarting" | "stopped" | "ended";

/** A supervisor and its children at one moment. */
export interface SupervisorSnapshot {
  /** The label of the supervisor. */
  readonly name: string;
  readonly role: "supervisor";
  /** Where it is in its life. */
  readonly state: "running" | "stopping" | "ended";
  /** Who is restarted with a child that failed. */
  readonly strategy: Strategy;
  /** In the order in which they are started. */
  readonly children: readonly {
    readonly name: string;
    readonly restart: RestartKind;
    readonly state: ChildState;
    /** How often it was started anew. */
    readonly restarts: number;
    /** How it ended the last time, if it ever has. */
    readonly lastEnd?: ExitReason;
    /** The stage or the supervisor itself; of an async function there is nothing to see. */
    readonly snapshot?: Snapshot | SupervisorSnapshot;
  }[];
}
