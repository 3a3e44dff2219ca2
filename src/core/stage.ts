/**
 * The life of a stage: its callbacks one at a time, and its end.
 *
 * Messages change what a stage knows; `pump` then runs the callbacks that have become due, until nothing is left to do or
 * one of them returns a promise. While that is pending the mailbox waits (`mailbox.ts`). A callback that returns no promise
 * costs none.
 *
 * The two halves of a stage, `inlet.ts` and `outlet.ts`, say what is due.
 */
import { heed } from "./abort.ts";
import { SluiceError, StoppedError, show } from "./errors.ts";
import { shutdown } from "./exit-reason.ts";
import { SerialMailbox, type Continuation } from "./mailbox.ts";
import { Meter, type WaitState } from "./meter.ts";
import { Once } from "./once.ts";
import { NORMAL, type ExitReason } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { tell, type Finding, type Reporter } from "./report.ts";
import { post, spend } from "./scheduler.ts";
import { throwUnlessReceived } from "./unreceived.ts";
import { hasReleased, watchForRelease } from "./warning.ts";

/** What a stage is. */
export type Role = "producer" | "producerConsumer" | "consumer";

/** In this order; a stage never goes back. */
export type Phase = typeof RUNNING | typeof FINISHING | typeof DRAINING | typeof STOPPING | typeof ENDED;
export const RUNNING = 0;
/** No more will come in: what is queued is handled, then `handleComplete` runs. */
export const FINISHING = 1;
/** The end is certain, and waits until the buffer is delivered. */
export const DRAINING = 2;
/** Nothing is handled or delivered any more; resources are released. */
export const STOPPING = 3;
export const ENDED = 4;

/** How long a stage waits for a callback in progress and for `handleStop`. */
export const DEFAULT_STOP_WITHIN_MS = 5000;

/** Half a stage: the one towards its producers, or the one towards its consumers. */
export interface Half {
  /** Runs one callback that is due; returns false when none is. */
  work(): boolean;
  /** Nothing is left to handle, or to deliver. */
  readonly isDone: boolean;
  /** Callbacks that run beside the mailbox (`concurrency`). */
  readonly active: number;
  /** Ends all subscriptions of this half, each with one message. */
  tell(reason: ExitReason): void;
  /** Throws away what is queued or buffered, counted as lost; returns how many events that were. */
  drop(): number;
}

export interface ProducingHalf extends Half {
  /** Takes events that a callback returned. */
  produced(events: readonly unknown[]): void;
  /** Whether a consumer has received the error with which the stage ends. */
  hasReceived(error: unknown): boolean;
  /** Whether events can be delivered now. */
  readonly isOpen: boolean;
  /** Settles `note` when everything emitted so far has been delivered. */
  inBand(note: Note): void;
  /**
   * Before a normal end: tells the consumers that may give events back, if they fail, that no more will come; returns whether
   * all of them have handled what they have.
   */
  awaitHandled(): boolean;
}

export interface ConsumingHalf extends Half {
  /** Puts a note behind what is queued; returns false when nothing is. */
  inBand(note: Note): boolean;
  /** No callback is in progress any more, or none is waited for: what is to be given back is. */
  giveBack(): void;
  /** Settles when the producers that this stage left unused have released their resources. */
  released(): Promise<void>;
}

/** What travels in-band: a message for `handleInfo`, or somebody who waits for everything before it. */
export type Note =
  | { readonly type: "info"; readonly message: unknown }
  | { readonly type: "flush"; readonly settle: (failure?: { readonly error: unknown }) => void };

/** The options that every stage has, checked. */
export interface StageSettings {
  readonly role: Role;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  readonly stopWithinMs?: number | undefined;
  readonly timing?: boolean | undefined;
  readonly handleInfo?: ((message: unknown) => unknown) | undefined;
  readonly handleStop?: ((reason: ExitReason) => unknown) | undefined;
  readonly handleReport?: Reporter | undefined;
}

export class StageCore extends SerialMailbox {
  readonly role: Role;
  readonly name: string;
  readonly meter: Meter | undefined;
  inlet: ConsumingHalf | undefined;
  outlet: ProducingHalf | undefined;
  /** Runs once, when a normal end is near; may return events. */
  handleComplete: (() => unknown) | undefined;

  phase: Phase = RUNNING;
  /** How it ends, once that is certain. */
  reason: ExitReason | undefined;
  /** Callbacks run: what they make due runs behind them. */
  isPumping = false;

  readonly #settings: StageSettings;
  readonly stopWithinMs: number;
  readonly #calls = new Queue<() => unknown>();
  /** Those who wait for a note to be reached, or for the end. */
  readonly #waiting = new Set<(failure?: { readonly error: unknown }) => void>();
  #isNudged = false;
  /** The end of a producer that ends this stage, too, travels as it is: so a supervisor knows that it is one end. */
  #normal: ExitReason = NORMAL;
  /** Heeds the signal no more. */
  #unheed: (() => void) | undefined;
  #isCompleteHandled = false;
  /** How many events were thrown away by its end. */
  #held = 0;
  #isUsed = false;
  #isStopHandled = false;
  #owner: object | undefined;
  #controller: AbortController | undefined;
  /** For a callback whose result is nobody's concern. */
  readonly #ignoring: Continuation = { resolved: noop, rejected: (error) => this.callbackFailed(error) };
  readonly #closed = new Once<ExitReason>();
  #cleanupFailure: { readonly error: unknown } | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: StageSettings) {
    super();
    this.#settings = settings;
    this.role = settings.role;
    this.name = settings.name;
    this.stopWithinMs = settings.stopWithinMs ?? DEFAULT_STOP_WITHIN_MS;
    this.meter = settings.timing === true ? new Meter() : undefined;
  }

  /** Heeds the signal; when all that could fail at the start has not. */
  heedSignal(): void {
    const { signal } = this.#settings;
    if (signal?.aborted === true) this.stop(signal.reason);
    else if (signal !== undefined) this.#unheed = heed(signal, this.#onAbort);
  }

  // ---- what others see

  /** Never rejects. Whoever reads it has received an error end. */
  get closed(): Promise<ExitReason> {
    return this.#closed.promise;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.phase >= STOPPING) this.#controller.abort(this.#abortReason());
    }
    return this.#controller.signal;
  }

  /** Events can still be emitted. */
  get isAlive(): boolean {
    return this.phase < STOPPING && this.reason === undefined;
  }

  /** Resolves at the end, without receiving its error. */
  async hasEnded(): Promise<void> {
    if (this.phase !== ENDED) await new Promise<void>((resolve) => this.#waiting.add(() => resolve()));
  }

  /** Nothing is due, and a callback may run. */
  get isIdle(): boolean {
    return this.phase === RUNNING && !this.isBlocked && this.#calls.length === 0;
  }

  get isOwned(): boolean {
    return this.#owner !== undefined;
  }

  /** Takes the stage into care, unless somebody has it already: only the owner ends it when nobody uses it, and hears its error. */
  adopt(owner: object): boolean {
    this.#owner ??= owner;
    return this.#owner === owner;
  }

  get waitState(): WaitState {
    if (this.phase === ENDED) return "ended";
    if (this.phase === STOPPING) return "stopping";
    if (this.isBlocked || (this.inlet?.active ?? 0) > 0) return "callback";
    if (this.phase === DRAINING) return "draining";
    return this.outlet !== undefined && !this.outlet.isOpen ? "demand" : "events";
  }

  /** Returns whether anybody heard it. */
  report(finding: Finding): boolean {
    return tell(this.#settings.handleReport, { ...finding, stage: this.name });
  }

  /** It has a subscription. */
  used(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    if (this.#settings.handleStop !== undefined) watchForRelease(this, this.name);
  }

  /** Events were thrown away, or came too late: told when the cause is a failure. Whoever stops a stage knows what he does. */
  reportLost(count: number): void {
    if (this.reason?.type === "error" && count > 0) this.report({ kind: "lost", count, error: this.reason.error });
  }

  // ---- messages

  /** Makes sure that what has become due outside of a message runs. */
  nudge(): void {
    if (this.#isNudged || this.isPumping || this.isBlocked) return;
    this.#isNudged = true;
    this.inTurn(this.#onNudge);
  }

  /** In-band: reached when all that was received and buffered before it has been delivered. */
  note(note: Note): void {
    if (note.type === "flush") {
      if (this.phase === ENDED) {
        note.settle(this.#flushFailure(this.reason ?? NORMAL));
        return;
      }
      this.#waiting.add(note.settle);
    }
    this.inTurn(() => {
      if (this.phase >= STOPPING) return;
      if (this.inlet?.inBand(note) === true) return;
      this.reachInlet(note);
    });
  }

  /** A note has passed the input; next are the events that wait for demand. */
  reachInlet(note: Note): void {
    if (this.outlet === undefined) this.reached(note);
    else this.outlet.inBand(note);
  }

  /** A note has been reached. */
  reached(note: Note): void {
    if (note.type === "flush") {
      this.#waiting.delete(note.settle);
      note.settle();
    } else {
      const { handleInfo } = this.#settings;
      if (handleInfo !== undefined) this.call(() => handleInfo(note.message));
    }
  }

  /** Puts a callback behind those that are due already, unless an end is certain. It may be async; what it returns is ignored. */
  call(callback: () => unknown): void {
    if (this.isAlive) this.#calls.push(callback);
  }

  // ---- callbacks

  /** Runs what is due. */
  pump(): void {
    if (this.isPumping || this.isBlocked) return;
    this.isPumping = true;
    try {
      this.#runDue();
    } catch (error) {
      // What a callback gave could not even be looked at: a getter or a proxy of it threw.
      this.callbackFailed(error);
      this.#runDue();
    } finally {
      this.isPumping = false;
    }
    this.meter?.idle(this.waitState);
  }

  #runDue(): void {
    // Whoever goes on after a step looks at the clock: one message may make any number of callbacks due.
    for (let steps = 0; this.phase < STOPPING && !this.isBlocked && this.#step(); steps += 1) {
      if (steps > 0 && !this.isBlocked && spend(1)) this.pause();
    }
  }

  #step(): boolean {
    if (this.#calls.length > 0) {
      this.#runCall(this.#calls.shift());
      return true;
    }
    // Delivering comes before taking in.
    if (this.outlet?.work() === true) return true;
    if (this.inlet?.work() === true) return true;
    return this.phase !== RUNNING && !this.isBlocked && this.#advance();
  }

  /** One step towards the end, when everything before it is done. */
  #advance(): boolean {
    if ((this.inlet?.active ?? 0) > 0) return false;
    if (this.phase === FINISHING) {
      if (this.inlet?.isDone === false) return false;
      this.phase = DRAINING;
    }
    if (!this.#isCompleteHandled && this.reason === undefined) {
      this.#isCompleteHandled = true;
      if (this.handleComplete !== undefined) {
        this.#runComplete(this.handleComplete);
        return true;
      }
    }
    if (this.reason === undefined && this.outlet?.isDone === true && !this.outlet.awaitHandled()) return false;
    // Under a supervisor an error does not wait for slow consumers: the restart would, too.
    if (this.outlet?.isDone === false && !(this.reason?.type === "error" && failsFast(this.#owner))) return false;
    this.#terminate(this.reason ?? this.#normal);
    return false;
  }

  #runCall(callback: () => unknown): void {
    try {
      const result = callback();
      if (isThenable(result)) this.wait(result, this.#ignoring);
    } catch (error) {
      this.callbackFailed(error);
    }
  }

  #runComplete(callback: () => unknown): void {
    this.meter?.busy();
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      this.callbackFailed(error);
      return;
    }
    if (!isThenable(result)) this.take(result, "handleComplete");
    else {
      this.wait(result, {
        resolved: (value) => this.take(value, "handleComplete"),
        rejected: (error) => this.callbackFailed(error),
      });
    }
  }

  /** What a callback returned: events for the consumers, if there are any. */
  take(result: unknown, callback: string): void {
    if (result === undefined || result === null) return;
    if (this.outlet === undefined) {
      if (isGenerator(result)) this.callbackFailed(new SluiceError("SLUICE_BAD_RETURN", `expected ${callback} of ${this.name} to be a function that runs, got: a generator function`));
      else if (Array.isArray(result) && result.length > 0 && this.isAlive) this.report({ kind: "consumer-cannot-emit", count: result.length });
    } else if (!Array.isArray(result)) {
      this.callbackFailed(
        new SluiceError("SLUICE_BAD_RETURN", `expected ${callback} of ${this.name} to return a list of events, or nothing, got: ${show(result)}`),
      );
    } else if (result.length > 0) this.outlet.produced(result);
  }

  /** Whether a callback returned events that nobody gets any more. */
  isTooLate(result: unknown): boolean {
    return this.outlet !== undefined && !this.isAlive && Array.isArray(result) && result.length > 0;
  }

  callbackFailed(error: unknown): void {
    if (this.phase < STOPPING && this.reason === undefined) this.fail(error);
    else if (!this.#isKnown(error)) this.report({ kind: "late-failure", error });
  }

  /** The error with which it ends, once more; or a callback that was aborted and says so. */
  #isKnown(error: unknown): boolean {
    const signal = this.#controller?.signal;
    return (this.reason?.type === "error" && this.reason.error === error) || (signal?.aborted === true && signal.reason === error);
  }

  readonly #onNudge = (): void => {
    this.#isNudged = false;
  };

  // ---- the end

  /** No more comes in; what is queued is handled, then the stage ends normally. */
  finish(cause?: ExitReason): void {
    if (this.phase >= FINISHING) return;
    this.#normal = cause ?? { type: "normal" };
    this.phase = FINISHING;
    this.nudge();
  }

  /** Ends with an error, when what is buffered has been delivered. `cause`: the end of a producer, which travels as it is. */
  fail(error: unknown, cause: ExitReason = { type: "error", error }): void {
    if (this.phase >= STOPPING || this.reason !== undefined) return;
    this.reason = cause;
    this.phase = DRAINING;
    this.#calls.clear();
    this.#held = this.inlet?.drop() ?? 0;
    this.inlet?.tell(this.reason);
    if ((this.inlet?.active ?? 0) > 0) {
      this.#controller?.abort(error);
      this.#startDeadline();
    }
    this.nudge();
  }

  /** Ends now. The first cause wins, but for a normal end that has not delivered everything yet. */
  stop(reason?: unknown): void {
    this.end(shutdown(reason));
  }

  end(reason: ExitReason): void {
    if (this.phase < STOPPING) this.#terminate(this.reason ?? reason);
  }

  /** A callback beside the mailbox has settled, or the one that held it. */
  settled(): void {
    if (this.phase === STOPPING && !this.isBlocked && (this.inlet?.active ?? 0) === 0) this.#runStop();
  }

  readonly #onAbort = (): void => this.stop(this.#settings.signal?.reason);

  #abortReason(): unknown {
    const { reason } = this;
    if (reason?.type === "error") return reason.error;
    return (reason?.type === "shutdown" ? reason.reason : undefined) ?? new StoppedError(this.name);
  }

  #terminate(reason: ExitReason): void {
    this.phase = STOPPING;
    this.reason = reason;
    this.#calls.clear();
    this.#unheed?.();
    this.#held += (this.inlet?.drop() ?? 0) + (this.outlet?.drop() ?? 0);
    this.reportLost(this.#held);
    if (reason.type !== "normal") this.#tellPartners(reason);
    // In a message of its own: whoever calls `stop` does not find callbacks running in that call.
    post({ receive: () => this.#release() }, undefined);
  }

  #tellPartners(reason: ExitReason): void {
    this.outlet?.tell(reason);
    this.inlet?.tell(reason);
  }

  #release(): void {
    this.#controller?.abort(this.#abortReason());
    if ((this.isBlocked && !this.isPaused) || (this.inlet?.active ?? 0) > 0) this.#startDeadline();
    else this.#runStop();
  }

  /** A callback that does not settle is waited for no longer than this. */
  #startDeadline(): void {
    this.#deadline ??= setTimeout(() => {
      this.#deadline = undefined;
      if (this.phase < STOPPING) this.#terminate(this.reason ?? NORMAL);
      this.report({ kind: "cleanup-failed", error: this.#timeout("a callback") });
      this.#runStop();
    }, this.stopWithinMs);
  }

  #timeout(what: string): SluiceError {
    return new SluiceError("SLUICE_TIMEOUT", `${what} of ${this.name} did not settle within ${this.stopWithinMs} ms`);
  }

  #runStop(): void {
    if (this.#isStopHandled) return;
    this.#isStopHandled = true;
    clearTimeout(this.#deadline);
    this.inlet?.giveBack();
    const { handleStop } = this.#settings;
    if (handleStop === undefined) {
      this.#close();
      return;
    }
    hasReleased(this);
    try {
      const result = handleStop(this.reason ?? NORMAL);
      if (!isThenable(result)) this.#close();
      else {
        this.#deadline = setTimeout(() => this.#close({ error: this.#timeout("handleStop") }), this.stopWithinMs);
        Promise.resolve(result).then(
          () => this.#close(),
          (error: unknown) => this.#close({ error }),
        );
      }
    } catch (error) {
      this.#close({ error });
    }
  }

  #close(failure?: { readonly error: unknown }): void {
    if (this.phase === ENDED) {
      if (failure !== undefined) this.report({ kind: "cleanup-failed", error: failure.error });
      return;
    }
    clearTimeout(this.#deadline);
    const wasNormal = this.reason?.type === "normal";
    if (failure !== undefined) {
      this.#cleanupFailure = failure;
      if (wasNormal) this.reason = { type: "error", error: failure.error };
      else this.report({ kind: "cleanup-failed", error: failure.error });
    }
    const reason = this.reason ?? NORMAL;
    if (wasNormal) this.#tellPartners(reason);
    this.phase = ENDED;
    this.meter?.idle("ended");
    this.#closed.resolve(reason);
    for (const settle of this.#waiting) settle(this.#flushFailure(reason));
    this.#waiting.clear();
    if (reason.type === "error") this.#demandReceiver(reason.error);
    // Messages that waited behind a callback are answered with the reason.
    this.isBlocked = false;
    this.openNextMail();
  }

  #flushFailure(reason: ExitReason): { readonly error: unknown } | undefined {
    if (reason.type === "normal") return undefined;
    return { error: reason.type === "error" ? reason.error : new StoppedError(this.name, reason.reason) };
  }

  /** A consumer that was told of the end turns out to have left before. */
  receiverLeft(): void {
    if (this.phase === ENDED && this.reason?.type === "error") this.#demandReceiver(this.reason.error);
  }

  /** Law 8: an error that nobody has received by the next macrotask is thrown. */
  #demandReceiver(error: unknown): void {
    const isReceived = (): boolean => this.#owner !== undefined || this.#closed.isRead || this.outlet?.hasReceived(error) === true;
    if (!isReceived()) throwUnlessReceived(error, isReceived);
  }

  /** When this stage has ended, and all that it left unused in turn. Waits for nothing while the stage goes on. */
  async released(): Promise<void> {
    if (this.phase < STOPPING) return;
    await this.hasEnded();
    await this.inlet?.released();
    if (this.#cleanupFailure !== undefined) throw this.#cleanupFailure.error;
  }
}

/** A supervisor says so of itself. */
function failsFast(owner: object | undefined): boolean {
  return owner !== undefined && "failsFast" in owner && owner.failsFast === true;
}

/** Nobody would run its body. */
function isGenerator(value: unknown): boolean {
  return typeof value === "object" && value !== null && "next" in value && typeof value.next === "function";
}

/** Whether a value is a promise, or looks like one to `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function noop(): void {}
