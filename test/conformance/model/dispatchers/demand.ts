import type { Event } from "../../trace.ts";
import type { Dispatched, Dispatcher, DispatcherPorts } from "../dispatcher.ts";
import type { Link } from "../partners.ts";

interface Demand {
  readonly link: Link;
  count: number;
}

/** Serves the consumer with the most demand; among equals the one that reached that level first. */
export class DemandDispatcher implements Dispatcher {
  readonly #ports: DispatcherPorts;
  #maxDemand: number | undefined;
  // Highest first.
  readonly #demands: Demand[] = [];
  // Demand that leavers left behind: passed upstream already, so the next asks are reduced by it.
  #pending = 0;

  constructor(ports: DispatcherPorts, maxDemand: number | undefined) {
    this.#ports = ports;
    this.#maxDemand = maxDemand;
  }

  get open(): number {
    return this.#demands.reduce((sum, { count }) => sum + count, 0);
  }

  get room(): number {
    return this.open;
  }

  readonly queued = 0;

  subscribe(link: Link): undefined {
    this.#demands.push({ link, count: 0 });
  }

  cancel(link: Link): number {
    this.#pending += this.#remove(link);
    return 0;
  }

  ask(link: Link, demand: number): number {
    this.#maxDemand ??= demand;
    if (demand > this.#maxDemand) {
      this.#ports.log({ level: "warning", kind: "ask-over-max", max: this.#maxDemand, asked: demand });
    }
    this.#insert(link, this.#remove(link) + demand);
    const alreadySent = Math.min(this.#pending, demand);
    this.#pending -= alreadySent;
    return demand - alreadySent;
  }

  dispatch(events: readonly Event[]): Dispatched {
    let rest = events;
    for (let first = this.#demands[0]; rest.length > 0 && first && first.count > 0; first = this.#demands[0]) {
      const batch = rest.slice(0, first.count);
      rest = rest.slice(batch.length);
      this.#ports.deliver(first.link, batch);
      this.#insert(first.link, this.#remove(first.link) - batch.length);
    }
    this.#pending = Math.max(0, this.#pending - rest.length);
    return { rest, dropped: 0 };
  }

  info(message: string): void {
    this.#ports.inform(message);
  }

  #remove(link: Link): number {
    const index = this.#demands.findIndex((demand) => demand.link === link);
    return this.#demands.splice(index, 1)[0]?.count ?? 0;
  }

  #insert(link: Link, count: number): void {
    const index = this.#demands.findIndex((demand) => demand.count < count);
    this.#demands.splice(index < 0 ? this.#demands.length : index, 0, { link, count });
  }
}
