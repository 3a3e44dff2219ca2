import type { Box } from "./box.ts";
import type { Gates } from "./gates.ts";
import type { CallPlan } from "./plan.ts";
import type { Token } from "./token.ts";

/** The iterable behind a stage of `fromIterable`: sync, or async when its first call waits. */
export class Tokens {
  /** How many iterators were made, how often `return` was called. */
  made = 0;
  returns = 0;
  /** It ended, or failed, by itself. */
  isOver = false;
  inFlight = 0;
  #isKnown = false;
  readonly #box: Box;
  readonly #gates: Gates;
  readonly isAsync: boolean;
  #left: number;
  #calls = 0;

  constructor(box: Box, gates: Gates) {
    this.#box = box;
    this.#gates = gates;
    this.#left = box.plan.budget;
    this.isAsync = box.plan.calls[0]?.waits === true;
  }

  get iterable(): Iterable<Token> | AsyncIterable<Token> {
    if (this.isAsync) {
      return {
        [Symbol.asyncIterator]: () => {
          this.made += 1;
          return { next: () => this.#nextLater(), return: () => this.#return().then(() => ({ done: true, value: undefined })) };
        },
      };
    }
    return {
      [Symbol.iterator]: () => {
        this.made += 1;
        return {
          next: () => this.#next(),
          return: () => {
            void this.#return();
            return { done: true, value: undefined };
          },
        };
      },
    };
  }

  #next(): IteratorResult<Token, undefined> {
    const box = this.#box;
    box.look();
    this.#calls += 1;
    box.check("P18", this.returns === 0, () => "calls next after return");
    if (this.#calls === box.plan.failsAt) throw this.#over(box.newError());
    if (this.#left === 0) {
      this.#over(undefined);
      if (box.plan.whenEmpty === "fail") throw box.newError();
      box.causes.push({ type: "normal" });
      return { done: true, value: undefined };
    }
    this.#left -= 1;
    return { done: false, value: box.makeToken("callback") };
  }

  #nextLater(): Promise<IteratorResult<Token, undefined>> {
    const { plan } = this.#box;
    const { waits } = plan.calls[this.#calls % plan.calls.length] as CallPlan;
    let result: IteratorResult<Token, undefined> | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      result = this.#next();
    } catch (error) {
      failure = { error };
    }
    const settle = (): IteratorResult<Token, undefined> => {
      if (result?.done !== false) this.#isOverNow();
      if (failure !== undefined) throw failure.error;
      return result as IteratorResult<Token, undefined>;
    };
    if (!waits) return Promise.resolve().then(settle);
    this.inFlight += 1;
    this.#box.check("P12", this.inFlight <= Math.max(1, plan.concurrency), () => `${this.inFlight} calls of next at once`);
    return this.#gates.wait(
      this.#box,
      () => {
        this.inFlight -= 1;
        return settle();
      },
      () => {
        this.inFlight -= 1;
        this.#isOverNow();
      },
    );
  }

  /** A sync iterator is over at once, an async one when the promise settles. */
  #over<Value>(value: Value): Value {
    if (!this.isAsync) this.#isOverNow();
    return value;
  }

  #isOverNow(): void {
    this.isOver = true;
    // Whoever reads it hears of it by a promise, behind those of the calls before.
    setImmediate(() => {
      if (this.inFlight === 0) this.#isKnown = true;
    });
  }

  async #return(): Promise<void> {
    this.returns += 1;
    this.#box.check("P18", !this.#isKnown && this.returns === 1, () => `return is called (${this.returns}) ${this.#isKnown ? "after" : "before"} the end of the iterable`);
    await Promise.resolve();
  }
}
