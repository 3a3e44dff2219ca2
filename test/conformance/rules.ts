/**
 * The deviations: where Sluice differs from the recordings on purpose, each by a name.
 * `traces/DEVIATIONS.md` says what defect each of them mends, `docs/decisions.md` for those of our own (R18 to R23).
 */
export const ruleTexts = {
  R1: "a producerConsumer handles its input only while its dispatcher can deliver something now",
  R2: "the buffer of a producerConsumer is delivered on demand before it ends with its producer",
  R3: "demand dispatcher: the buffer goes first, only the rest is reduced by what leavers left behind",
  R4: "broadcast dispatcher: the buffer goes first, up to the common demand",
  R5: "events that a hash drops are demanded again",
  R6: "a refused second subscription leaves the broadcast dispatcher as it was",
  R7: "a bad partition or selector refuses that subscription, the producer lives",
  R8: "a buffer size of zero is a bad option",
  R9: "the demand mode of a producerConsumer reads forward",
  R10: "partition queues are bounded, counted, and outlive their subscriber",
  R11: "no empty list is delivered",
  R12: "a stage that ends tells the partners of its live subscriptions",
  R13: "bad options throw where they are given",
  R14: "what is emitted while demand accumulates goes into the buffer",
  R15: "an info needs no further demand than what was buffered before it",
  R16: "a supervisor that gives up ends with an error that carries the last cause",
  R17: "handleSubscribe does not run for a subscription that is refused",
  R18: "a consumer says nothing more on a subscription that it has cancelled",
  R19: "what concerns a subscription that never was has no wire to travel on",
  R20: "an ask that crosses the end from its producer is not answered with another",
  R21: "an option of a subscription that nobody knows is a bad option",
  R22: "a consumer supervisor whose producers have ended normally waits for its children",
  R23: "a consumer supervisor has one strategy, which nobody has to name",
} as const;

export type Rule = keyof typeof ruleTexts;
export type Rules = ReadonlySet<Rule>;

export const ruleNames: readonly Rule[] = Object.keys(ruleTexts) as Rule[];

/** GenStage as it was recorded. */
export const noRules: Rules = new Set();

/** Sluice. */
export const allRules: Rules = new Set(ruleNames);
