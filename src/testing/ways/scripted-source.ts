import { shown } from "../showing.ts";
import type { Trial } from "./trial.ts";
import type { WayInSource, WayInStep } from "./way-in.ts";

/** How a native side answers to its release. */
export type Closing = { readonly type: "closes" } | { readonly type: "hangs" } | { readonly type: "fails"; readonly error: unknown };

/** What a native side was told at a release. */
export interface Release {
  /** Absent where it is not told why. */
  readonly told?: { readonly reason: unknown };
}

/** The script of a native side, and the record of how it was treated. */
export class ScriptedSource<Event> implements WayInSource<Event> {
  /** How many events it has given, and how often it was touched. */
  produced = 0;
  takes = 0;
  readonly releases: Release[] = [];
  /** The end that it has come to by itself. */
  ended: WayInStep<Event> | undefined;
  closing: Closing = { type: "closes" };
  readonly #trial: Trial;
  readonly #steps: WayInStep<Event>[] = [];
  readonly #waiting: (() => void)[] = [];
  /** One event more than the script has, for a native side that cannot wait. */
  readonly #supply: (() => Event) | undefined;

  constructor(trial: Trial, supply: (() => Event) | undefined) {
    this.#trial = trial;
    this.#supply = supply;
  }

  /** There is more to do. Who waits goes on. */
  add(...steps: readonly WayInStep<Event>[]): void {
    this.#steps.push(...steps);
    // Who goes on may find nothing again, and wait.
    for (const more of this.#waiting.splice(0)) this.#goOn(more);
  }

  #goOn(more: () => void): void {
    try {
      more();
    } catch (error) {
      this.#trial.heard(this.#trial.violation("it", "throw nothing at its native side", shown(error)));
    }
  }

  take(more?: () => void): WayInStep<Event> {
    this.takes += 1;
    const step = this.#steps.shift() ?? this.#more();
    if (step === undefined) {
      if (more !== undefined) this.#waiting.push(more);
      return { type: "wait" };
    }
    if (step.type === "event") {
      this.#trial.note(`the native side gives event ${this.produced}`);
      this.produced += 1;
    } else {
      this.ended ??= step;
      this.#trial.note(`the native side ${step.type === "error" ? `fails: ${shown(step.error)}` : "ends"}`);
    }
    return step;
  }

  #more(): WayInStep<Event> | undefined {
    if (this.#supply === undefined) return undefined;
    return this.ended ?? { type: "event", event: this.#supply() };
  }

  release(...reason: readonly unknown[]): Promise<void> {
    const [told] = reason;
    this.#trial.note(`the native side is released${reason.length === 0 ? "" : `: ${shown(told)}`}`);
    this.releases.push(reason.length === 0 ? {} : { told: { reason: told } });
    if (this.closing.type === "hangs") return new Promise(() => undefined);
    return this.closing.type === "fails" ? Promise.reject(this.closing.error) : Promise.resolve();
  }
}
