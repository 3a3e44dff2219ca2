/** A stream in the care of a stage: how it breaks is heard from the start, and in the end it is released once. */
import { SluiceError } from "../../core/index.ts";
import type { StreamLike } from "./shapes.ts";
import { told } from "./told.ts";

/** Who wants to know how a stream breaks. Node says 'error' before 'close'. */
export interface Watcher {
  failed(error: unknown): void;
  closed(): void;
  /** An 'error' of a stream that was given up waiting for. */
  late(error: unknown): void;
}

/**
 * Listens to 'error' and 'close' for as long as the stage lives, and after its end until the stream has closed: an 'error'
 * that nobody hears is an uncaught exception.
 */
export class Custody {
  readonly #stream: StreamLike;
  readonly #watcher: Watcher;
  readonly #withinMs: number;
  #hasClosed = false;
  readonly #errors: unknown[] = [];
  #isReleasing = false;
  #released: Promise<void> | undefined;
  #onReleased: () => void = () => undefined;

  constructor(stream: StreamLike, watcher: Watcher, withinMs: number) {
    this.#stream = stream;
    this.#watcher = watcher;
    this.#withinMs = withinMs;
    stream.on("error", this.#onError);
    stream.on("close", this.#onClose);
  }

  /**
   * Destroys the stream with `cause`, the error or the reason of an end, as far as Node can carry it, and waits until it has
   * closed. Later calls do nothing and return the same promise.
   *
   * Rejects with an error of the stream that is not the cause, and when the stream is late: then it is listened to until
   * it closes after all.
   */
  release(name: string, cause?: unknown): Promise<void> {
    this.#released ??= this.#release(name, cause);
    return this.#released;
  }

  /** Lets go of the stream without touching it. Throws an error of the stream that is not the cause of the end. */
  leave(cause?: unknown): void {
    this.#ignore();
    this.#throwUnless(cause);
  }

  async #release(name: string, cause: unknown): Promise<void> {
    const error = cause === undefined ? undefined : told(cause, name);
    if (!this.#hasClosed) {
      this.#isReleasing = true;
      this.#stream.destroy(error);
      await this.#closing();
      this.#isReleasing = false;
    }
    if (this.#hasClosed) this.#ignore();
    this.#throwUnless(error);
    if (!this.#hasClosed) throw new SluiceError("SLUICE_TIMEOUT", `the stream of ${name} did not close within ${this.#withinMs} ms`);
  }

  #closing(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      // A stream that has closed already says so in this turn, or never (`emitClose: false`).
      const timer = setTimeout(() => {
        this.#hasClosed ||= stream.closed ?? stream.destroyed ?? false;
        resolve();
      }, stream.closed === true ? 0 : this.#withinMs);
      this.#onReleased = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #throwUnless(cause: unknown): void {
    for (const error of this.#errors) if (error !== cause) throw error;
  }

  #ignore(): void {
    this.#stream.removeListener("error", this.#onError);
    this.#stream.removeListener("close", this.#onClose);
  }

  readonly #onError = (error: unknown): void => {
    if (this.#released !== undefined && !this.#isReleasing) this.#watcher.late(error);
    else {
      this.#errors.push(error);
      // Node says only the last of several: a failure of the clean-up in the place of what caused it.
      if (!this.#isReleasing) this.#watcher.failed(this.#stream.errored ?? error);
    }
  };

  readonly #onClose = (): void => {
    this.#hasClosed = true;
    if (this.#released === undefined) this.#watcher.closed();
    else if (this.#isReleasing) this.#onReleased();
    // It was late.
    else this.#ignore();
  };
}

/** The error of a stream that closed without having ended. */
export function prematureClose(expected: string): SluiceError {
  return new SluiceError("SLUICE_BAD_PARTNER", `expected the stream to ${expected} before it closes, got: a premature close`);
}
