/** What stands behind a way in: a script that every native side plays in its own words, and the record of how it was treated. */
import type { Account } from "./account.ts";
import { inBytes, numbered } from "./events.ts";

/** How a script ends. */
export type Ending =
  | { readonly type: "end" }
  /** `isThrown`: in the call that asks (`next`, `read`, `subscribe`, ...), not by a promise or an event. */
  | { readonly type: "fail"; readonly error: unknown; readonly isThrown?: boolean }
  /** Nothing more comes, until the case says what. */
  | { readonly type: "stuck" };

/** What a clean-up of the native side does, where it has one that can. */
export type Cleanup =
  | { readonly type: "done" }
  | { readonly type: "fails"; readonly error: unknown; readonly isThrown?: boolean }
  | { readonly type: "hangs" };

/** What is wrong with an iterator. */
export type Malformed =
  | { readonly type: "factory throws"; readonly error: unknown }
  | { readonly type: "factory gives no object" }
  | { readonly type: "no next" }
  | { readonly type: "next gives no object" }
  | { readonly type: "next fulfils with no object" }
  | { readonly type: "no return" }
  | { readonly type: "return is no function" };

/** What comes behind the end, although nothing may. */
export type Afterword = "event" | "end" | { readonly error: unknown };

export interface Script {
  /** How many events come before the ending. */
  readonly count: number;
  readonly ending?: Ending;
  /** The events, where it matters which; otherwise they are numbered. */
  readonly events?: readonly unknown[];
  /** The event loop turns before each event and before the end. */
  readonly isSlow?: boolean;
  /** The first events come in the call that starts the native side, before it returns. */
  readonly isEager?: boolean;
  readonly afterwards?: readonly Afterword[];
  readonly cleanup?: Cleanup;
  readonly malformed?: Malformed;
  /** Not kept: for runs of very many. */
  readonly isLong?: boolean;
}

export type Step = { readonly type: "event"; readonly event: unknown } | Exclude<Ending, { readonly type: "stuck" }>;

const END: Step = { type: "end" };

/** An endless source ends here: nobody may ask for so many. */
export const RUNAWAY = 100_000;

export class Source {
  readonly script: Script;
  /** Events are chunks of bytes: one of the two sides knows nothing else. */
  readonly isBytes: boolean;
  /** How often the native side was started: an iterator made, an observable subscribed to. */
  opens = 0;
  /** The events that it gave, in order. */
  readonly given: unknown[] = [];
  /** How it has ended by itself. */
  ended: Step | undefined;
  /** What it was told at each release. */
  readonly releases: unknown[] = [];
  /** How often it was asked after it had ended: nobody may. */
  askedAfterEnd = 0;
  /** It had been released when it could say at last what it was stuck with, and has not said it. */
  hasKeptSilent = false;
  readonly #account: Account;
  readonly #count: number;
  #next = 0;
  #afterwards = 0;
  #freed: ((step: Step) => void) | undefined;
  /** What it was freed with before anybody asked. */
  #unasked: Step | undefined;
  #isStuck: Promise<Step> | undefined;

  constructor(script: Script, account: Account, isBytes: boolean) {
    this.script = script;
    this.#count = Math.min(script.count, script.isLong === true ? Infinity : RUNAWAY);
    this.#account = account;
    this.isBytes = isBytes;
  }

  open(): void {
    this.opens += 1;
  }

  /** The next step comes at once: what a sync source must know. */
  get isReady(): boolean {
    return this.#next < this.#count || this.script.ending?.type !== "stuck";
  }

  /** It is made with its events, and its end: what its native side holds from the start. */
  get comesFull(): boolean {
    const { isEager, ending } = this.script;
    return isEager === true && !(ending?.type === "fail" && ending.isThrown === true);
  }

  /** The call that starts it throws. */
  get throwsAtOnce(): boolean {
    const { count, ending } = this.script;
    return count === 0 && ending?.type === "fail" && ending.isThrown === true;
  }

  get isAtEnd(): boolean {
    return this.ended !== undefined || (this.#next >= this.#count && this.isReady);
  }

  /** What comes next: an event, or how it ends. A promise if it does not come at once. */
  take(): Step | Promise<Step> {
    const unasked = this.#unasked;
    this.#unasked = undefined;
    if (unasked !== undefined) return this.#freeStep(unasked);
    if (this.ended !== undefined) return this.#afterword();
    const { ending = END, isSlow = false } = this.script;
    if (this.#next < this.#count) {
      if (!isSlow) return this.#event();
      return later(() => this.#event());
    }
    if (ending.type === "stuck") return this.#stuck();
    if (!isSlow || (ending.type === "fail" && ending.isThrown === true)) return this.#end(ending);
    return later(() => this.#end(ending));
  }

  /** What comes next, whatever the pace of the script: for a source that cannot wait. */
  takeNow(): Step {
    if (this.ended !== undefined) return this.#afterword();
    const { ending = END } = this.script;
    if (this.#next < this.#count) return this.#event();
    return ending.type === "stuck" ? this.#end(END) : this.#end(ending);
  }

  /** Ends that it is stuck: another event, or its end. */
  free(step: Step): void {
    if (this.#freed === undefined) this.#unasked = step;
    else this.#freed(this.#freeStep(step));
    this.#freed = undefined;
    this.#isStuck = undefined;
  }

  /** An event or an end that is left over when all is said, in the order of the script. */
  get hasAfterword(): boolean {
    return this.#afterwards < (this.script.afterwards?.length ?? 0);
  }

  /** The native side is cleaned up; what it answers is up to the script. */
  release(reason?: unknown): Promise<void> | undefined {
    this.releases.push(reason);
    const { cleanup } = this.script;
    if (cleanup?.type === "hangs") return new Promise(() => undefined);
    if (cleanup?.type !== "fails") return undefined;
    if (cleanup.isThrown === true) throw cleanup.error;
    return Promise.reject(cleanup.error);
  }

  /** As {@link release}, for a native side that calls back. */
  releaseWith(reason: unknown, done: (error?: unknown) => void): void {
    let answer: Promise<void> | undefined;
    try {
      answer = this.release(reason);
    } catch (error) {
      done(error);
      return;
    }
    if (answer === undefined) done();
    else answer.then(() => done(), done);
  }

  /** Who has been released meanwhile has not ended by himself. */
  #freeStep(step: Step): Step {
    if (this.releases.length > 0 || this.ended !== undefined) return step;
    return step.type === "event" ? this.#event() : this.#end(step);
  }

  #event(): Step {
    const index = this.#next;
    this.#next += 1;
    const { events, isLong } = this.script;
    const event = events !== undefined ? events[index] : this.isBytes ? inBytes(index) : isLong === true ? index : numbered(index);
    if (isLong !== true) this.given.push(event);
    this.#account.produce();
    return { type: "event", event };
  }

  #end(ending: Step): Step {
    this.ended = ending;
    return ending;
  }

  #afterword(): Step {
    this.askedAfterEnd += 1;
    const afterword = this.script.afterwards?.[this.#afterwards];
    this.#afterwards += 1;
    if (afterword === undefined || afterword === "end") return END;
    if (afterword === "event") return { type: "event", event: this.isBytes ? inBytes(9999) : numbered(9999) };
    return { type: "fail", error: afterword.error };
  }

  #stuck(): Promise<Step> {
    this.#isStuck ??= new Promise<Step>((resolve) => {
      this.#freed = resolve;
    });
    return this.#isStuck;
  }
}

function later(step: () => Step): Promise<Step> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(step()));
  });
}
