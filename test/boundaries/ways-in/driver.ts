/** Plays a script for a native side that pushes: nobody asks it, at best it is told to pause. */
import type { Source, Step } from "../source.ts";

/** What the native side says. */
export interface Voice {
  event(event: unknown): void;
  end(): void;
  fail(error: unknown): void;
}

/** How many events come in one turn of the event loop, from a source that is not sync. */
export const BURST = 3;

export class Driver {
  readonly #source: Source;
  readonly #voice: Voice;
  readonly #isSync: boolean;
  /** In the call that starts it: no end is said there, as not all listeners are there yet. */
  #isStarting = false;
  #isRunning = false;
  #isWaiting = false;
  #isPaused = false;
  #isOver = false;

  constructor(source: Source, voice: Voice, isSync: boolean) {
    this.#source = source;
    this.#voice = voice;
    this.#isSync = isSync;
  }

  /** Somebody listens. */
  start(): void {
    this.#source.open();
    this.#isStarting = !this.#isSync;
    if (this.#isSync || this.#source.script.isEager === true) this.#run();
    else this.#later();
    this.#isStarting = false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** In this call events may come. */
  resume(): void {
    this.#isPaused = false;
    if (this.#isSync) this.#run();
    else this.#later();
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#isOver = true;
  }

  #later(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setImmediate(() => {
      this.#isWaiting = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#isRunning || this.#isWaiting) return;
    this.#isRunning = true;
    try {
      for (let said = 0; !this.#isOver && !this.#isPaused; said += 1) {
        const isPausing = this.#isStarting ? this.#source.isAtEnd && !this.#source.throwsAtOnce : said === BURST;
        if (!this.#isSync && isPausing) {
          this.#later();
          return;
        }
        const step = this.#source.take();
        if (step instanceof Promise) {
          this.#wait(step);
          return;
        }
        this.#say(step);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #wait(step: Promise<Step>): void {
    this.#isWaiting = true;
    void step.then((settled) => {
      this.#isWaiting = false;
      // An event of a source that is told to pause while it waits for it comes all the same.
      if (this.#isOver) {
        this.#source.hasKeptSilent = true;
        if (settled.type === "fail") this.#voice.fail(settled.error);
        return;
      }
      this.#say(settled);
      this.#run();
    });
  }

  #say(step: Step): void {
    if (step.type === "event") {
      this.#voice.event(step.event);
      return;
    }
    this.#isOver = true;
    if (step.type === "end") this.#voice.end();
    else if ("isThrown" in step &&  step.isThrown) throw step.error;
    else this.#voice.fail(step.error);
    while (this.#source.hasAfterword) this.#sayMore(this.#source.take() as Step);
  }

  #sayMore(step: Step): void {
    if (step.type === "event") this.#voice.event(step.event);
    else if (step.type === "end") this.#voice.end();
    else this.#voice.fail(step.error);
  }
}
