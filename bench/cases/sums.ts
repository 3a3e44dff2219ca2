import { BenchError } from "../harness/case.ts";

/** The sum of several sums. */
export const total = (sums: readonly number[]): number => sums.reduce((sum, n) => sum + n, 0);

/** The sum that all consumers of a broadcast have come to. Theirs together is no exact double. */
export function agreed(sums: readonly number[]): number {
  const [first = 0] = sums;
  const other = sums.find((sum) => sum !== first);
  if (other !== undefined) throw new BenchError(`expected all consumers to have the sum ${first}, got: ${other}`);
  return first;
}
