/** Bytes as a byte stream wants them: by the chunk, or into the buffers of its reader. */
import { SluiceError, show } from "../../core/index.ts";
import { Feeding, type ControllerLike } from "./feeding.ts";

type Bytes = Uint8Array;

interface ByobRequestLike {
  readonly view: ArrayBufferView | null;
  respond(bytesWritten: number): void;
}

interface ByteControllerLike extends ControllerLike {
  /** The reader's buffer that is to be filled next. */
  readonly byobRequest: ByobRequestLike | null | undefined;
  enqueue(chunk: Uint8Array<ArrayBuffer>): void;
}

/**
 * One event is asked for at a time: how many bytes it will have is not known.
 *
 * What is not read into a buffer of the reader's is copied: `enqueue` takes the whole `ArrayBuffer` of a chunk away from all
 * who have a view of it. That would be the producer's other consumers, and in Node every small `Buffer` of the process.
 */
export class ByteFeeding extends Feeding<ArrayBufferView | ArrayBufferLike, Bytes, ByteControllerLike> {
  /** What is left of an event that was longer than the reader's buffer. */
  #rest: Bytes | undefined;

  protected accept(events: readonly (ArrayBufferView | ArrayBufferLike)[]): void {
    const list: Bytes[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (const event of events) {
      const bytes = bytesOf(event);
      if (bytes === undefined) {
        failure = { error: new SluiceError("SLUICE_BAD_EVENT", `expected an event of ${this.producer} to be an ArrayBuffer or a view of one, got: ${show(event)}`) };
        break;
      }
      // The controller throws at an empty chunk, and a reader would take it for an end.
      if (bytes.byteLength > 0) list.push(bytes);
    }
    if (list.length > 0) this.held.push(list);
    if (failure !== undefined) this.refuse(failure.error);
  }

  protected give(): number {
    const bytes = this.#rest ?? this.held.take();
    this.#rest = undefined;
    const request = this.controller.byobRequest ?? null;
    if (request === null) this.controller.enqueue(new Uint8Array(bytes));
    else this.#fill(request, bytes);
    return 1;
  }

  #fill(request: ByobRequestLike, bytes: Bytes): void {
    const { buffer, byteOffset, byteLength } = request.view as ArrayBufferView;
    const count = Math.min(byteLength, bytes.byteLength);
    new Uint8Array(buffer, byteOffset, count).set(bytes.subarray(0, count));
    if (count < bytes.byteLength) this.#rest = bytes.subarray(count);
    request.respond(count);
  }

  protected override get waiting(): number {
    return this.held.size + (this.#rest === undefined ? 0 : 1);
  }

  protected override missing(room: number, ahead: number): number {
    return room > 0 && ahead === 0 ? 1 : 0;
  }

  protected override close(): void {
    this.controller.close();
    // A reader's buffer that waits is given back empty.
    this.controller.byobRequest?.respond(0);
  }
}

function bytesOf(event: unknown): Bytes | undefined {
  if (ArrayBuffer.isView(event)) return event instanceof Uint8Array ? event : new Uint8Array(event.buffer, event.byteOffset, event.byteLength);
  const tag = Object.prototype.toString.call(event);
  return tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]" ? new Uint8Array(event as ArrayBufferLike) : undefined;
}
