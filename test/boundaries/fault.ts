/** A fault of faults.md that is marked M, as it is run on a pair. */
import type { Mismatch } from "./mismatch.ts";
import { Scene, type Play } from "./scene.ts";
import type { Watch } from "./watch.ts";
import type { WayIn, WayOut } from "./ways.ts";

/** An interface that a fault is about: where the pair has none, there is no cell. */
export type Needs = "an iterator in" | "a reader out" | "a high-water mark";

export interface Fault {
  readonly code: number;
  readonly sentence: string;
  readonly needs?: Needs;
  /** Why it does not apply to a pair. */
  readonly unfit?: (wayIn: WayIn, wayOut: WayOut) => string | undefined;
  run(pair: Pair): Promise<void>;
}

/** A way in and a way out, on which runs are made. */
export class Pair {
  readonly wayIn: WayIn;
  readonly wayOut: WayOut;
  readonly mismatches: Mismatch[] = [];
  /** How many runs were made. */
  runs = 0;
  /** How many events the runs of very many have: fewer in a cover. */
  readonly long: number;
  readonly #watch: Watch;

  constructor(wayIn: WayIn, wayOut: WayOut, watch: Watch, long: number) {
    this.wayIn = wayIn;
    this.wayOut = wayOut;
    this.long = long;
    this.#watch = watch;
  }

  get isBytes(): boolean {
    return this.wayIn.carries === "bytes" || this.wayOut.carries === "bytes";
  }

  async play(name: string, play: Play): Promise<void> {
    this.runs += 1;
    this.#watch.clear();
    let scene: Scene | undefined;
    try {
      scene = new Scene(this.wayIn, this.wayOut, name, play, this.#watch);
      await scene.run();
    } catch (error) {
      this.mismatches.push({ run: name, what: "the case", expected: "run to its end", got: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    if (scene !== undefined) this.mismatches.push(...scene.mismatches);
  }
}
