/** A producer and its consumers as a small sequential program. */
import type { JoinPlan, Step } from "./plan.ts";

/** Events of one list; how often they have been tried. */
interface List {
  readonly events: readonly number[];
  readonly times: number;
}

/** `told`: no more will come. `leaving`: it has failed or is stopped, and waits for its calls. */
type State = "up" | "told" | "leaving" | "gone";

class Consumer {
  readonly plan: JoinPlan;
  demand = 0;
  /** Since when it has this demand. */
  since = 0;
  lists: List[] = [];
  readonly handled: Set<number> = new Set<number>();
  /** How many of its events are in calls that have begun, with all before them. */
  begun = 0;
  /** Calls that have not settled, in order. */
  calls: (readonly number[])[] = [];
  received = 0;
  handledCount = 0;
  returned = 0;
  state: State = "up";

  constructor(plan: JoinPlan) {
    this.plan = plan;
  }

  get events(): readonly number[] {
    return this.lists.flatMap(({ events }) => events);
  }

  /** Its mail waits: what it has received is not known. */
  get isBlocked(): boolean {
    return this.calls.length > 0 && (this.plan.handler === "batch" || this.plan.handler === 1);
  }

  get isDone(): boolean {
    return this.begun === this.events.length && this.calls.length === 0;
  }

  /** Begins what can be begun. */
  begin(): void {
    const { handler } = this.plan;
    while (this.begun < this.events.length && this.calls.length < (handler === "batch" ? 1 : handler)) {
      const call = handler === "batch" ? this.#listAt(this.begun) : this.events.slice(this.begun, this.begun + 1);
      this.begun += call.length;
      this.calls.push(call);
    }
  }

  #listAt(place: number): readonly number[] {
    let from = 0;
    for (const { events } of this.lists) {
      if (from === place) return events;
      from += events.length;
    }
    return [];
  }

  /** What is not handled, in order. */
  giveBack(): List[] {
    let from = 0;
    const back = this.lists.flatMap(({ events, times }) => {
      const tried = Math.max(0, this.begun - from);
      from += events.length;
      const left = (some: readonly number[]): readonly number[] => some.filter((event) => !this.handled.has(event));
      return [
        { events: left(events.slice(0, tried)), times: times + 1 },
        { events: left(events.slice(tried)), times },
      ].filter((list) => list.events.length > 0);
    });
    this.state = "gone";
    this.calls = [];
    this.returned += back.reduce((sum, { events }) => sum + events.length, 0);
    return back;
  }
}

export class Model {
  readonly consumers: Consumer[] = [];
  readonly failed: number[] = [];
  emitted = 0;
  isCompleted = false;
  hasEnded = false;
  /** In the order in which they will go; those that were not tried make one list with those behind them. */
  buffer: List[] = [];
  #clock = 0;
  /** In the order of their deadlines; some are gone. */
  readonly #leaving: Consumer[] = [];

  step(step: Step): void {
    const consumer = "consumer" in step ? this.consumers[step.consumer % this.consumers.length] : undefined;
    switch (step.type) {
      case "emit":
        if (!this.isCompleted) this.#emit(step.count);
        break;
      case "join":
        if (!this.hasEnded) this.consumers.push(new Consumer(step.plan));
        break;
      case "ask":
        if (consumer?.state === "up") this.#ask(consumer, step.count);
        break;
      case "handle":
      case "crash":
        if (consumer !== undefined) this.#settle(consumer, step.call, step.type === "crash");
        break;
      case "stop":
        if (consumer?.state === "up" || consumer?.state === "told") this.#leave(consumer);
        break;
      case "wait":
        for (const each of this.#leaving.splice(0)) {
          if (each.state !== "leaving") continue;
          this.#takeBack(each);
          this.#drain();
          this.#advance();
        }
        break;
      case "complete":
        this.isCompleted = true;
    }
    this.#drain();
    this.#advance();
  }

  get buffered(): number[] {
    return this.buffer.flatMap(({ events }) => events);
  }

  #emit(count: number): void {
    const events = Array.from({ length: count }, (_, place) => this.emitted + place);
    this.emitted += count;
    this.buffer.push({ events, times: 0 });
  }

  #ask(consumer: Consumer, count: number): void {
    consumer.demand += count;
    consumer.since = this.#clock += 1;
  }

  #settle(consumer: Consumer, number: number, hasFailed: boolean): void {
    if (consumer.calls.length === 0) return;
    const [call = []] = consumer.calls.splice(number % consumer.calls.length, 1);
    if (!hasFailed) {
      for (const event of call) consumer.handled.add(event);
      consumer.handledCount += call.length;
    }
    if (consumer.state === "leaving") {
      if (consumer.calls.length === 0) this.#takeBack(consumer);
    } else if (hasFailed) this.#leave(consumer);
    else consumer.begin();
  }

  #leave(consumer: Consumer): void {
    consumer.state = "leaving";
    this.#leaving.push(consumer);
    if (consumer.calls.length === 0) this.#takeBack(consumer);
  }

  #takeBack(consumer: Consumer): void {
    for (const { events, times } of consumer.giveBack().toReversed()) {
      if (times > consumer.plan.maxRedeliveries) this.failed.push(...events);
      else this.buffer.unshift({ events, times });
    }
  }

  /** Each list goes to whoever has asked for the most, among equals to the one who has for the longest. */
  #drain(): void {
    for (;;) {
      const up = this.consumers.filter(({ state, demand }) => state === "up" && demand > 0);
      const [first] = this.buffer;
      if (up.length === 0 || first === undefined) return;
      let list = this.#take(up.reduce((sum, { demand }) => sum + demand, 0));
      while (list.events.length > 0) {
        const next = up.toSorted((one, other) => other.demand - one.demand || one.since - other.since)[0] as Consumer;
        const events = list.events.slice(0, next.demand);
        next.demand -= events.length;
        next.since = this.#clock += 1;
        next.lists.push({ events, times: list.times });
        next.received += events.length;
        next.begin();
        list = { events: list.events.slice(events.length), times: list.times };
      }
    }
  }

  #take(most: number): List {
    const { times } = this.buffer[0] as List;
    const events = this.#takeFirst(most);
    // What has come back goes as a list of its own.
    if (times > 0) return { events, times };
    while (events.length < most && this.buffer[0]?.times === 0) events.push(...this.#takeFirst(most - events.length));
    return { events, times };
  }

  #takeFirst(most: number): number[] {
    const { events, times } = this.buffer.shift() as List;
    if (events.length > most) this.buffer.unshift({ events: events.slice(most), times });
    return events.slice(0, most);
  }

  /** Towards the end: who may give back is told, and waited for. */
  #advance(): void {
    for (const each of this.consumers) if (each.state === "told" && each.isDone) each.state = "gone";
    if (!this.isCompleted || this.buffer.length > 0) return;
    if (this.consumers.some(({ state }) => state === "leaving" || state === "told")) return;
    const up = this.consumers.filter(({ state }) => state === "up");
    for (const each of up) each.state = "told";
    if (up.length > 0) this.#advance();
    else this.hasEnded = true;
  }
}
