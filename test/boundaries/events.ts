/** The events of a run: numbered, so that what is lost, doubled or out of order shows. */

/** An event of an object stream; its identity counts. */
export interface Numbered {
  readonly n: number;
}

/** How many bytes stand for one event in a stream of bytes. */
export const EVENT_BYTES = 4;

export function numbered(n: number): Numbered {
  return Object.freeze({ n });
}

/** An event in a stream of bytes: its number. Streams may join and divide such chunks. */
export function inBytes(n: number): Buffer {
  // Memory of its own: a byte stream may transfer it.
  const bytes = Buffer.from(new ArrayBuffer(EVENT_BYTES));
  bytes.writeUInt32BE(n);
  return bytes;
}

/** Finds the events in the bytes that come. */
export class Decoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The numbers of the events that are whole now. */
  decode(chunk: unknown): readonly number[] {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`expected a chunk of bytes, got: ${String(chunk)}`);
    const bytes = Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % EVENT_BYTES);
    const numbers: number[] = [];
    for (let at = 0; at < whole; at += EVENT_BYTES) numbers.push(bytes.readUInt32BE(at));
    this.#rest = bytes.subarray(whole);
    return numbers;
  }
}
