import type { Rules } from "../rules.ts";
import type { Event, Expectation, OnDemand, StageStep, StageSut } from "../trace.ts";
import { crash, isShutdown, StageEnd } from "./end.ts";
import { Inlet } from "./inlet.ts";
import { Outlet } from "./outlet.ts";
import { Partners, type Link } from "./partners.ts";
import { Tape } from "./tape.ts";

/** One stage, played by its partners: handles the messages of a step, then those that it sent to itself. */
export class Stage {
  readonly #sut: StageSut;
  readonly #rules: Rules;
  readonly #tape = new Tape();
  readonly #consumers = new Partners();
  readonly #producers = new Partners();
  readonly #inlet: Inlet | undefined;
  readonly #outlet: Outlet | undefined;
  readonly #inbox: (() => void)[] = [];
  #nextEvent = 0;
  // Rule R2: its producer has ended, and only the buffer keeps the stage alive.
  #draining: StageEnd | undefined;

  constructor(sut: StageSut, rules: Rules) {
    this.#sut = sut;
    this.#rules = rules;
    const common = { sut, rules, tape: this.#tape, post: (message: () => void) => this.#post(message) };
    if (sut.type !== "consumer") {
      this.#outlet = new Outlet({
        ...common,
        partners: this.#consumers,
        handleDemand: sut.type === "producer" ? (demand) => this.#handleDemand(demand) : undefined,
        demanded: () => this.#inlet?.pump(),
      });
    }
    if (sut.type !== "producer") {
      this.#inlet = new Inlet({
        ...common,
        partners: this.#producers,
        mayHandle: () => this.#outlet?.mayHandle ?? true,
        handle: (from, batch) => this.#handleEvents(from, batch),
        info: (message) => this.#info(message),
      });
    }
  }

  /** Plays one step, until the inbox is empty, and tells what it brought about. */
  play(step: StageStep): Expectation {
    this.#send(step);
    for (let handle = this.#inbox.shift(); handle; handle = this.#inbox.shift()) {
      const end = this.#run(handle);
      if (end) return this.#end(end);
    }
    const { buffered = 0 } = this.#outlet ?? {};
    return this.#tape.cut(buffered > 0 ? { buffered } : {});
  }

  /** Handles one message. Answers with the end of the stage, if this was it. */
  #run(handle: () => void): StageEnd | undefined {
    try {
      handle();
    } catch (error) {
      if (!(error instanceof StageEnd)) throw error;
      if (!this.#drainsBefore(error)) return error;
      this.#draining = error;
      if (error.reason === "normal") this.#inlet?.finish(error.reason);
      else this.#inlet?.close(error.reason);
      this.#outlet?.drain(error.reason);
      this.#inlet?.pump();
    }
    return this.#outlet?.buffered === 0 && this.#inlet?.isEmpty !== false ? this.#draining : undefined;
  }

  #drainsBefore({ reason, by }: StageEnd): boolean {
    if (!this.#inlet || !this.#outlet) return false;
    const hasTail = this.#outlet.buffered > 0 || (reason === "normal" && !this.#inlet.isEmpty);
    return this.#rules.has("R2") && hasTail && by !== undefined && !isShutdown(reason);
  }

  #end({ reason }: StageEnd): Expectation {
    if (this.#rules.has("R12")) {
      this.#inlet?.close(reason);
      for (const link of this.#outlet?.subscribers ?? []) this.#outlet?.tell(link, reason);
    }
    return this.#tape.cut({ stopped: reason });
  }

  // ── Callbacks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #handleDemand(demand: number): readonly Event[] {
    this.#tape.note("demands", demand);
    const count = countOf(this.#sut.onDemand, demand);
    return Array.from({ length: count }, () => this.#nextEvent++);
  }

  #handleEvents(from: Link, batch: readonly Event[]): void {
    this.#tape.note("handled", [from.name, batch]);
    this.#emit(this.#sut.type === "consumer" ? (this.#sut.emits ?? []) : outputOf(this.#sut.onEvents, batch));
  }

  #emit(events: readonly Event[]): void {
    if (this.#outlet) this.#outlet.emit(events);
    else if (events.length > 0) this.#tape.note("logs", { level: "error", kind: "consumer-cannot-emit" });
  }

  #info(message: string): void {
    if (this.#outlet) this.#outlet.info(message);
    else this.#post(() => this.#tape.note("infos", message));
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #post(message: () => void): void {
    this.#inbox.push(message);
  }

  /** Puts the messages of a step into the inbox. A name means the subscription that has it when the message is sent. */
  #send(step: StageStep): void {
    switch (step.do) {
      case "burst":
        for (const each of step.steps) this.#send(each);
        return;
      case "start":
        for (const subscription of this.#sut.subscribeTo ?? []) this.#post(() => this.#inlet?.subscribe(subscription));
        return;
      case "emit":
      case "emitCall":
        return this.#post(() => this.#emit(step.events));
      case "demandMode":
        return this.#post(() => this.#setDemandMode(step.mode));
      case "getDemandMode":
        if (this.#sut.type === "consumer" && this.#rules.has("R19")) return;
        return this.#post(() => this.#tape.reply(this.#demandMode()));
      case "info":
        return this.#post(() => (this.#inlet ? this.#inlet.info(step.message) : this.#info(step.message)));
      case "stop":
        return this.#post(() => {
          throw new StageEnd(step.reason);
        });
      case "subscribe":
      case "resubscribe":
      case "ask":
      case "cancel":
      case "down":
        return this.#outlet ? this.#sendToOutlet(this.#outlet, step) : this.#refuse("consumer-got-producer-message");
      case "subscribeTo":
        if (this.#inlet) return this.#sendToInlet(this.#inlet, step);
        if (!this.#rules.has("R19")) this.#tape.reply({ error: "not_a_consumer" });
        return this.#refuse("producer-cannot-subscribe");
      default:
        return this.#inlet ? this.#sendToInlet(this.#inlet, step) : this.#refuse("producer-got-consumer-message");
    }
  }

  #refuse(kind: string): void {
    if (this.#rules.has("R19")) return;
    this.#post(() => this.#tape.note("logs", { level: "error", kind }));
  }

  #sendToOutlet(outlet: Outlet, step: StepOf<"subscribe" | "resubscribe" | "ask" | "cancel" | "down">): void {
    const consumers = this.#consumers;
    switch (step.do) {
      case "subscribe": {
        const { consumer, process, options = {}, duplicate } = step;
        if (duplicate && this.#rules.has("R19")) return;
        const link = duplicate ? consumers.link(consumer) : consumers.open(consumer, process);
        return this.#post(() => outlet.subscribe(link, options));
      }
      case "resubscribe": {
        const { to, process, options = {}, reason } = step;
        const current = consumers.link(step.from);
        const link = consumers.open(to, process);
        return this.#post(() => outlet.subscribe(link, options, { current, reason }));
      }
      case "ask": {
        const link = consumers.link(step.consumer);
        if (this.#rules.has("R19") && !consumers.wasOpened(link)) return;
        return this.#post(() => outlet.ask(link, step.demand));
      }
      case "cancel": {
        const link = consumers.link(step.consumer);
        return this.#post(() => outlet.leave(link, "cancel", step.reason));
      }
      case "down": {
        consumers.kill(step.consumer);
        const links = outlet.subscribers.filter((link) => link.process === step.consumer);
        for (const link of links) this.#post(() => outlet.leave(link, "down", step.reason));
      }
    }
  }

  #sendToInlet(
    inlet: Inlet,
    step: StepOf<
      | "subscribeTo"
      | "subscribeToDead"
      | "events"
      | "producerCancel"
      | "producerDown"
      | "consumerAsk"
      | "cancelSubscription"
    >,
  ): void {
    const link = this.#producers.link(step.producer);
    switch (step.do) {
      case "subscribeTo":
        return this.#post(() => {
          if (!inlet.subscribe(step)) this.#tape.reply({ error: { error: "bad_opts" } });
        });
      case "subscribeToDead":
        if (step.how === "name" && this.#rules.has("R19")) return;
        return this.#post(() => inlet.subscribeToDead(step.producer, step.how, step.options));
      case "events":
        if (this.#rules.has("R19") && !this.#producers.wasOpened(link)) return;
        return this.#post(() => inlet.received(link, step.events));
      case "producerCancel":
        return this.#post(() => inlet.cancelled(link, "cancel", step.reason));
      case "producerDown": {
        this.#producers.kill(step.producer);
        const links = inlet.producers.filter(({ process }) => process === step.producer);
        for (const each of links) this.#post(() => inlet.cancelled(each, "down", step.reason));
        return;
      }
      case "consumerAsk":
        if (this.#rules.has("R19") && !this.#producers.wasOpened(link)) return;
        return this.#post(() => inlet.ask(link, step.demand));
      case "cancelSubscription":
        if (this.#rules.has("R19") && !this.#producers.wasOpened(link)) return;
        return this.#post(() => inlet.leave(link, step.reason));
    }
  }

  #setDemandMode(mode: "forward" | "accumulate"): void {
    if (this.#sut.type === "producer") this.#outlet?.setMode(mode);
    else if (this.#sut.type === "consumer" && this.#rules.has("R19")) return;
    else if (this.#sut.type === "consumer" || mode === "accumulate") {
      this.#tape.note("logs", { level: "error", kind: "demand-mode-not-a-producer" });
    }
  }

  #demandMode(): "forward" | "accumulate" {
    // The original has no clause for it.
    if (this.#sut.type === "producerConsumer" && !this.#rules.has("R9")) throw crash("FunctionClauseError");
    return this.#outlet?.mode ?? "forward";
  }
}

type StepOf<Name extends StageStep["do"]> = Extract<StageStep, { readonly do: Name }>;

function countOf(onDemand: OnDemand = "none", demand: number): number {
  if (onDemand === "none") return 0;
  if (onDemand === "counter") return demand;
  return "chunk" in onDemand ? onDemand.chunk : Math.min(demand, onDemand.atMost);
}

function outputOf(onEvents: StageSut["onEvents"], batch: readonly Event[]): readonly Event[] {
  switch (onEvents) {
    case "identity":
      return batch;
    case "double":
      return batch.flatMap((event) => [event, event]);
    case "evens":
      return batch.filter((event) => Number(event) % 2 === 0);
    default:
      return [];
  }
}
