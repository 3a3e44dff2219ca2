/** A child of a supervisor while it runs, whatever it is: it ends once, and it can be stopped. */
import { SluiceError, StoppedError } from "./errors.ts";
import { ADOPT, NORMAL, type ExitReason } from "./protocol.ts";
import { tell, type Reporter } from "./report.ts";
import { DEFAULT_STOP_WITHIN_MS, isThenable } from "./stage.ts";

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
  /** It is about to end, and has told its partners. */
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
  const controller = new AbortController();
  const value = start({ signal: controller.signal });
  if (isSupervisable(value)) return { value, running: new RunningStage(value, controller, settings.owner) };
  if (isThenable(value)) return { value, running: new RunningTask(value, controller, settings) };
  return { value, running: undefined };
}

function isSupervisable(value: unknown): value is Supervisable {
  return typeof value === "object" && value !== null && ADOPT in value;
}

/** A stage, or a supervisor. */
class RunningStage implements RunningChild {
  readonly ended: Promise<ExitReason>;
  readonly #stage: Supervisable;
  readonly #controller: AbortController;
  /** One that has another owner is supervised, but never stopped. */
  readonly #isMine: boolean;

  constructor(stage: Supervisable, controller: AbortController, owner: object) {
    this.#stage = stage;
    this.#controller = controller;
    this.#isMine = stage[ADOPT](owner);
    this.ended = stage.closed.then((reason) => {
      controller.abort(new StoppedError(stage.name));
      return reason;
    });
  }

  get isStopping(): boolean {
    return this.#stage.snapshot().state === "stopping";
  }

  async stop(reason?: unknown): Promise<void> {
    if (this.#isMine) await this.#stage.stop(reason);
    this.#controller.abort(reason ?? new StoppedError(this.#stage.name));
  }
}

/** An async function: its promise is its life. */
class RunningTask implements RunningChild {
  readonly ended: Promise<ExitReason>;
  readonly isStopping = false;
  readonly #settings: ChildSettings;
  readonly #controller: AbortController;
  #end!: (reason: ExitReason) => void;
  #hasEnded = false;

  constructor(promise: PromiseLike<unknown>, controller: AbortController, settings: ChildSettings) {
    this.#settings = settings;
    this.#controller = controller;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    promise.then(
      () => this.#settled(NORMAL),
      (error: unknown) => this.#settled(this.#reasonOf(error)),
    );
  }

  async stop(reason?: unknown): Promise<void> {
    if (this.#hasEnded) return;
    this.#controller.abort(reason ?? new StoppedError(this.#settings.name));
    const { stopWithinMs = DEFAULT_STOP_WITHIN_MS, name, handleReport } = this.#settings;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        tell(handleReport, { kind: "cleanup-failed", stage: name, error: new SluiceError("SLUICE_TIMEOUT", `${name} did not settle within ${stopWithinMs} ms of its stop`) });
        resolve();
        this.#settled(shutdown(reason));
      }, stopWithinMs);
    });
    await Promise.race([this.ended, deadline]);
    clearTimeout(timer);
  }

  #settled(reason: ExitReason): void {
    if (this.#hasEnded) {
      // After its deadline nobody waits for it; what goes wrong then is told.
      if (reason.type === "error") tell(this.#settings.handleReport, { kind: "late-failure", stage: this.#settings.name, error: reason.error });
      return;
    }
    this.#hasEnded = true;
    this.#end(reason);
    this.#controller.abort(new StoppedError(this.#settings.name));
  }

  /** What rejects because it was stopped was stopped. Node's own functions wrap the reason of an abort. */
  #reasonOf(error: unknown): ExitReason {
    const { signal } = this.#controller;
    if (!signal.aborted) return { type: "error", error };
    const isAbort = error === signal.reason || (error instanceof Error && error.name === "AbortError");
    return isAbort ? shutdown(signal.reason instanceof StoppedError ? undefined : signal.reason) : { type: "error", error };
  }
}

function shutdown(reason: unknown): ExitReason {
  return reason === undefined ? { type: "shutdown" } : { type: "shutdown", reason };
}
