import { BenchError } from "../harness/case.ts";

/** Does the job with so many source events and returns its sum; a peer that is synchronous may stay so. */
export type Run = (events: number) => number | Promise<number>;

/** Up to here every sum in the benches is an exact double, and every event a small integer. */
const MOST_EVENTS = 100_000_000;

/** The fewest and the most events that a run may have. */
export interface Counts {
  /** Default 1,000. */
  readonly least?: number;
  /** Default 100,000,000. */
  readonly most?: number;
}

/** Runs shorter than this say nothing: the JIT is still warming. */
const TELLING_MS = 100;

/** One job with a known result. */
export class CheckedRun {
  readonly #run: Run;
  readonly #expected: (events: number) => number;

  constructor(run: Run, expected: (events: number) => number) {
    this.#run = run;
    this.#expected = expected;
  }

  /** Runs once and returns the milliseconds. A wrong sum fails the bench. */
  async time(events: number): Promise<number> {
    const run = this.#run;
    const start = performance.now();
    const returned = run(events);
    // No await for a synchronous peer: it would pay for a promise that it has not.
    const sum = typeof returned === "number" ? returned : await returned;
    const elapsed = performance.now() - start;
    const expected = this.#expected(events);
    if (sum !== expected) throw new BenchError(`expected the result to be ${expected}, got: ${sum}`);
    return elapsed;
  }

  /** Finds the number of events that takes about `ms`, and is warm afterwards. */
  async calibrate(ms: number, { least = 1000, most = MOST_EVENTS }: Counts = {}): Promise<number> {
    const scaled = (events: number, factor: number): number => Math.max(least, Math.min(Math.ceil(events * factor), most));
    let events = least;
    let elapsed = await this.time(events);
    while (elapsed < TELLING_MS && events < most) {
      events = scaled(events, 4);
      elapsed = await this.time(events);
    }
    for (let again = 0; again < 2; again++) {
      events = scaled(events, Math.max(ms / 8, TELLING_MS) / elapsed);
      elapsed = await this.time(events);
    }
    return scaled(events, ms / elapsed);
  }
}
