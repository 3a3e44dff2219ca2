import type { Verdict } from "./cell.ts";

/** The verdicts, counted. */
export class Tally {
  /** The most of the cells that may not apply. */
  static readonly MOST_UNFIT: number = 0.15;
  passed = 0;
  failed = 0;
  /** Runs that were made. */
  runs = 0;
  /** Cells that do not apply, by reason. */
  readonly unfit: Map<string, number> = new Map();
  /** Cells that are none: the pair does not have the interface. They do not count. */
  none = 0;

  add(verdict: Verdict): void {
    if (verdict.type === "passed") {
      this.passed += 1;
      this.runs += verdict.runs;
    } else if (verdict.type === "failed") this.failed += 1;
    else if (verdict.type === "none") this.none += 1;
    else this.unfit.set(verdict.reason, (this.unfit.get(verdict.reason) ?? 0) + 1);
  }

  get unfitCount(): number {
    let sum = 0;
    for (const count of this.unfit.values()) sum += count;
    return sum;
  }

  /** The part of the cells that does not apply. */
  get unfitShare(): number {
    const { unfitCount } = this;
    return unfitCount / Math.max(1, this.passed + this.failed + unfitCount);
  }
}
