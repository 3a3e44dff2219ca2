/** Reads a byte stream into buffers of our own. */
import type { PushProducer } from "../../core/index.ts";
import type { ByteReaderLike, ByteStreamLike, ReadResultLike } from "./readable-shapes.ts";
import type { Ending, ReadingOptions } from "./reading.ts";
import { SerialReading } from "./serial-reading.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How a byte stream is read into buffers. */
export interface ByteOptions {
  /** The most bytes of an event: an integer from 1. */
  readonly chunkSize: number;
  /** The least bytes of an event, but for the last: an integer from 1 to `chunkSize`. Default 1. */
  readonly min?: number | undefined;
}

/** An event that fills less than this part of its buffer is copied out of it, and the buffer serves the next read. */
const SPARSE = 4;

/**
 * One buffer at a time: it goes into the stream with `read(view)`, comes back filled, and its bytes are an event. A view for
 * each demanded event would be `chunkSize` bytes of memory for each.
 *
 * `min` is ours, not that of `read(view, { min })`: a stream that has closed with fewer bytes left throws them away and fails.
 */
export class ByteReading extends SerialReading<Bytes, ByteReaderLike, Bytes> {
  readonly #stream: ByteStreamLike;
  readonly #chunkSize: number;
  readonly #min: number;
  #buffer: ArrayBuffer | undefined;
  /** Bytes in the buffer that are not enough for an event. */
  #filled = 0;
  /** The same bytes: a stream that fails keeps the buffer that it was given. */
  #copy: Bytes | undefined;
  #event: Bytes | undefined;

  constructor(stream: ByteStreamLike, stage: PushProducer<Bytes>, options: ReadingOptions, { chunkSize, min = 1 }: ByteOptions) {
    super(stream, stage, options);
    this.#stream = stream;
    this.#chunkSize = chunkSize;
    this.#min = min;
  }

  protected getReader(): ByteReaderLike {
    return this.#stream.getReader({ mode: "byob" });
  }

  protected get held(): number {
    return this.#event === undefined && this.#filled === 0 ? 0 : 1;
  }

  protected read(reader: ByteReaderLike): PromiseLike<ReadResultLike<Bytes>> {
    const view = new Uint8Array(this.#buffer ?? new ArrayBuffer(this.#chunkSize), this.#filled);
    this.#buffer = undefined;
    return reader.read(view);
  }

  protected take({ value }: ReadResultLike<Bytes>): number {
    // A stream that was cancelled keeps the buffer.
    if (value === undefined) return 1;
    const { buffer, byteOffset, byteLength } = value;
    const length = byteOffset + byteLength;
    if (length >= this.#min) {
      const event = new Uint8Array(buffer, 0, length);
      const isSparse = length * SPARSE <= buffer.byteLength;
      this.#event = isSparse ? event.slice() : event;
      this.#filled = 0;
      if (isSparse) this.#buffer = buffer;
    } else {
      if (byteLength > 0) {
        this.#copy ??= new Uint8Array(this.#min);
        this.#copy.set(value, byteOffset);
      }
      this.#filled = length;
      this.#buffer = buffer;
    }
    return 1;
  }

  protected override ended(ending: Ending): void {
    if (this.#filled > 0) this.#event = this.#copy?.slice(0, this.#filled);
    this.#filled = 0;
    super.ended(ending);
  }

  protected flush(): boolean {
    const event = this.#event;
    if (event === undefined) return true;
    // One was wanted when it was read.
    this.#event = undefined;
    this.wanted -= 1;
    this.emit([event]);
    return true;
  }
}
