/**
 * A producer in its simplest form: messages one after the other, one account with the source, one with the consumers.
 *
 * After each message it delivers from its buffer what its dispatcher can take, and claims of its source what the consumers
 * have open beyond what is buffered and what the source has been asked for.
 */
import type { DispatchOptions } from "sluice";
import type { Oracle, Outcome } from "../oracles/oracle.ts";
import type { Token } from "../graph/token.ts";
import type { ProducerPlan, SourceCall } from "./plan.ts";

/** A consumer of the model. */
export class ModelConsumer {
  readonly options: DispatchOptions;
  readonly events: Token[] = [];
  /** How its subscription ended: `down` with the producer, `cancel` as an answer, `refused`. */
  end: "down" | "cancel" | "refused" | undefined;
  isSubscribed = false;

  constructor(options: DispatchOptions) {
    this.options = options;
  }
}

export class ProducerModel {
  readonly demands: number[] = [];
  emitted = 0;
  discarded = 0;
  dropped = 0;
  lost = 0;
  /** `failing`: an error waits for the buffer to drain. `closing`: the normal end is certain, and told in its turn. */
  state: "running" | "completing" | "failing" | "closing" | "normal" | "error" = "running";

  readonly #plan: ProducerPlan;
  readonly #oracle: Oracle<Token>;
  readonly #source: (demand: number) => { readonly emits: readonly Token[]; readonly returns: readonly Token[] };
  readonly #messages: (() => void)[] = [];
  readonly #consumers = new Set<ModelConsumer>();
  #buffer: Token[] = [];
  #mode: ProducerPlan["demand"];
  /** What the source was asked for and has not brought; what it will be asked for. */
  #owed = 0;
  readonly #claims: number[] = [];
  #isCompleted = false;

  constructor(plan: ProducerPlan, oracle: Oracle<Token>, source: (demand: number) => { readonly emits: readonly Token[]; readonly returns: readonly Token[] }) {
    this.#plan = plan;
    this.#oracle = oracle;
    this.#source = source;
    this.#mode = plan.demand;
  }

  get buffered(): number {
    return this.#buffer.length + this.#oracle.queued;
  }

  get isOver(): boolean {
    return this.state === "normal" || this.state === "error";
  }

  /** No more events may be given to it. */
  get isClosed(): boolean {
    return this.#isCompleted || this.state !== "running";
  }

  /** Puts a message behind the others. */
  post(message: () => void): void {
    this.#messages.push(message);
  }

  /** Handles all messages. */
  run(): void {
    for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
      message();
      this.#pump();
    }
  }

  // ---- messages

  subscribe(consumer: ModelConsumer, replaced?: ModelConsumer): void {
    if (replaced !== undefined) this.leave(replaced, "cancel");
    this.#pump();
    if (this.state === "failing" || this.isOver) {
      consumer.end = "down";
      return;
    }
    if (this.state === "closing") {
      this.#consumers.add(consumer);
      return;
    }
    if (!this.#oracle.subscribe(consumer, consumer, consumer.options)) {
      consumer.end = "refused";
      return;
    }
    consumer.isSubscribed = true;
    this.#consumers.add(consumer);
    this.#settle();
  }

  ask(consumer: ModelConsumer, demand: number): void {
    if (!consumer.isSubscribed) return;
    this.#note(this.#oracle.ask(consumer, demand));
    this.#settle();
  }

  leave(consumer: ModelConsumer, kind: "cancel" | "down"): void {
    if (consumer.end === undefined && kind === "cancel") consumer.end = "cancel";
    this.#consumers.delete(consumer);
    if (!consumer.isSubscribed) return;
    consumer.isSubscribed = false;
    this.#oracle.cancel(consumer);
    this.#settle();
  }

  emit(events: readonly Token[]): void {
    this.#accept(events, this.#plan.bufferKeep === undefined);
  }

  setMode(mode: ProducerPlan["demand"]): void {
    this.#mode = mode;
    this.#settle();
  }

  /** Said now, and done in its turn. */
  complete(): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    this.post(() => {
      if (this.state === "running") this.state = "completing";
    });
  }

  fail(): void {
    if (this.state === "running" || this.state === "completing") this.state = "failing";
  }

  // ---- the account

  /** `isBounded`: what does not fit is discarded, and fails the stage. What the source was asked for always fits. */
  #accept(events: readonly Token[], isBounded = false): void {
    this.emitted += events.length;
    if (this.state === "failing" || this.state === "closing" || this.isOver) {
      this.lost += events.length;
      return;
    }
    const owed = this.#owed;
    const paid = Math.min(owed, events.length);
    this.#owed -= paid;
    const before = this.discarded;
    const rest = this.#buffer.length === 0 && this.#mode === "forward" ? events.slice(this.#dispatch(events)) : events;
    const room = Math.max(0, this.#plan.bufferSize - this.buffered, owed - (events.length - rest.length));
    if (isBounded && rest.length > room) {
      this.#keep(rest.slice(0, room));
      this.discarded += rest.length - room;
      this.fail();
    } else this.#keep(rest);
    // Events that nobody owed serve the claims that the source has not heard of.
    let spare = events.length - paid - (this.discarded - before);
    while (spare > 0 && this.#claims[0] !== undefined) {
      const served = Math.min(spare, this.#claims[0]);
      spare -= served;
      this.#claims[0] -= served;
      if (this.#claims[0] === 0) this.#claims.shift();
    }
    this.#settle(true);
  }

  #keep(events: readonly Token[]): void {
    const { bufferKeep, bufferSize } = this.#plan;
    const all = [...this.#buffer, ...events];
    if (bufferKeep === undefined) this.#buffer = all;
    else {
      this.#buffer = bufferKeep === "first" ? all.slice(0, bufferSize) : all.slice(-bufferSize);
      this.discarded += all.length - this.#buffer.length;
    }
  }

  #settle(isBeforeOthers = false): void {
    while (this.#mode === "forward" && this.#buffer.length > 0) {
      const taken = this.#dispatch(this.#buffer.slice(0, this.#oracle.capacity));
      if (taken === 0) break;
      this.#buffer.splice(0, taken);
    }
    if (this.isClosed || this.#oracle.isFull) return;
    const claimed = this.#claims.reduce((sum, claim) => sum + claim, 0);
    const wanted = this.#oracle.capacity - this.#buffer.length - this.#owed - claimed;
    if (wanted <= 0) return;
    if (isBeforeOthers) this.#claims.unshift(wanted);
    else this.#claims.push(wanted);
  }

  #dispatch(events: readonly Token[]): number {
    const outcome = this.#oracle.dispatch(events);
    this.#note(outcome);
    return outcome.taken;
  }

  #note({ sent, again, dropped }: Outcome<Token>): void {
    this.dropped += dropped;
    for (const [consumer, events] of sent) (consumer as ModelConsumer).events.push(...events);
    for (const [consumer, count] of again) this.post(() => this.ask(consumer as ModelConsumer, count));
  }

  /** Calls the source while it has claims to hear, and ends when the end is due. */
  #pump(): void {
    while (!this.isClosed && this.#mode === "forward" && this.#plan.calls.length > 0) {
      const demand = this.#claims.shift();
      if (demand === undefined) break;
      this.demands.push(demand);
      this.#owed += demand;
      const { emits, returns } = this.#source(demand);
      if (emits.length > 0) this.emit(emits);
      this.#accept(returns);
    }
    const isDrained = this.buffered === 0;
    if (isDrained && this.state === "completing") {
      this.state = "closing";
      this.post(() => this.#end("normal"));
    }
    if (isDrained && this.state === "failing") this.#end("error");
  }

  #end(state: "normal" | "error"): void {
    this.state = state;
    for (const consumer of this.#consumers) {
      consumer.isSubscribed = false;
      consumer.end = "down";
    }
    this.#consumers.clear();
  }
}

/** The source of both: what its calls bring, out of a number of events. */
export class Source {
  #left: number;
  #calls = 0;
  readonly #plan: readonly SourceCall[];
  readonly #make: () => Token;

  constructor(plan: readonly SourceCall[], events: number, make: () => Token) {
    this.#plan = plan;
    this.#left = events;
    this.#make = make;
  }

  bring(demand: number): { readonly emits: readonly Token[]; readonly returns: readonly Token[] } {
    const { emits, more } = this.#plan[this.#calls % this.#plan.length] as SourceCall;
    this.#calls += 1;
    const first = this.#take(Math.min(emits, demand));
    return { emits: first, returns: this.#take(Math.max(0, demand - first.length + more)) };
  }

  #take(count: number): Token[] {
    const taken = Math.min(count, this.#left);
    this.#left -= taken;
    return Array.from({ length: taken }, this.#make);
  }
}
