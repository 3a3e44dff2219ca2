import type { EventReader } from "sluice";
import { hasCode, type Box } from "./box.ts";
import type { Token } from "./token.ts";

/** A loop over a stage: `next()` by `next()`. */
export class Reading {
  readonly box: Box;
  readonly #reader: EventReader<Token | readonly Token[]>;
  /** Everything that it was given, in order. */
  readonly events: Token[] = [];
  /** Promises that have not settled. */
  pending = 0;
  isOver = false;
  hasBegun = false;

  constructor(box: Box, kind: number, maxDemand: number) {
    this.box = box;
    const { producer } = box;
    if (producer === undefined) throw new Error(`${box.name} has no events to read`);
    const way = kind % 3;
    this.#reader = way === 0 ? producer[Symbol.asyncIterator]() : way === 1 ? producer.events({ maxDemand }) : producer.batches({ maxDemand });
  }

  next(): void {
    this.hasBegun = true;
    this.pending += 1;
    this.#reader.next().then(
      ({ value, done }) => {
        this.pending -= 1;
        if (done === true) this.isOver = true;
        else this.#take(Array.isArray(value) ? (value as readonly Token[]) : [value as Token]);
      },
      (error: unknown) => {
        this.pending -= 1;
        this.isOver = true;
        const { ended, hasDismissed } = this.box;
        // A partition dispatcher refuses a reader.
        const isDue = ended === undefined || ended.type !== "normal" || hasDismissed || hasCode(error, "SLUICE_BAD_OPTION");
        this.box.check("P11", isDue && error instanceof Error, () => `a reader fails with ${String(error)} though its stage has ended normally`);
      },
    );
  }

  return(): void {
    this.hasBegun = true;
    this.isOver = true;
    this.pending += 1;
    const settled = (): void => {
      this.pending -= 1;
    };
    this.#reader.return().then(settled, settled);
  }

  #take(events: readonly Token[]): void {
    this.events.push(...events);
    const ours = events.every(({ stage }) => stage === this.box.index);
    this.box.check("P5", ours, () => "a reader gets events of another stage");
  }
}
