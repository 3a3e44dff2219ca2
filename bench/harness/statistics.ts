/** All runs of one figure of one case. */
export interface Summary {
  readonly runs: readonly number[];
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function summarize(runs: readonly number[]): Summary {
  return { runs, min: quantile(runs, 0), median: quantile(runs, 0.5), max: quantile(runs, 1) };
}

/** The smallest value that `share` of the values do not exceed; `share` 0 is the minimum. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
