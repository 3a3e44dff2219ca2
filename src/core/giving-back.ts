/**
 * The consumer's side of redelivery: what becomes of events that it has received, and does not handle.
 *
 * From the moment in which a subscription is left they wait until its producer has confirmed that nothing more is on its way,
 * and until no callback is in progress; then they go back in one message.
 */
import type { InletLink } from "./inlet-link.ts";
import type { Ledger } from "./ledger.ts";
import { NORMAL, type Upward } from "./protocol.ts";
import { post } from "./scheduler.ts";
import type { CancelInfo } from "./subscription.ts";

/** The consumer half of the stage. */
interface Inlet {
  handled: number;
  /** Its events have been given back: nobody waits for a callback with them. */
  abandon(link: InletLink): void;
}

export class GivingBack {
  /** Events that wait to be given back: they are in no queue and in no callback any more. */
  waiting = 0;
  returned = 0;
  /** Calls for single events that outlived their deadline, and whose events were given back meanwhile. */
  overdue = 0;
  readonly #inlet: Inlet;
  readonly #handlesEvents: boolean;
  /** Subscriptions that were left, and whose producers have not got their events back. */
  readonly #links = new Set<InletLink>();
  #hasBegun = false;

  /** `handlesEvents`: one by one, not as batches. */
  constructor(inlet: Inlet, handlesEvents: boolean) {
    this.#inlet = inlet;
    this.#handlesEvents = handlesEvents;
  }

  has(link: InletLink): boolean {
    return this.#links.has(link);
  }

  /** The stage leaves the subscription. */
  add(link: InletLink): void {
    this.#links.add(link);
  }

  /** Events of its ledger are not handled any more. */
  take(link: InletLink, count: number): void {
    this.waiting += count;
    if (link.ledger !== undefined) link.ledger.limbo += count;
  }

  /** Its producer has ended the wire. */
  confirmed(link: InletLink): void {
    link.isEnded = true;
    this.#giveBack(link);
  }

  /** No callback is in progress any more, or none is waited for. */
  begin(): void {
    this.#hasBegun = true;
    for (const link of this.#links) if (link.isEnded) this.#giveBack(link);
  }

  /**
   * A subscription has ended, and everything on it is handled: its producer waits for that before it ends. One that the stage
   * has left says so with what it gives back.
   */
  allHandled(link: InletLink, { kind, reason }: CancelInfo): void {
    const { ledger, isCancelling, up } = link;
    if (ledger === undefined || this.#links.has(link)) return;
    if (isCancelling) post(up, { type: "return", lists: ledger.take() });
    else if (kind === "down" && reason.type === "normal") post(up, ALL_HANDLED);
  }

  #giveBack(link: InletLink): void {
    const { ledger } = link;
    if (!this.#hasBegun || ledger === undefined) return;
    this.#links.delete(link);
    if (this.#handlesEvents) this.overdue += ledger.active;
    this.#inlet.handled -= ledger.waiting;
    this.waiting -= ledger.limbo;
    const lists = ledger.take();
    for (const { events } of lists) this.returned += events.length;
    this.#inlet.abandon(link);
    post(link.up, { type: "return", lists });
  }

  /** A call whose event was given back meanwhile has settled. */
  late(wasHandled: boolean): void {
    this.overdue -= 1;
    if (wasHandled) this.#inlet.handled -= 1;
  }
}

/** One event of a subscription that keeps account of them, for its call. */
export class LedgerEntry {
  readonly isReturned = true;
  readonly #account: GivingBack;
  readonly #link: InletLink;
  readonly #ledger: Ledger;
  readonly #number: number;
  readonly #isAsked: boolean;
  #isWaiting = false;

  constructor(account: GivingBack, link: InletLink, ledger: Ledger, isAsked: boolean) {
    this.#account = account;
    this.#link = link;
    this.#ledger = ledger;
    this.#number = ledger.begin();
    this.#isAsked = isAsked;
  }

  handled(): void {
    if (this.#isWaiting) {
      // Its event was given back while its output waited.
      if (this.#isGone) return;
      this.#ledger.waiting -= 1;
    }
    if (!this.#ledger.handledOne(this.#number)) this.#account.late(true);
    else if (this.#isAsked) this.#link.handled(1);
  }

  failed(): void {
    if (this.#isGone) this.#account.late(false);
    else {
      this.#ledger.failedOne();
      this.#account.take(this.#link, 1);
    }
  }

  /** Its call has settled; its output waits for those before it, or comes too late. */
  waits(): void {
    this.#isWaiting = true;
    if (this.#isGone) this.#account.late(true);
    else this.#ledger.waiting += 1;
  }

  get #isGone(): boolean {
    return this.#ledger.isTaken(this.#number);
  }
}

const ALL_HANDLED: Upward = { type: "cancel", kind: "cancel", reason: NORMAL };
