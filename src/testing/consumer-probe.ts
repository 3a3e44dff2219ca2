import {
  NORMAL,
  OUTLET,
  post,
  type Cancel,
  type DispatchOptions,
  type Downward,
  type ExitReason,
  type Port,
  type Subscribable,
  type Subscriber,
  type Upward,
} from "../core/index.ts";
import { settle } from "./settle.ts";

export interface ConsumerProbeOptions {
  /** Default `probe`. */
  readonly name?: string;
  /** Who subscribes; two probes with one identity are one consumer to the producer. Default the probe itself. */
  readonly identity?: object;
  /** For the producer's dispatcher. */
  readonly options?: DispatchOptions;
  /** Whether error ends of the producer count as received here. Default true. */
  readonly receivesErrors?: boolean;
  /** An older probe, whose subscription ends as this one begins. */
  readonly replaces?: { readonly probe: { readonly port: Port<Upward> }; readonly reason?: ExitReason };
}

/**
 * A consumer that does only what a test tells it, message by message, and records what comes.
 *
 * Its methods post one message each and resolve when all stages are quiet.
 */
export class ConsumerProbe<in out Event> implements Subscriber<Event> {
  readonly consumer: string;
  readonly identity: object;
  readonly options: DispatchOptions;
  readonly receivesErrors: boolean;
  /** Each list that came, as it came. */
  readonly batches: (readonly Event[])[] = [];
  /** Each end that came; a producer that keeps the protocol sends one. */
  readonly ends: Cancel[] = [];
  /** The producer's end of the wire. */
  readonly port: Port<Upward>;

  constructor(producer: Subscribable<Event>, options: ConsumerProbeOptions = {}) {
    this.consumer = options.name ?? "probe";
    this.identity = options.identity ?? this;
    this.options = options.options ?? {};
    this.receivesErrors = options.receivesErrors ?? true;
    const { replaces } = options;
    this.port = producer[OUTLET].connect(
      this,
      replaces && { port: replaces.probe.port, reason: replaces.reason ?? NORMAL },
    );
  }

  /** All events that came, in order. */
  get events(): Event[] {
    return (this.batches as Event[][]).flat(1);
  }

  /** Why the subscription ended. */
  get end(): ExitReason | undefined {
    return this.ends[0]?.reason;
  }

  receive(message: Downward<Event>): void {
    if ("type" in message) this.ends.push(message);
    else this.batches.push(message);
  }

  ask(demand: number): Promise<void> {
    post(this.port, demand);
    return settle();
  }

  cancel(reason: ExitReason = { type: "shutdown" }): Promise<void> {
    post(this.port, { type: "cancel", kind: "cancel", reason });
    return settle();
  }

  /** The consumer ends. */
  down(reason: ExitReason = NORMAL): Promise<void> {
    post(this.port, { type: "cancel", kind: "down", reason });
    return settle();
  }
}
