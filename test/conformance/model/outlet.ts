import type { Rules } from "../rules.ts";
import type { Event, ProducerOptions, Reason, StageSut } from "../trace.ts";
import { AccountedFlow } from "./accounted-flow.ts";
import { Buffer } from "./buffer.ts";
import type { Dispatcher, DispatcherPorts } from "./dispatcher.ts";
import { BroadcastDispatcher } from "./dispatchers/broadcast.ts";
import { DemandDispatcher } from "./dispatchers/demand.ts";
import { hashOf } from "./dispatchers/hash.ts";
import { PartitionDispatcher } from "./dispatchers/partition.ts";
import { QueuedPartitionDispatcher } from "./dispatchers/queued-partition.ts";
import { StageEnd } from "./end.ts";
import type { Flow } from "./flow.ts";
import { outletOptions, type OutletOptions } from "./options.ts";
import type { Link, Partners } from "./partners.ts";
import { RecordedFlow } from "./recorded-flow.ts";
import type { Tape } from "./tape.ts";

/** What the producing half needs from the rest of the stage. */
export interface OutletSettings {
  readonly sut: StageSut;
  readonly rules: Rules;
  readonly tape: Tape;
  readonly partners: Partners;
  /** The callback of a producer; a producerConsumer has none. */
  readonly handleDemand: ((demand: number) => readonly Event[]) | undefined;
  /** Demand may have come: a producerConsumer looks at its input. */
  readonly demanded: () => void;
  /** Puts a message of the stage to itself behind what has arrived. */
  readonly post: (message: () => void) => void;
}

/** The producing half of a stage: its subscribers, and the flow of events to them. */
export class Outlet {
  readonly #settings: OutletSettings;
  readonly #dispatcher: Dispatcher;
  readonly #flow: Flow;
  readonly #subscribers = new Set<Link>();
  readonly #refused = new Set<Link>();
  #ending: Reason | undefined;

  constructor(settings: OutletSettings) {
    const { sut, rules, tape, handleDemand } = settings;
    const { dispatcher, bufferSize, bufferKeep, demand: mode } = outletOptions(sut);
    const infosAreEntries = bufferSize === Infinity && !rules.has("R15");
    this.#settings = settings;
    this.#dispatcher = this.#makeDispatcher(dispatcher);
    const flow = {
      buffer: new Buffer(bufferSize, bufferKeep, infosAreEntries),
      dispatcher: this.#dispatcher,
      mode,
      formatDiscarded: sut.formatDiscarded ?? "silent",
      handleDemand,
      tape,
    };
    const accountRule = ({ demand: "R3", broadcast: "R4", partition: "R10" } as const)[dispatcher.type];
    const accounted = rules.has(accountRule) || (sut.type === "producerConsumer" && rules.has("R1"));
    this.#flow = accounted ? new AccountedFlow(flow, rules) : new RecordedFlow(flow, rules);
  }

  #makeDispatcher(spec: OutletOptions["dispatcher"]): Dispatcher {
    const { rules, tape, partners, post } = this.#settings;
    const ports: DispatcherPorts = {
      deliver: (to, batch) => {
        if (batch.length === 0 && rules.has("R11")) return;
        if (partners.isAlive(to)) tape.send("received", to, batch);
      },
      // With the rule it is the stage's next callback, not a message behind others.
      inform: (message) => (rules.has("R15") ? tape.note("infos", message) : post(() => tape.note("infos", message))),
      askAgain: (from, demand) => post(() => this.ask(from, demand)),
      log: (log) => tape.note("logs", log),
    };
    if (spec.type === "demand") return new DemandDispatcher(ports, spec.maxDemand);
    if (spec.type === "broadcast") return new BroadcastDispatcher(ports);
    if (rules.has("R10")) {
      const { bufferSize } = outletOptions(this.#settings.sut);
      return new QueuedPartitionDispatcher(ports, hashOf(spec), bufferSize);
    }
    return new PartitionDispatcher(ports, hashOf(spec), rules.has("R15"));
  }

  /** The live subscriptions. */
  get subscribers(): readonly Link[] {
    return [...this.#subscribers];
  }

  get buffered(): number {
    return this.#flow.buffered;
  }

  get mayHandle(): boolean {
    return this.#flow.mayHandle;
  }

  get mode(): "forward" | "accumulate" {
    return this.#flow.mode;
  }

  setMode(mode: "forward" | "accumulate"): void {
    this.#flow.setMode(mode);
  }

  emit(events: readonly Event[]): void {
    if (!this.#isFailing()) this.#flow.emit(events);
  }

  info(message: string): void {
    this.#flow.info(message);
  }

  /** From now on only the buffer is delivered. An error is told to who comes then, and no callback runs. */
  drain(reason: Reason): void {
    this.#ending = reason;
  }

  /** `replaced`: the subscription that this one takes the place of is cancelled first. */
  subscribe(link: Link, options: ProducerOptions, replaced?: { readonly current: Link; readonly reason: Reason }): void {
    const { rules, tape } = this.#settings;
    if (this.#subscribers.has(link)) {
      tape.note("logs", { level: "error", kind: "duplicated-subscription", from: link.name });
      this.tell(link, "duplicated_subscription");
      return;
    }
    if (replaced) this.leave(replaced.current, "cancel", replaced.reason);
    if (this.#ending !== undefined && this.#isFailing()) {
      this.tell(link, this.#ending);
      return;
    }
    this.#subscribers.add(link);
    if (!rules.has("R17")) tape.note("handleSubscribe", link.name);
    const refusal = this.#join(link, options);
    if (refusal) {
      this.#refuse(link, refusal);
      return;
    }
    if (rules.has("R17")) tape.note("handleSubscribe", link.name);
    this.#asked(0);
  }

  #asked(demand: number): void {
    this.#flow.asked(demand);
    this.#settings.demanded();
  }

  #join(link: Link, options: ProducerOptions): Reason | undefined {
    try {
      return this.#dispatcher.subscribe(link, options);
    } catch (error) {
      if (error instanceof StageEnd && this.#settings.rules.has("R7")) return error.reason;
      throw error;
    }
  }

  #refuse(link: Link, reason: Reason): void {
    const { rules, tape } = this.#settings;
    this.#subscribers.delete(link);
    this.#refused.add(link);
    this.tell(link, reason);
    if (!rules.has("R17")) tape.note("handleCancel", [link.name, "cancel", reason]);
    // The original lets the dispatcher forget the process, although an older subscription of it lives.
    if (reason === "already_subscribed" && !rules.has("R6")) this.#asked(this.#dispatcher.cancel(link));
  }

  ask(link: Link, demand: number): void {
    if (this.#subscribers.has(link)) this.#asked(this.#dispatcher.ask(link, demand));
    else if (!this.#refused.has(link) || !this.#settings.rules.has("R20")) this.tell(link, "unknown_subscription");
  }

  /** The consumer has cancelled, or its process is gone. */
  leave(link: Link, kind: "cancel" | "down", reason: Reason): void {
    if (!this.#subscribers.delete(link)) return;
    this.tell(link, reason);
    if (!this.#isFailing()) this.#settings.tape.note("handleCancel", [link.name, kind, reason]);
    this.#asked(this.#dispatcher.cancel(link));
  }

  /** Sends a cancel to a consumer. */
  tell(link: Link, reason: Reason): void {
    if (this.#settings.partners.isAlive(link)) this.#settings.tape.send("cancels", link, reason);
  }

  #isFailing(): boolean {
    return this.#ending !== undefined && this.#ending !== "normal";
  }
}
