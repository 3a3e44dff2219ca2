/** The properties of the library, each with the sentence that its test has for a name. P16 has tests of its own: `flow.test.ts`. */
export const PROPERTIES = {
  P1: "no subscription is ever sent more than it has asked for",
  P2: "no automatic subscription ever has more than maxDemand in flight",
  P3: "no demand is lost or invented: asked = delivered + outstanding, on both sides of each wire",
  P4: "no stage demands more of its source than its consumers have open, and no producerConsumer more than its window",
  P5: "no event is lost or doubled: what came in and what went out is accounted for",
  P6: "events, and what travels in-band, keep their order",
  P7: "broadcast: each consumer gets each event that its selector wants once, from its subscription on",
  P8: "partition: an event goes to the consumer of its partition, and waits in its queue",
  P9: "demand: an event goes to one consumer, the one with the greatest demand that has stood there longest",
  P10: "after the end of a subscription nothing comes on it, and nobody remembers it",
  P11: "a subscription ends once, by its cause, and a stage for a reason",
  P12: "no two callbacks of a stage overlap, but for handleEvent up to its concurrency",
  P13: "no buffer, queue or batch exceeds its bound",
  P14: "nothing stalls: what can be delivered is, and who must end does",
  P15: "an automatic subscription is refilled as soon as minDemand is reached, and not before",
  P17: "each stage stops once, when its callbacks have settled, and says so",
  P18: "each resource is released once",
  P19: "no callback runs deep in the stack",
  P20: "a stage holds no more events than its windows allow",
  law8: "nothing is thrown where nobody can catch it",
} as const;

export type Code = keyof typeof PROPERTIES;

export const CODES: readonly Code[] = Object.keys(PROPERTIES) as Code[];

/** One breach of a property, in words. */
export interface Violation {
  readonly code: Code;
  readonly text: string;
}

/** Notes the first breach of each property in a run. */
export class Violations {
  readonly all: Violation[] = [];
  readonly #codes = new Set<Code>();

  add(code: Code, text: string): void {
    if (this.#codes.has(code)) return;
    this.#codes.add(code);
    this.all.push({ code, text });
  }

  /** The text is a function, as it is rarely needed. */
  check(code: Code, holds: boolean, text: () => string): void {
    if (!holds) this.add(code, text());
  }
}
