/** One event that was fed into operators, for as long as something that it caused goes on. */
import { Pending } from "../../../core/index.ts";

/** Who wants to know that it is over. */
interface Keeper {
  settled(token: Token): void;
}

/** It settles when nothing holds it any more: not the call of `next`, and no inner observable that came of it. */
export class Token<out Event = unknown> extends Pending {
  readonly event: Event;
  /** Its neighbours among those that the input waits for. */
  before: Token<Event> | undefined;
  behind: Token<Event> | undefined;
  readonly #keeper: Keeper;
  #holds = 0;

  constructor(keeper: Keeper, event: Event) {
    super();
    this.#keeper = keeper;
    this.event = event;
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#keeper.settled(this);
  }
}
