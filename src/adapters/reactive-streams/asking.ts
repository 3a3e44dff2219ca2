import type { Subscription as StageSubscription } from "../../core/index.ts";
import type { Window } from "./window.ts";

/** What one producer was asked for, and has not brought yet. */
interface Account {
  readonly from: StageSubscription;
  outstanding: number;
  /** Time to look at what is missing when no more than so many are left. */
  least: number;
}

/** Asks the producers of one Subscriber by hand. Each is to have as many events in flight as are wanted, within the window. */
export class Asking {
  readonly #window: Window;
  #accounts: Account[] = [];

  constructor(window: Window) {
    this.#window = window;
  }

  join(from: StageSubscription): void {
    this.#accounts.push({ from, outstanding: 0, least: 0 });
  }

  leave(from: StageSubscription): void {
    this.#accounts = this.#accounts.filter((account) => account.from !== from);
  }

  /** Events have come. Returns whether it is time to {@link ask} again. */
  received(from: StageSubscription, count: number): boolean {
    const first = this.#accounts[0];
    const account = first?.from === from ? first : this.#accounts.find((each) => each.from === from);
    if (account === undefined) return false;
    // A producer that sends more than it was asked for owes nothing for it.
    account.outstanding = Math.max(0, account.outstanding - count);
    return account.outstanding <= account.least;
  }

  /** Asks for what is missing: for all of it, or for what is worth a list, when few enough are left in flight. */
  ask(wanted: number, isAll: boolean): void {
    const { max, min } = this.#window;
    const target = Math.min(max, wanted);
    const least = target === max ? min : target >> 1;
    for (const account of this.#accounts) {
      const missing = target - account.outstanding;
      if (missing <= 0 || (!isAll && account.outstanding > least)) continue;
      account.outstanding = target;
      account.least = least;
      account.from.ask(missing);
    }
  }
}
