import { Writable } from "node:stream";

/** A Writable that sums up what is written, and calls back in the call of `_write`, or after it. */
export function summing(calledBack: "at once" | "later"): { readonly stream: Writable; readonly sum: () => number } {
  let sum = 0;
  const isLate = calledBack === "later";
  const stream = new Writable({
    objectMode: true,
    write(n: number, _encoding, callback) {
      sum += n;
      if (isLate) process.nextTick(callback);
      else callback();
    },
  });
  return { stream, sum: () => sum };
}
