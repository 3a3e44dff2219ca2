/**
 * One message at a time (law 3): while a callback's promise is pending, the mailbox waits.
 *
 * A message that comes when nothing is pending never sees the mailbox: its port takes it at once.
 */
import { awaitingAs, type Awaiting } from "./awaiting.ts";
import type { Port } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { post, spend } from "./scheduler.ts";
import { Task, type Mailbox, type StagePort } from "./stage-port.ts";

/** What goes on when a callback's promise settles. */
export interface Continuation {
  resolved(value: unknown): void;
  rejected(error: unknown): void;
}

export abstract class SerialMailbox implements Mailbox {
  /** Messages go to the mailbox: a callback's promise is pending, or earlier messages wait there. */
  isDeferring = false;
  /** A callback's promise is pending, or a pause. */
  protected isBlocked = false;
  /** Blocked by a pause, not by a callback: a stop need not wait. */
  protected isPaused = false;
  readonly #mailbox = new Queue<unknown>();
  #continuation: Continuation | undefined;
  #awaiting: Awaiting | undefined;
  #outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;

  abstract readonly name: string;

  /** Runs what is due. */
  abstract pump(): void;

  /** A callback beside the mailbox has settled, or the one that held it. */
  abstract settled(): void;

  abstract callbackFailed(error: unknown): void;

  /** Puts a message into the mailbox, behind the callback in progress. */
  defer(port: StagePort<never>, message: unknown): void {
    this.#mailbox.push(port);
    this.#mailbox.push(message);
  }

  /** Puts a message before all others, behind what is due now. */
  deferFirst(port: StagePort<never>, message: unknown): void {
    this.#mailbox.unshift(message);
    this.#mailbox.unshift(port);
    if (!this.isDeferring) {
      this.isDeferring = true;
      post(this.#mail, undefined);
    }
  }

  /** Whether all that waits in the mailbox came in by such ports. */
  hasMailOnlyFrom(isSuch: (port: StagePort<never>) => boolean): boolean {
    for (let i = 0; i < this.#mailbox.length; i += 2) if (!isSuch(this.#mailbox.at(i) as StagePort<never>)) return false;
    return true;
  }

  /** Runs `task` as a message of its own to this stage. */
  inTurn(task: () => void): void {
    post(new Task(this, task), undefined);
  }

  /** Holds the mailbox until a callback's promise settles. */
  wait(promise: PromiseLike<unknown>, continuation: Continuation): void {
    this.isBlocked = true;
    this.isDeferring = true;
    this.#continuation = continuation;
    // Not called as a method: a stack names the stage only, not what it is inside.
    const awaiting = (this.#awaiting ??= awaitingAs(this.name));
    void awaiting(promise, this.#onValue, this.#onError);
  }

  /** Lets the event loop turn, and goes on with what is due; the mailbox waits meanwhile. */
  pause(): void {
    this.isBlocked = true;
    this.isPaused = true;
    this.isDeferring = true;
    this.#outcome = undefined;
    post(this.#resumption, undefined);
  }

  /** Counts work within one message; pauses when the slice is over. */
  spendOn(events: number): void {
    if (!this.isBlocked && spend(1 + (events >> 4))) this.pause();
  }

  readonly #onValue = (value: unknown): void => {
    this.#outcome = { value };
    post(this.#resumption, undefined);
  };

  readonly #onError = (error: unknown): void => {
    this.#outcome = { error };
    post(this.#resumption, undefined);
  };

  readonly #resumption: Port<undefined> = { receive: () => this.#resume() };
  readonly #mail: Port<undefined> = { receive: () => this.#openMail() };

  #resume(): void {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    this.isBlocked = false;
    this.isPaused = false;
    if (outcome !== undefined) {
      try {
        if ("value" in outcome) this.#continuation?.resolved(outcome.value);
        else this.#continuation?.rejected(outcome.error);
      } catch (error) {
        this.callbackFailed(error);
      }
    }
    this.settled();
    this.pump();
    this.openNextMail();
  }

  #openMail(): void {
    if (this.isBlocked) return;
    if (this.#mailbox.length > 0) {
      const port = this.#mailbox.shift() as StagePort<unknown>;
      port.handle(this.#mailbox.shift());
    }
    this.openNextMail();
  }

  /** Goes on with the mailbox, or closes it. */
  protected openNextMail(): void {
    if (this.isBlocked) return;
    if (this.#mailbox.length > 0) post(this.#mail, undefined);
    else this.isDeferring = false;
  }
}
