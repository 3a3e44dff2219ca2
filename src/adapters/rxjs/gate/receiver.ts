/** A subscriber in the shape that RxJS takes for one of its own, so that it puts none around it. */

/** What ends with a subscription. */
export type Teardown = (() => void) | { readonly closed?: boolean; unsubscribe(): void } | void;

/** The part of a `Subscriber` of RxJS that its operators use: ours have it, and those of RxJS 7 and 8. */
export interface SubscriberLike<in Event> {
  readonly closed: boolean;
  next(event: Event): void;
  error(error: unknown): void;
  complete(): void;
  /** Calls it at the end of the subscription, however it ends; now, if that is past. */
  add(teardown: Teardown): void;
  remove(teardown: Teardown): void;
  unsubscribe(): void;
}

/** So many teardowns are kept before those that have ended meanwhile are thrown away. */
const FEW = 8;
const NONE: Teardown[] = [];

/** Takes nothing behind an end; what was added to it ends with it, once. */
export abstract class Receiver<in Event> implements SubscriberLike<Event> {
  closed = false;
  /** It has got its `complete` or `error`, or was left. */
  protected isStopped = false;
  #teardowns: Teardown[] = NONE;
  #most = FEW;

  /** Unless `isStopped`. */
  abstract next(event: Event): void;
  protected abstract failed(error: unknown): void;
  protected abstract completed(): void;

  error(error: unknown): void {
    if (this.isStopped) return;
    this.isStopped = true;
    try {
      this.failed(error);
    } finally {
      this.unsubscribe();
    }
  }

  complete(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    try {
      this.completed();
    } finally {
      this.unsubscribe();
    }
  }

  add(teardown: Teardown): void {
    if (teardown === undefined || teardown === this) return;
    if (this.closed) run(teardown);
    else if (this.#teardowns === NONE) this.#teardowns = [teardown];
    else {
      // Inner observables come and go: what has ended is no longer kept.
      if (this.#teardowns.push(teardown) > this.#most) {
        this.#teardowns = this.#teardowns.filter((each) => typeof each !== "object" || each.closed !== true);
        this.#most = Math.max(FEW, this.#teardowns.length * 2);
      }
    }
  }

  remove(teardown: Teardown): void {
    if (this.#teardowns !== NONE) this.#teardowns = this.#teardowns.filter((each) => each !== teardown);
  }

  /** Throws what a teardown has thrown, when all have been called: several as one `AggregateError`. */
  unsubscribe(): void {
    if (this.closed) return;
    this.closed = true;
    this.isStopped = true;
    const teardowns = this.#teardowns;
    if (teardowns === NONE) return;
    this.#teardowns = NONE;
    runAll(teardowns);
  }
}

function runAll(teardowns: readonly Teardown[]): void {
  const errors: unknown[] = [];
  for (const teardown of teardowns) {
    try {
      run(teardown);
    } catch (error) {
      errors.push(...errorsIn(error));
    }
  }
  throwAll(errors);
}

function run(teardown: Teardown): void {
  if (typeof teardown === "function") teardown();
  else teardown?.unsubscribe();
}

/** RxJS hands the errors of teardowns on in one that it makes. */
function errorsIn(error: unknown): readonly unknown[] {
  const isCollected = error instanceof Error && (error.name === "UnsubscriptionError" || error instanceof AggregateError);
  return isCollected && "errors" in error && Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : [error];
}

/** One error as it is, several as one. */
export function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "several teardowns failed");
}
