import { type ExitReason, type Subscription } from "sluice";
import type { Monitored, MonitoredWire } from "sluice/testing";
import type { Shadow } from "../oracles/watched.ts";
import type { Box } from "./box.ts";
import type { InputPlan } from "./plan.ts";
import type { Token } from "./token.ts";

let closings = 0;

/** A subscription of a stage, from both of its ends. */
export class Input {
  readonly box: Box;
  readonly from: Box;
  readonly plan: InputPlan;
  readonly monitored: Monitored<Token>;
  readonly subscription: Subscription;
  readonly wire: MonitoredWire;
  /** Its end was asked for by the consumer. */
  isOwn = false;
  /** The producer had ended it as well, and the consumer may not have known. */
  isCrossed = false;
  /** In which order the subscriptions have ended. */
  closedAt: number | undefined;
  closedWith: ExitReason | undefined;
  /** How many events a handler was given, and how many of these it is done with. */
  handed = 0;
  finished = 0;
  #shadow: Shadow<Token> | undefined;

  constructor(box: Box, from: Box, plan: InputPlan, monitored: Monitored<Token>, subscription: Subscription) {
    this.box = box;
    this.from = from;
    this.plan = plan;
    this.monitored = monitored;
    this.subscription = subscription;
    this.wire = monitored.wires.at(-1) as MonitoredWire;
    void subscription.closed.then((reason) => {
      this.closedAt = closings += 1;
      this.closedWith = reason;
    });
  }

  /** The consumer cancels it. */
  leave(): void {
    this.isOwn = true;
    if (this.wire.end !== undefined) this.isCrossed = true;
  }

  get isClosed(): boolean {
    return this.closedAt !== undefined;
  }

  /** What the dispatcher knows of it; nothing when it was refused. */
  get shadow(): Shadow<Token> | undefined {
    this.#shadow ??= this.from.watched?.shadows.find(({ options }) => options === this.wire.options);
    return this.#shadow;
  }

  /** Whether this is the next event that a handler must be given. */
  isNext(event: Token): boolean {
    return this.shadow?.sent[this.handed] === event;
  }

  /** A handler is given events. */
  hand(events: readonly Token[]): void {
    const { box } = this;
    box.check("P13", events.length <= this.plan.maxDemand, () => `a batch of ${events.length}, more than maxDemand ${this.plan.maxDemand}`);
    for (const event of events) {
      const expected = this.shadow?.sent[this.handed];
      box.check("P6", expected === event, () => `handles ${JSON.stringify(event)}, next is ${JSON.stringify(expected)}`);
      this.handed += 1;
    }
  }
}
