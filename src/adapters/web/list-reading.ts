/** Reads a stream whose chunks are lists of events. */
import { SluiceError, type PushProducer } from "../../core/index.ts";
import type { DefaultReaderLike, ReadResultLike, ReadableStreamLike } from "./readable-shapes.ts";
import type { ReadingOptions } from "./reading.ts";
import { SerialReading } from "./serial-reading.ts";

const NOTHING: readonly never[] = [];

/** One `read()` for many events. What of a chunk was not demanded waits here. */
export class ListReading<Event> extends SerialReading<Event, DefaultReaderLike<readonly Event[]>, readonly Event[]> {
  readonly #stream: ReadableStreamLike<readonly Event[]>;
  #list: readonly Event[] = NOTHING;
  #next = 0;

  constructor(stream: ReadableStreamLike<readonly Event[]>, stage: PushProducer<Event>, options: ReadingOptions) {
    super(stream, stage, options);
    this.#stream = stream;
  }

  protected getReader(): DefaultReaderLike<readonly Event[]> {
    return this.#stream.getReader();
  }

  protected get held(): number {
    return this.#list.length - this.#next;
  }

  protected read(reader: DefaultReaderLike<readonly Event[]>): PromiseLike<ReadResultLike<readonly Event[]>> {
    return reader.read();
  }

  protected take({ done, value }: ReadResultLike<readonly Event[]>): number {
    if (done) return 1;
    if (!Array.isArray(value)) throw new SluiceError("SLUICE_BAD_PARTNER", `expected a chunk of the stream to be a list of events, got: ${typeof value}`);
    this.#list = value as readonly Event[];
    this.#next = 0;
    return 1 + (value.length >> 4);
  }

  protected flush(): boolean {
    const list = this.#list;
    const from = this.#next;
    const count = Math.min(this.wanted, list.length - from);
    if (count > 0) {
      this.wanted -= count;
      this.#next += count;
      const isWhole = count === list.length;
      if (this.#next === list.length) this.#forget();
      this.emit(isWhole ? list : list.slice(from, from + count));
    }
    return this.held === 0;
  }

  #forget(): void {
    this.#list = NOTHING;
    this.#next = 0;
  }
}
