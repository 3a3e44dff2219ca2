import { FULL_CREDIT, spend } from "../../core/index.ts";

/** The most steps between two looks. */
const MOST_STEPS = 256;

/** When a loop whose steps may be slow looks at the clock: after 1, 2, 4, … of them, and from the start again in a new slice. */
export class SliceClock {
  #steps = 1;
  #left = 1;

  /** A step has been taken. Returns whether the slice is over: the event loop is to turn. */
  isOver(): boolean {
    this.#left -= 1;
    return this.#left === 0 && this.#look();
  }

  #look(): boolean {
    const isOver = spend(FULL_CREDIT);
    this.#steps = isOver ? 1 : Math.min(MOST_STEPS, this.#steps * 2);
    this.#left = this.#steps;
    return isOver;
  }
}
