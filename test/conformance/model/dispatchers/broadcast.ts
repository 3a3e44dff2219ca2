import type { Event, ProducerOptions, Reason } from "../../trace.ts";
import type { Dispatched, Dispatcher, DispatcherPorts } from "../dispatcher.ts";
import { crash } from "../end.ts";
import type { Link } from "../partners.ts";

type Selector = (event: Event) => boolean;

interface Demand {
  readonly link: Link;
  readonly selector: Selector | undefined;
  /** Beyond the common demand. */
  count: number;
}

/** Everybody gets every event, as many as the slowest has asked for. */
export class BroadcastDispatcher implements Dispatcher {
  readonly #ports: DispatcherPorts;
  #demands: Demand[] = [];
  // The common demand.
  #waiting = 0;
  // How much of the common demand has been passed upstream and not been dispatched yet.
  #requested = 0;
  readonly #processes = new Set<string>();

  constructor(ports: DispatcherPorts) {
    this.#ports = ports;
  }

  get open(): number {
    return this.#waiting;
  }

  get room(): number {
    return this.open;
  }

  readonly queued = 0;

  subscribe(link: Link, options: ProducerOptions): Reason | undefined {
    const selector = selectorOf(options);
    if (this.#processes.has(link.process)) {
      this.#ports.log({ level: "error", kind: "already-subscribed" });
      return "already_subscribed";
    }
    this.#processes.add(link.process);
    // Who joins has asked for nothing, so the common demand is zero; the others keep theirs.
    for (const demand of this.#demands) demand.count += this.#waiting;
    this.#waiting = 0;
    this.#demands.unshift({ link, selector, count: 0 });
    return undefined;
  }

  cancel(link: Link): number {
    this.#processes.delete(link.process);
    this.#demands = this.#demands.filter((demand) => demand.link !== link);
    if (this.#demands.length > 0) return this.#sync();
    this.#waiting = 0;
    return 0;
  }

  ask(link: Link, demand: number): number {
    const index = this.#demands.findIndex((candidate) => candidate.link === link);
    const [asking] = this.#demands.splice(index, 1);
    if (asking) this.#demands.unshift({ ...asking, count: asking.count + demand });
    return this.#sync();
  }

  dispatch(events: readonly Event[]): Dispatched {
    const batch = events.slice(0, this.#waiting);
    if (batch.length === 0) return { rest: events, dropped: 0 };
    for (const { link, selector } of this.#demands) {
      const selected = selector ? batch.filter(selector) : batch;
      // What a selector refuses was not delivered, so it is asked for again.
      if (selected.length < batch.length) this.#ports.askAgain(link, batch.length - selected.length);
      this.#ports.deliver(link, selected);
    }
    this.#waiting -= batch.length;
    this.#requested -= batch.length;
    return { rest: events.slice(batch.length), dropped: 0 };
  }

  info(message: string): void {
    this.#ports.inform(message);
  }

  /** Moves what all have asked for into the common demand. */
  #sync(): number {
    const common = Math.max(0, Math.min(...this.#demands.map(({ count }) => count)));
    for (const demand of this.#demands) demand.count -= common;
    this.#waiting += common;
    const request = Math.max(0, this.#waiting - this.#requested);
    this.#requested += request;
    return request;
  }
}

function selectorOf({ selector }: ProducerOptions): Selector | undefined {
  if (selector === undefined) return undefined;
  if (selector === "even") return (event) => Number(event) % 2 === 0;
  if (selector === "odd") return (event) => Number(event) % 2 !== 0;
  if (selector.startsWith("gt:")) return (event) => Number(event) > Number(selector.slice(3));
  throw crash("ArgumentError");
}
