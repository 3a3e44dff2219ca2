import { setTimeout } from "node:timers/promises";

import { numbers } from "../cases/numbers.ts";
import { BenchError, type Case, type LimitTarget } from "../harness/case.ts";

const AHEAD = "most ahead";
/** The ones that were dropped on the way, too. */
const READ = "read in all";

/** What a source without bounds makes at most. */
const EVENTS = 100_000;
/** What the consumer takes. */
const CONSUMED = 200;
const PACE_MS = 1;

/** Connects a source that takes its events from the account with a consumer that takes its time for each of them there. */
export type SlowRun = (account: Account) => Promise<void>;

/** Counts what a source makes and what a consumer has finished, and how far the one has ever been ahead of the other. */
export class Account {
  #produced = 0;
  #consumed = 0;
  #dropped = 0;
  #mostAhead = 0;

  get mostAhead(): number {
    return this.#mostAhead;
  }

  /** How many events the source has made. */
  get produced(): number {
    return this.#produced;
  }

  /** The source has made all of its events. */
  get isExhausted(): boolean {
    return this.#produced === EVENTS;
  }

  /** The consumer has had enough. */
  get isDone(): boolean {
    return this.#consumed >= CONSUMED;
  }

  /** The next event of the source. */
  produce(): number {
    const event = this.#produced;
    this.#note(1);
    return event;
  }

  /** The next events of the source: so many, as long as there are. */
  produceList(count: number): number[] {
    const from = this.#produced;
    const list = numbers(from, Math.min(from + count, EVENTS));
    this.#note(list.length);
    return list;
  }

  /** Takes a millisecond for an event: the first, then the second, ... Returns whether the consumer wants more. */
  async consume(event: number): Promise<boolean> {
    await setTimeout(PACE_MS);
    return this.consumeNow(event);
  }

  /** For a consumer that takes its time elsewhere. */
  consumeNow(event: number): boolean {
    if (this.isDone) return false;
    if (event !== this.#consumed) throw new BenchError(`expected event ${this.#consumed}, got: ${event}`);
    this.#consumed += 1;
    return !this.isDone;
  }

  /** Takes a millisecond for an output that was made of so many events, in whatever order; those that were dropped are not among them. */
  async consumeSome(count: number): Promise<boolean> {
    await setTimeout(PACE_MS);
    if (this.isDone) return false;
    this.#consumed += count;
    return !this.isDone;
  }

  /** An event that was filtered out is done with. */
  drop(): void {
    this.#dropped += 1;
  }

  /** A list, one after the other. */
  async consumeList(events: readonly number[]): Promise<boolean> {
    for (const event of events) if (!(await this.consume(event))) return false;
    return true;
  }

  #note(count: number): void {
    this.#produced += count;
    this.#mostAhead = Math.max(this.#mostAhead, this.#produced - this.#consumed - this.#dropped);
  }
}

export interface TruthCase {
  readonly name: string;
  readonly by: string;
  readonly load: () => Promise<SlowRun>;
  /** Whether it says as well how many events were read in all. */
  readonly showsRead?: boolean | undefined;
}

/** How many events a fast source has made and a consumer of one event a millisecond has not finished, at the most. */
export function truthCase({ name, by, load, showsRead = false }: TruthCase): Case {
  return {
    name,
    by,
    prepare: async () => {
      const run = await load();
      return async () => {
        const account = new Account();
        await run(account);
        if (!account.isDone) throw new BenchError(`expected ${name} to consume ${CONSUMED} events, got: fewer`);
        return { [AHEAD]: account.mostAhead, ...(showsRead && { [READ]: account.produced }) };
      };
    },
  };
}

/** Holds for every run. */
export function aheadTarget(ours: string, atMost: number): LimitTarget {
  return { type: "limit", figure: AHEAD, ours, atMost, oursBy: "max" };
}
