/** Reads a stream whose chunks are the events. */
import { inNextTurn, post, type Port, type PushProducer } from "../../core/index.ts";
import type { DefaultReaderLike, ReadResultLike, ReadableStreamLike } from "./readable-shapes.ts";
import { CLOSED, Reading, type ReadingOptions } from "./reading.ts";

/** The most `read()` in flight: each costs some memory, and the loop turns between one round of them and the next. */
const MOST = 256;
/** So many times in a turn of the event loop what has come goes on at once: a lone event does not wait. */
const EAGER = 4;
/** Then it goes on in lists of so many, while more is on its way; and at the end of the turn in any case. */
const LIST = 64;

/**
 * One `read()` for each demanded event, many in flight.
 *
 * Their results come one by one, some microtasks apart. A list for each would cost as much again as the stream does.
 */
export class EventReading<Event> extends Reading<Event, DefaultReaderLike<Event>> {
  readonly #stream: ReadableStreamLike<Event>;
  #events: Event[] = [];
  /** A message is on its way that passes them on. */
  #isPosted = false;
  /** The end of the turn is awaited. */
  #isArmed = false;
  /** How often events have gone on in this turn. */
  #passed = 0;

  constructor(stream: ReadableStreamLike<Event>, stage: PushProducer<Event>, options: ReadingOptions) {
    super(stream, stage, options);
    this.#stream = stream;
  }

  protected getReader(): DefaultReaderLike<Event> {
    return this.#stream.getReader();
  }

  protected get held(): number {
    return this.#events.length;
  }

  protected readOn(): void {
    const reader = this.reader as DefaultReaderLike<Event>;
    while (this.wanted > 0 && this.inFlight < MOST && this.isReading) {
      this.wanted -= 1;
      this.inFlight += 1;
      try {
        reader.read().then(this.#onResult, this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  protected flush(): boolean {
    const events = this.#events;
    if (events.length > 0) {
      this.#events = [];
      this.emit(events);
    }
    return true;
  }

  readonly #onResult = (result: ReadResultLike<Event>): void => {
    if (!this.settled()) {
      if (!result.done) this.lose(1);
    } else if (result.done) this.ended(CLOSED);
    else {
      this.#events.push(result.value as Event);
      this.#passOn();
      this.settleAnnounced();
    }
  };

  readonly #onError = (error: unknown): void => {
    if (this.settled()) this.ended({ type: "failed", error });
  };

  #passOn(): void {
    if (!this.#isPosted && (this.#passed < EAGER || this.inFlight === 0 || this.#events.length >= LIST)) {
      this.#isPosted = true;
      post(this.#port, undefined);
    }
    if (this.#isArmed) return;
    this.#isArmed = true;
    inNextTurn(this.#onTurn);
  }

  readonly #port: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      this.#passed += 1;
      this.#goOn();
    },
  };

  readonly #onTurn = (): void => {
    this.#isArmed = false;
    this.#passed = 0;
    if (!this.#isPosted) this.#goOn();
  };

  #goOn(): void {
    if (!this.isReading) return;
    this.flush();
    this.readOn();
  }
}
