/** Reads a stream whose chunks are the events. */
import { post, type Port, type PushProducer } from "../../core/index.ts";
import type { DefaultReaderLike, ReadResultLike, ReadableStreamLike } from "./readable-shapes.ts";
import { CLOSED, Reading, type ReadingOptions } from "./reading.ts";

/** The most `read()` in flight: each costs some memory, and the loop turns between one round of them and the next. */
const MOST = 256;

/** One `read()` for each demanded event, many in flight. What settles in one turn goes on as one list. */
export class EventReading<Event> extends Reading<Event, DefaultReaderLike<Event>> {
  readonly #stream: ReadableStreamLike<Event>;
  #events: Event[] = [];

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
      if (this.#events.length === 1) post(this.#turn, undefined);
      this.settleAnnounced();
    }
  };

  readonly #onError = (error: unknown): void => {
    if (this.settled()) this.ended({ type: "failed", error });
  };

  readonly #turn: Port<undefined> = {
    receive: () => {
      if (!this.isReading) return;
      this.flush();
      this.readOn();
    },
  };
}
