import { shown } from "../showing.ts";
import type { Trial } from "./trial.ts";
import type { WayOutPlan, WrittenSink } from "./way-out.ts";

/** How the user of a native side was told of its end. */
export type Told = { readonly type: "end" } | { readonly type: "error"; readonly error: unknown };

/** How events come to a user: by his reading, by writes that he answers, or by being told. */
export interface UserOptions<Event> {
  readonly by: WayOutPlan<Event, unknown>["by"];
  /** He is written to by a stage, which ends the native side when all was taken. */
  readonly isEndedByStage: boolean;
  /** How many events he takes before the case says so. */
  readonly ready: number;
  readonly read: (() => Promise<IteratorResult<Event, unknown>>) | undefined;
  /** Says what is wrong with the event in this place, if something is. */
  readonly wrong: (event: Event, place: number) => string | undefined;
}

/** The user of a native side: what has come to him, and how ready he is. What is wrong is noticed as it comes. */
export class User<Event> implements WrittenSink<Event> {
  /** What has come, in order. */
  readonly events: Event[] = [];
  /** Each end that he was told of. */
  readonly told: Told[] = [];
  /** How many events he has taken: asked for by reading, or called `done` for. */
  taken = 0;
  /** He has left: what comes now is not his. */
  hasLeft = false;
  /** A read is in flight. */
  isReading = false;
  /** Called with the number of events that have come, as one comes. */
  handle: ((count: number) => void) | undefined;
  /** The native side does not finish at the end, until it is let. */
  isLingering = false;
  readonly #trial: Trial;
  readonly #options: UserOptions<Event>;
  #ready: number;
  readonly #pending: (() => void)[] = [];
  #finish: (() => void) | undefined;

  constructor(trial: Trial, options: UserOptions<Event>) {
    this.#trial = trial;
    this.#options = options;
    this.#ready = options.ready;
  }

  event(event: Event, done?: () => void): void {
    if (this.hasLeft) {
      this.#broken("nothing more when its user has left, or it is broken", shown(event));
      return;
    }
    if (this.told.length > 0) this.#broken("nothing behind its end", shown(event));
    const wrong = this.#options.wrong(event, this.events.length);
    if (wrong !== undefined) this.#broken("the events of its producer, each once, in order, and as they are", wrong);
    this.events.push(event);
    this.handle?.(this.events.length);
    if (this.#options.by !== "writing") return;
    if (typeof done !== "function") this.#broken("each event with a function that is called when it was taken", shown(done));
    else if (this.#ready > 0) {
      this.#ready -= 1;
      this.taken += 1;
      done();
    } else this.#pending.push(done);
  }

  end(done?: () => void): void {
    // A stage ends what it writes into when that has taken all; an observer may be told before.
    if (this.#options.isEndedByStage && this.#pending.length > 0) this.#broken("its end when it has taken the last event", `its end with ${this.#pending.length} of ${this.events.length} not taken`);
    this.#tell({ type: "end" });
    if (this.isLingering) this.#finish = done;
    else done?.();
  }

  error(error: unknown): void {
    this.#tell({ type: "error", error });
  }

  /** He is ready for so many events more. */
  take(count: number): void {
    this.#ready += count;
    while (this.#ready > 0 && this.#pending.length > 0) {
      this.#ready -= 1;
      this.taken += 1;
      this.#pending.shift()?.();
    }
    const { read } = this.#options;
    if (read !== undefined && !this.isReading) void this.#read(read);
  }

  /** He has taken all that he was given: nobody waits for him. */
  letGo(): void {
    for (const done of this.#pending.splice(0)) done();
  }

  /** The native side finishes after all. */
  finish(): void {
    this.isLingering = false;
    this.#finish?.();
  }

  async #read(read: () => Promise<IteratorResult<Event, unknown>>): Promise<void> {
    this.isReading = true;
    while (this.#ready > 0 && this.told.length === 0 && !this.hasLeft) {
      this.#ready -= 1;
      this.taken += 1;
      try {
        const result = await read();
        if (this.hasLeft && result.done !== true) continue;
        if (result.done === true) this.#tell({ type: "end" });
        else this.event(result.value);
      } catch (error) {
        this.#tell({ type: "error", error });
      }
    }
    this.isReading = false;
  }

  #tell(told: Told): void {
    this.#trial.note(`the native side is told: ${told.type === "error" ? `an error: ${shown(told.error)}` : "the end"}`);
    this.told.push(told);
  }

  #broken(expected: string, got: string): void {
    this.#trial.heard(this.#trial.violation("it", `give its native side ${expected}`, got));
  }
}
