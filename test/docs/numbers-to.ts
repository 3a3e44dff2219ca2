import { NORMAL, OUTLET, post, type ExitReason, type Port, type Subscribable, type Subscriber, type Upward } from "sluice";

/** A producer that gives each consumer the numbers from 0 up to, not including, `end`. */
export function numbersTo(end: number): Subscribable<number> {
  return {
    [OUTLET]: {
      name: "numbers",
      dispatchOptions: [],
      connect(subscriber, replaces) {
        const wire = new Numbers(subscriber, end);
        post(wire, { type: "subscribe", ...(replaces && { replaces }) });
        return wire;
      },
      released: () => Promise.resolve(),
    },
  };
}

class Numbers implements Port<Upward> {
  readonly #subscriber: Subscriber<number>;
  readonly #end: number;
  #next = 0;
  #isOver = false;

  constructor(subscriber: Subscriber<number>, end: number) {
    this.#subscriber = subscriber;
    this.#end = end;
  }

  receive(message: Upward): void {
    // What crossed the end of the wire.
    if (this.#isOver) return;
    if (typeof message === "number") this.#send(message);
    else if (message.type === "subscribe") {
      const { port, reason } = message.replaces ?? {};
      if (port instanceof Numbers && reason) port.#over("cancel", reason);
      this.#send(0);
    } else if (message.type === "cancel" && message.kind === "cancel") this.#over("cancel", message.reason);
    else this.#isOver = true;
  }

  #send(demand: number): void {
    const count = Math.min(demand, this.#end - this.#next);
    if (count > 0) post(this.#subscriber, Array.from({ length: count }, () => this.#next++));
    if (this.#next === this.#end) this.#over("down", NORMAL);
  }

  #over(kind: "cancel" | "down", reason: ExitReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    post(this.#subscriber, { type: "cancel", kind, reason });
  }
}
