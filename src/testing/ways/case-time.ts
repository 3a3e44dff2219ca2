/**
 * The time of one case: timers that fire when the case says so.
 *
 * Deadlines of stages use the global timers at call time. So a case about a deadline takes no time, a timer that is left
 * behind shows, and it does not matter whether the user's tests fake the clock.
 */

/** What a timer function returns: the object of Node, which is a number to whoever wants one. */
interface Timer {
  ref(): Timer;
  unref(): Timer;
  hasRef(): boolean;
  refresh(): Timer;
  close(): Timer;
  [Symbol.toPrimitive](): number;
}

interface Entry {
  readonly run: () => void;
  readonly ms: number;
  readonly repeats: boolean;
  at: number;
}

const NAMES = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

type Realm = Record<(typeof NAMES)[number], unknown>;

/** So many timers fire until nobody waits for one any more: an interval would never end. */
const MOST_TIMERS = 1000;

/** After the case before: two cannot have the global timers at once. */
let last: Promise<unknown> = Promise.resolve();

export class CaseTime {
  #now = 0;
  #made = 0;
  readonly #entries = new Map<number, Entry>();

  /** Runs with these timers in the place of the global ones. */
  static run<Result>(run: (time: CaseTime) => Promise<Result>): Promise<Result> {
    const result = last.then(async () => {
      const time = new CaseTime();
      const restore = time.#install();
      try {
        return await run(time);
      } finally {
        restore();
      }
    });
    last = result.catch(() => undefined);
    return result;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#entries.size;
  }

  /** Lets so many ms pass. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let fired = 0; fired < MOST_TIMERS && this.#fireUntil(end); fired += 1);
    this.#now = end;
  }

  /** Lets the next timer fire; returns whether there was one. */
  passNext(): boolean {
    return this.#fireUntil(Infinity);
  }

  #fireUntil(end: number): boolean {
    let next: readonly [number, Entry] | undefined;
    for (const each of this.#entries) if (each[1].at <= end && (next === undefined || each[1].at < next[1].at)) next = each;
    if (next === undefined) return false;
    const [id, entry] = next;
    this.#now = entry.at;
    if (entry.repeats) entry.at += Math.max(1, entry.ms);
    else this.#entries.delete(id);
    entry.run();
    return true;
  }

  #install(): () => void {
    const realm = globalThis as unknown as Realm;
    const real = NAMES.map((name) => [name, realm[name]] as const);
    realm.setTimeout = this.#adder(false);
    realm.setInterval = this.#adder(true);
    realm.clearTimeout = this.#clear;
    realm.clearInterval = this.#clear;
    return () => {
      for (const [name, value] of real) realm[name] = value;
    };
  }

  #adder(repeats: boolean): (run: (...given: unknown[]) => void, delay?: unknown, ...given: unknown[]) => Timer {
    return (run, delay, ...given) => {
      this.#made += 1;
      // As the real ones: whatever is no number is 0.
      const ms = Number(delay) || 0;
      const entry: Entry = { run: () => run(...given), ms, repeats, at: this.#now + ms };
      this.#entries.set(this.#made, entry);
      return this.#timer(this.#made, entry);
    };
  }

  #timer(id: number, entry: Entry): Timer {
    const timer: Timer = {
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
      refresh: () => {
        entry.at = this.#now + entry.ms;
        this.#entries.set(id, entry);
        return timer;
      },
      close: () => {
        this.#entries.delete(id);
        return timer;
      },
      [Symbol.toPrimitive]: () => id,
    };
    return timer;
  }

  readonly #clear = (timer: unknown): void => {
    // `null`, `undefined` and foreign timers are nothing to clear.
    if (typeof timer === "number" || (typeof timer === "object" && timer !== null && Symbol.toPrimitive in timer)) this.#entries.delete(Number(timer));
  };
}
