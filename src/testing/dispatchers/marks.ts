import type { ContractViolation, History } from "../violation.ts";

/** Somebody who waits until what is queued has been delivered. */
interface Mark {
  /** Events from this number on came later. */
  readonly before: number;
  /** How many of those before were in queues, and are there still. */
  left: number;
  /** How many events were dropped since: they may have been among those. */
  dropped: number;
  isReached: boolean;
}

/** Whether marks are reached when they must be. */
export class Marks {
  readonly #marks: Mark[] = [];
  readonly #history: History;
  /** Where each event goes to one, it is queued no more when it was sent; otherwise it may be, for somebody else. */
  readonly #goesToOne: boolean;

  constructor(history: History, goesToOne: boolean) {
    this.#history = history;
    this.#goesToOne = goesToOne;
  }

  /** Somebody waits for so many queued events. Returns what is called when the mark is reached. */
  add(before: number, queued: number): () => ContractViolation | undefined {
    const mark: Mark = { before, left: queued, dropped: 0, isReached: false };
    this.#marks.push(mark);
    return () => this.#reach(mark);
  }

  forget(): void {
    this.#marks.length = 0;
  }

  hearDropped(count: number): void {
    for (const mark of this.#marks) mark.dropped += count;
  }

  /** An event was sent for the first time. */
  hearSent(number: number, call: string): ContractViolation | undefined {
    for (const mark of this.#marks) {
      if (number >= mark.before) continue;
      if (mark.isReached) return this.#violation("when all that was queued before it has been delivered", `event ${number} after it, in: ${call}`);
      mark.left -= 1;
    }
    return undefined;
  }

  /** A call has ended, and so much is queued now. */
  judge(queued: number): void {
    for (const { isReached, left } of this.#marks) {
      const isDue = queued === 0 || (left === 0 && this.#goesToOne);
      if (!isReached && isDue) throw this.#violation("in the call in which the last event before it is delivered", "not yet");
    }
  }

  expectReached(): void {
    for (const { isReached, left } of this.#marks) {
      if (!isReached) throw this.#violation("when all that was queued before it has been delivered", `never, with ${left} events left`);
    }
  }

  #reach(mark: Mark): ContractViolation | undefined {
    this.#history.note("  reaches a mark");
    if (mark.isReached) return this.#violation("once", "twice");
    if (mark.left > mark.dropped && this.#goesToOne) {
      return this.#violation("when all that was queued before it has been delivered", `${mark.left} events are left`);
    }
    mark.isReached = true;
    return undefined;
  }

  #violation(when: string, got: string): ContractViolation {
    return this.#history.violation("a mark", `be reached ${when}`, got);
  }
}
