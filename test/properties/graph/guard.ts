import type { Violations } from "../codes.ts";

/** What a stage calls. `handleEvent` may run beside everything else when it has a concurrency. */
export type CallbackName = "handleDemand" | "handleEvents" | "handleEvent" | "handleSubscribe" | "handleCancel" | "handleInfo" | "handleDiscarded" | "handleComplete" | "handleStop";

/** Deeper than this no callback of ours is called: a run of the queue, a message, a pump, a callback, and the frames of this guard. */
const DEEPEST = 40;
/** The stack is looked at in one of so many calls: that is slow. */
const LOOK_AT = 16;

/** Knows which callbacks of a stage run. */
export class Guard {
  readonly #stage: string;
  readonly #violations: Violations;
  /** How many calls of `handleEvent` may run at once. */
  readonly #concurrency: number;
  readonly #running: CallbackName[] = [];
  #calls = 0;
  /** Its callbacks that hold the mailbox. */
  serial = 0;

  constructor(stage: string, concurrency: number, violations: Violations) {
    this.#stage = stage;
    this.#concurrency = concurrency;
    this.#violations = violations;
  }

  get isIdle(): boolean {
    return this.#running.length === 0;
  }

  /** A callback begins; call what is returned when it has settled. */
  enter(name: CallbackName): () => void {
    const isSerial = name !== "handleEvent" || this.#concurrency === 1;
    const beside = this.#running.length;
    const isAllowed = name === "handleStop" ? beside === 0 : this.serial === 0 && (isSerial || beside < this.#concurrency);
    this.#violations.check("P12", isAllowed, () => `${this.#stage}: ${name} begins while ${this.#running.join(", ")} runs`);
    this.#calls += 1;
    if (this.#calls % LOOK_AT === 0) this.#look(name);
    this.#running.push(name);
    if (isSerial) this.serial += 1;
    return () => {
      this.#running.splice(this.#running.indexOf(name), 1);
      if (isSerial) this.serial -= 1;
    };
  }

  #look(name: CallbackName): void {
    const depth = stackDepth();
    this.#violations.check("P19", depth <= DEEPEST, () => `${this.#stage}: ${name} is called ${depth} frames deep`);
  }
}

/** How many frames are on the stack, at most a thousand. */
export function stackDepth(): number {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1_000;
  const depth = (new Error().stack ?? "").split("\n").length - 1;
  Error.stackTraceLimit = stackTraceLimit;
  return depth;
}
