import type { Event } from "../trace.ts";

type Entry =
  | { readonly type: "event"; readonly event: Event; infos: readonly string[] }
  | { readonly type: "info"; readonly message: string };

/** What a look into the buffer gave: events, and the infos that were waiting right behind the last of them. */
export interface Taken {
  readonly events: readonly Event[];
  readonly infos: readonly string[];
}

/** Events that nobody has asked for yet, and the infos that wait behind them. */
export class Buffer {
  readonly #size: number;
  readonly #keep: "first" | "last";
  readonly #infosAreEntries: boolean;
  readonly #entries: Entry[] = [];

  /**
   * `infosAreEntries`: an info is an entry of its own, which counts and needs demand to be reached.
   * Otherwise it travels with the event before it, even when that one is discarded.
   */
  constructor(size: number, keep: "first" | "last", infosAreEntries: boolean) {
    this.#size = size;
    this.#keep = keep;
    this.#infosAreEntries = infosAreEntries;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Stores events as far as the bound allows, and tells how many it cost and which infos that set free. */
  add(events: readonly Event[]): { readonly discarded: number; readonly infos: readonly string[] } {
    const infos: string[] = [];
    let discarded = 0;
    for (const event of events) {
      if (this.#entries.length < this.#size) {
        this.#entries.push({ type: "event", event, infos: [] });
        continue;
      }
      discarded += 1;
      if (this.#keep === "last") {
        infos.push(...infosOf(this.#entries.shift()));
        this.#entries.push({ type: "event", event, infos: [] });
      }
    }
    return { discarded, infos };
  }

  /** Lets an info wait behind what is buffered. False if nothing is. */
  addInfo(message: string): boolean {
    const last = this.#entries.at(-1);
    if (last === undefined) return false;
    if (this.#infosAreEntries || last.type === "info") this.#entries.push({ type: "info", message });
    else last.infos = [...last.infos, message];
    return true;
  }

  /** Takes up to `limit` events, but none beyond an info. Undefined if there is nothing to take. */
  take(limit: number): Taken | undefined {
    if (limit === 0 || this.#entries.length === 0) return undefined;
    const events: Event[] = [];
    while (events.length < limit) {
      const entry = this.#entries.shift();
      if (entry === undefined) break;
      if (entry.type === "event") events.push(entry.event);
      const infos = infosOf(entry);
      if (infos.length > 0) return { events, infos };
    }
    return { events, infos: [] };
  }

  /** Puts back what could not be delivered, ahead of everything else. */
  putBack({ events, infos }: Taken): void {
    const last = events.length - 1;
    this.#entries.unshift(
      ...events.map((event, i): Entry => ({ type: "event", event, infos: i === last ? infos : [] })),
    );
  }
}

function infosOf(entry: Entry | undefined): readonly string[] {
  if (entry === undefined) return [];
  return entry.type === "info" ? [entry.message] : entry.infos;
}
