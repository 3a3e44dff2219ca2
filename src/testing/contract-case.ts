/** One rule of a contract: a test by that name, which calls `run`. */
export interface ContractCase {
  /** A sentence about what keeps the contract, in the present tense. */
  readonly name: string;
  /** Rejects with a `ContractViolation` when the rule is broken. Each call starts from the beginning. */
  readonly run: () => Promise<void>;
}
