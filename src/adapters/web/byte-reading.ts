/** Reads a byte stream into buffers of our own. */
import type { PushProducer } from "../../core/index.ts";
import type { ByteReaderLike, ByteStreamLike, ReadResultLike } from "./readable-shapes.ts";
import type { ReadingOptions } from "./reading.ts";
import { SerialReading } from "./serial-reading.ts";

type Bytes = Uint8Array<ArrayBuffer>;

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
 */
export class ByteReading extends SerialReading<Bytes, ByteReaderLike, Bytes> {
  readonly #stream: ByteStreamLike;
  readonly #chunkSize: number;
  readonly #min: number;
  #buffer: ArrayBuffer | undefined;
  /** Bytes in the buffer that are not enough for an event: of a stream that does not know `min`. */
  #filled = 0;
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
    return this.#event === undefined ? 0 : 1;
  }

  protected read(reader: ByteReaderLike): PromiseLike<ReadResultLike<Bytes>> {
    const view = new Uint8Array(this.#buffer ?? new ArrayBuffer(this.#chunkSize), this.#filled);
    this.#buffer = undefined;
    return this.#min > 1 ? reader.read(view, { min: this.#min - this.#filled }) : reader.read(view);
  }

  protected take({ done, value }: ReadResultLike<Bytes>): number {
    // A stream that was cancelled keeps the buffer.
    if (value === undefined) return 1;
    const { buffer, byteOffset, byteLength } = value;
    const length = byteOffset + byteLength;
    if (length > 0 && (done || length >= this.#min)) {
      const event = new Uint8Array(buffer, 0, length);
      const isSparse = length * SPARSE <= buffer.byteLength;
      this.#event = isSparse ? event.slice() : event;
      this.#filled = 0;
      if (isSparse) this.#buffer = buffer;
    } else {
      this.#filled = length;
      this.#buffer = buffer;
    }
    return 1;
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
