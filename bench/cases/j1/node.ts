import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

const objectMode = true;

/** Readable, two Transforms, Writable, all with the default high-water mark. */
export async function run(events: number): Promise<number> {
  let next = 0;
  let sum = 0;
  await pipeline(
    new Readable({
      objectMode,
      read() {
        while (next < events) if (!this.push(next++)) return;
        this.push(null);
      },
    }),
    new Transform({
      objectMode,
      transform(n: number, _encoding, callback) {
        callback(null, n + 1);
      },
    }),
    new Transform({
      objectMode,
      transform(n: number, _encoding, callback) {
        if (n % 2 === 0) callback(null, n);
        else callback();
      },
    }),
    new Writable({
      objectMode,
      write(n: number, _encoding, callback) {
        sum += n;
        callback();
      },
    }),
  );
  return sum;
}
