import type { Rules } from "../rules.ts";
import type { ConsumerOptions, Event, Reason, SubscribeToStep } from "../trace.ts";
import { DemandWindow } from "./demand-window.ts";
import { isOrderly, StageEnd } from "./end.ts";
import { inletOptions, type InletOptions } from "./options.ts";
import type { Link, Partners } from "./partners.ts";
import type { Tape } from "./tape.ts";

/** What the consuming half needs from the rest of the stage. */
export interface InletSettings {
  readonly rules: Rules;
  readonly tape: Tape;
  readonly partners: Partners;
  /** True while the stage may handle what has arrived: always for a consumer, on demand for a producerConsumer. */
  readonly mayHandle: () => boolean;
  /** Runs handleEvents and emits what it returns. */
  readonly handle: (from: Link, batch: readonly Event[]) => void;
  /** Takes an info whose turn has come. */
  readonly info: (message: string) => void;
  /** Puts a message of the stage to itself behind what has arrived. */
  readonly post: (message: () => void) => void;
}

interface Producer {
  readonly cancel: InletOptions["cancel"];
  /** Absent if the stage asks by hand. */
  readonly window: DemandWindow | undefined;
}

type Entry =
  | { readonly type: "events"; readonly link: Link; readonly events: readonly Event[] }
  | { readonly type: "cancel"; readonly run: () => void }
  | { readonly type: "info"; readonly message: string };

/** The consuming half of a stage: its subscriptions to producers, and what has arrived from them. */
export class Inlet {
  readonly #settings: InletSettings;
  readonly #producers = new Map<Link, Producer>();
  // The stage itself has cancelled or replaced them, and the producer has not confirmed yet.
  readonly #leaving = new Set<Link>();
  #queue: Entry[] = [];

  constructor(settings: InletSettings) {
    this.#settings = settings;
  }

  /** The live subscriptions. */
  get producers(): readonly Link[] {
    return [...this.#producers.keys()];
  }

  /** False if an option is bad. */
  subscribe({ producer, process, options = {}, current, reason = "normal" }: Omit<SubscribeToStep, "do">): boolean {
    const checked = this.#check(options);
    if (checked === undefined) return false;
    const replaced = this.#settings.partners.link(current ?? producer);
    const link = this.#settings.partners.open(producer, process);
    this.#settings.tape.send("subscribes", link, current === undefined ? null : { current, reason });
    if (current !== undefined) this.#leaving.add(replaced);
    this.#add(link, checked);
    return true;
  }

  /** Subscribes to a process that has died, or to a name that nobody has. */
  subscribeToDead(producer: string, how: "pid" | "name", options: ConsumerOptions = {}): void {
    const checked = this.#check(options);
    if (checked === undefined) return;
    if (how === "name") {
      if (checked.cancel === "temporary") return;
      this.#settings.tape.note("logs", { level: "error", kind: "producer-not-alive" });
      throw new StageEnd("noproc");
    }
    const link = this.#settings.partners.open(producer);
    this.#settings.partners.kill(link.process);
    this.#add(link, checked);
    this.#settings.post(() => this.cancelled(link, "down", "noproc"));
  }

  #check(options: ConsumerOptions): InletOptions | undefined {
    const isKnown = Object.keys(options).every((name) => KNOWN.includes(name));
    const checked = isKnown || !this.#settings.rules.has("R21") ? inletOptions(options) : undefined;
    if (checked === undefined && !this.#settings.rules.has("R13")) {
      this.#settings.tape.note("logs", { level: "error", kind: "invalid-subscribe-option" });
    }
    return checked;
  }

  #add(link: Link, { maxDemand, minDemand, cancel, manual }: InletOptions): void {
    this.#settings.tape.note("handleSubscribe", link.name);
    if (!manual) this.ask(link, maxDemand);
    this.#producers.set(link, { cancel, window: manual ? undefined : new DemandWindow(minDemand, maxDemand) });
  }

  ask(link: Link, demand: number): void {
    if (this.#leaving.has(link) && this.#settings.rules.has("R18")) return;
    if (demand > 0 && this.#settings.partners.isAlive(link)) this.#settings.tape.send("asks", link, demand);
  }

  /** The stage wants to end the subscription. */
  leave(link: Link, reason: Reason): void {
    if (this.#leaving.has(link) && this.#settings.rules.has("R18")) return;
    this.#leaving.add(link);
    this.cancel(link, reason);
  }

  /** Asks the producer to end the subscription. It lives until the producer confirms. */
  cancel(link: Link, reason: Reason): void {
    if (this.#settings.partners.isAlive(link)) this.#settings.tape.send("cancelsUp", link, reason);
  }

  received(link: Link, events: readonly Event[]): void {
    if (!this.#producers.has(link)) {
      this.cancel(link, "unknown_subscription");
      return;
    }
    this.#queue.push({ type: "events", link, events });
    this.pump();
  }

  /** The producer has ended the subscription. This waits behind the events that are still to be handled. */
  cancelled(link: Link, kind: "cancel" | "down", reason: Reason): void {
    const producer = this.#producers.get(link);
    if (producer === undefined) return;
    this.#producers.delete(link);
    const run = (): void => {
      this.#settings.tape.note("handleCancel", [link.name, kind, reason]);
      if (producer.cancel === "temporary" || (producer.cancel === "transient" && isOrderly(reason))) return;
      if (reason === "already_subscribed") return;
      this.#settings.tape.note("logs", { level: "notice", kind: "consumer-stopping", reason });
      throw new StageEnd(reason, link);
    };
    if (this.#queue.length === 0) run();
    else this.#queue.push({ type: "cancel", run });
  }

  info(message: string): void {
    if (this.#queue.length === 0) this.#settings.info(message);
    else this.#queue.push({ type: "info", message });
  }

  /** Handles what has arrived, a whole entry at a time, for as long as the stage may. */
  pump(): void {
    while (this.#settings.mayHandle()) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      if (entry.type === "info") this.#settings.info(entry.message);
      else if (entry.type === "cancel") entry.run();
      else this.#handle(entry.link, entry.events);
    }
  }

  #handle(link: Link, events: readonly Event[]): void {
    const reportExcess = (count: number): void =>
      this.#settings.tape.note("logs", { level: "error", kind: "excess-events", count, from: link.name });
    // The queued events of a producer that is gone come as one batch, as those of a manual subscription do.
    const window = this.#producers.get(link)?.window;
    for (const { batch, ask } of window?.split(events, reportExcess) ?? [{ batch: events, ask: 0 }]) {
      this.#settings.handle(link, batch);
      this.ask(link, ask);
    }
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Ends all subscriptions at once; what has arrived is still handled. */
  finish(reason: Reason): void {
    const isQuiet = (link: Link): boolean => this.#leaving.has(link) && this.#settings.rules.has("R18");
    for (const link of this.producers) if (!isQuiet(link)) this.cancel(link, reason);
    this.#producers.clear();
  }

  /** Ends all subscriptions at once, and drops what has arrived. */
  close(reason: Reason): void {
    this.finish(reason);
    this.#queue = [];
  }
}

const KNOWN = ["maxDemand", "minDemand", "cancel", "manual"];
