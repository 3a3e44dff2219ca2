import { deferred, type Deferred } from "../../../core/support/deferred.ts";

/** Asynchronous work that a test finishes by hand, one job for each event; it counts what goes on. */
export class Jobs {
  readonly started: number[] = [];
  active = 0;
  mostActive = 0;
  readonly #jobs = new Map<number, Deferred<number>>();

  readonly start = (n: number): Promise<number> => {
    this.started.push(n);
    this.active += 1;
    this.mostActive = Math.max(this.mostActive, this.active);
    const job = deferred<number>();
    this.#jobs.set(n, job);
    return job.promise;
  };

  finish(...events: readonly number[]): void {
    for (const n of events) {
      this.active -= 1;
      this.#jobs.get(n)?.resolve(n);
    }
  }

  fail(n: number, error: unknown): void {
    this.active -= 1;
    this.#jobs.get(n)?.reject(error);
  }
}
