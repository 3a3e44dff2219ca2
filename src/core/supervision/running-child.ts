/** A child of a supervisor while it runs, whatever it is: it ends once, and it can be stopped. */
import { within } from "../deadline.ts";
import { SluiceError, StoppedError } from "../errors.ts";
import { shutdown } from "../exit-reason.ts";
import { membersOf } from "../inspect.ts";
import { ADOPT, type ExitReason } from "../protocol.ts";
import { tell, type Reporter } from "../report.ts";
import { DEFAULT_STOP_WITHIN_MS, isThenable } from "../stage.ts";

/** What a child's function gets beside the children before it. */
export interface ChildContext {
  /** Aborts when the child is stopped, and when it has ended: for what the function starts beside the stage that it returns. */
  readonly signal: AbortSignal;
}

/** A stage or a supervisor. */
export interface Supervisable {
  readonly name: string;
  readonly closed: Promise<ExitReason>;
  stop(reason?: unknown): Promise<void>;
  snapshot(): { readonly state: string };
  [ADOPT](owner: object): boolean;
}

export interface RunningChild {
  /** Resolves with the way in which the child ended; never rejects. */
  readonly ended: Promise<ExitReason>;
  /** It is about to end, and has told its partners; or it has ended, and `ended` is about to say so. */
  readonly isStopping: boolean;
  /** Resolves when the child has ended, or its deadline has passed. Never rejects. */
  stop(reason?: unknown): Promise<void>;
}

export interface ChildSettings {
  /** For reports. */
  readonly name: string;
  readonly owner: object;
  /** How long a stop waits for a promise: a stage and a supervisor have deadlines of their own. */
  readonly stopWithinMs?: number | undefined;
  readonly handleReport?: Reporter | undefined;
}

/**
 * Calls a child's function. What it throws is thrown; a value that is no child is given back as `undefined`.
 */
export function runChild(start: (context: ChildContext) => unknown, settings: ChildSettings): { readonly value: unknown; readonly running: RunningChild | undefined } {
  const life = new Life();
  let value: unknown;
  try {
    value = start(life);
    if (isSupervisable(value)) return { value, running: new RunningStage(value, life, settings.owner) };
    if (isThenable(value)) return { value, running: new RunningTask(value, life, settings) };
  } catch (error) {
    life.end(() => error);
    throw error;
  }
  life.end(() => new StoppedError(settings.name));
  return { value, running: undefined };
}

/** Its signal is made when somebody looks at it: a controller and an error for each child cost ten times a short task. */
class Life implements ChildContext {
  #controller: AbortController | undefined;
  #reason: (() => unknown) | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  /** Whether it is over; whoever has not looked at the signal may look now. */
  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /** Aborts the signal, unless it is over. */
  end(reason: () => unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }
}

function isSupervisable(value: unknown): value is Supervisable {
  return typeof value === "object" && value !== null && ADOPT in value;
}

/** Those who wait for the end of a stage: one reaction of its `closed`, however often it is a child again. */
const waiting = new WeakMap<Supervisable, Set<(reason: ExitReason) => void>>();

/** Calls `listener` when the stage has ended; the function that is returned ends that. */
function whenEnded(stage: Supervisable, listener: (reason: ExitReason) => void): () => void {
  let listeners = waiting.get(stage);
  if (listeners === undefined) {
    const all = new Set<(reason: ExitReason) => void>();
    listeners = all;
    waiting.set(stage, all);
    void stage.closed.then((reason) => {
      waiting.delete(stage);
      for (const each of all) each(reason);
    });
  }
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** A stage, or a supervisor. */
class RunningStage implements RunningChild {
  readonly ended: Promise<ExitReason>;
  readonly #stage: Supervisable;
  readonly #life: Life;
  /** One that has another owner is supervised, but never stopped. */
  readonly #isMine: boolean;
  readonly #leave: () => void;

  constructor(stage: Supervisable, life: Life, owner: object) {
    this.#stage = stage;
    this.#life = life;
    this.#isMine = stage[ADOPT](owner);
    let end!: (reason: ExitReason) => void;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#leave = whenEnded(stage, (reason) => {
      life.end(() => new StoppedError(stage.name));
      end(reason);
    });
  }

  get isStopping(): boolean {
    const { state } = this.#stage.snapshot();
    return state === "stopping" || state === "ended";
  }

  async stop(reason?: unknown): Promise<void> {
    this.#life.end(() => reason ?? new StoppedError(this.#stage.name));
    if (this.#isMine) await this.#stage.stop(reason);
    else this.#leave();
  }
}

/** An async function: its promise is its life. */
class RunningTask implements RunningChild {
  readonly ended: Promise<ExitReason>;
  readonly isStopping = false;
  readonly #settings: ChildSettings;
  readonly #life: Life;
  readonly #promise: PromiseLike<unknown>;
  #end!: (reason: ExitReason) => void;
  #hasEnded = false;

  constructor(promise: PromiseLike<unknown>, life: Life, settings: ChildSettings) {
    this.#settings = settings;
    this.#life = life;
    this.#promise = promise;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    promise.then(
      () => this.#settled({ type: "normal" }),
      (error: unknown) => this.#settled(this.#reasonOf(error)),
    );
  }

  async stop(reason?: unknown): Promise<void> {
    if (this.#hasEnded) return;
    this.#life.end(() => reason ?? new StoppedError(this.#settings.name));
    const { stopWithinMs = DEFAULT_STOP_WITHIN_MS, name, handleReport } = this.#settings;
    try {
      await within(this.#released(), stopWithinMs, () => new SluiceError("SLUICE_TIMEOUT", `${name} did not settle within ${stopWithinMs} ms of its stop`));
    } catch (error) {
      tell(handleReport, { kind: "cleanup-failed", stage: name, error });
      this.#settled(shutdown(reason));
    }
  }

  /** A pipeline rejects at once when it is aborted; its stages have ended when they have released what they held. */
  async #released(): Promise<void> {
    await this.ended;
    await Promise.all((membersOf(this.#promise) ?? []).map((stage) => stage.closed));
  }

  #settled(reason: ExitReason): void {
    // What goes wrong while it is stopped is nobody's cause of anything, and would be silent.
    if (reason.type === "error" && this.#life.isOver && !this.#hasEnded) {
      tell(this.#settings.handleReport, { kind: "cleanup-failed", stage: this.#settings.name, error: reason.error });
    }
    if (this.#hasEnded) {
      // After its deadline nobody waits for it; what goes wrong then is told.
      if (reason.type === "error") tell(this.#settings.handleReport, { kind: "late-failure", stage: this.#settings.name, error: reason.error });
      return;
    }
    this.#hasEnded = true;
    this.#end(reason);
    this.#life.end(() => new StoppedError(this.#settings.name));
  }

  /** What rejects because it was stopped was stopped. Node's own functions wrap the reason of an abort. */
  #reasonOf(error: unknown): ExitReason {
    if (!this.#life.isOver) return { type: "error", error };
    const { signal } = this.#life;
    const isAbort = error === signal.reason || (error instanceof Error && error.name === "AbortError");
    return isAbort ? shutdown(signal.reason instanceof StoppedError ? undefined : signal.reason) : { type: "error", error };
  }
}
