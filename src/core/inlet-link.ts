/** The consumer's end of a subscription. */
import type { DemandWindow } from "./demand-window.ts";
import { SluiceError } from "./errors.ts";
import { Ledger } from "./ledger.ts";
import { Once } from "./once.ts";
import { checkOption, integer, isReason } from "./options.ts";
import { OUTLET, isEvents, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Port, type Subscribable, type Subscriber, type Upward } from "./protocol.ts";
import { isRedelivered } from "./redelivery.ts";
import { post } from "./scheduler.ts";
import { StagePort } from "./stage-port.ts";
import type { StageCore } from "./stage.ts";
import type { CancelInfo, Subscription } from "./subscription.ts";

/**
 * What a consumer does when a producer goes. GenStage's three: `permanent` ends with it, `transient` only when it failed,
 * `temporary` never. And the default, `last`: an error ends the consumer with it, otherwise it ends when its last such
 * subscription has ended: as a shutdown if one of them did, else normally.
 */
export type CancelMode = "last" | "permanent" | "transient" | "temporary";

/** A subscription's options, checked. */
export interface LinkSettings {
  readonly window: DemandWindow;
  readonly cancel: CancelMode;
  readonly mode: "automatic" | "manual";
  readonly dispatch: DispatchOptions;
}

/** Who takes what comes over the wire. */
interface Inlet {
  readonly stage: StageCore;
  received(link: InletLink, events: readonly unknown[]): void;
  ended(link: InletLink, info: CancelInfo): void;
}

/** The consumer's end of a wire, and the handle of the subscription. */
export class InletLink extends StagePort<Downward<unknown>, StageCore> implements Subscriber<unknown>, Subscription {
  readonly side = "producer";
  readonly target: Subscribable<unknown>;
  readonly outlet: Outlet<unknown>;
  readonly settings: LinkSettings;
  readonly identity: object;
  readonly isAutomatic: boolean;
  /** The most events that are handled at once: all that come, in manual mode. */
  readonly batchSize: number;
  up: Port<Upward> = NOWHERE;
  /** No further event is accepted. */
  isOver = false;
  /** It was the producer who ended it, or confirmed its end: nothing may come after that. */
  isEnded = false;
  /** This side has cancelled; the producer has not confirmed yet. */
  isCancelling = false;
  /** What it has not handled, where it is to be delivered again after a crash. */
  readonly ledger: Ledger | undefined;
  readonly #inlet: Inlet;
  readonly #closed = new Once<ExitReason>();

  constructor(inlet: Inlet, target: Subscribable<unknown>, settings: LinkSettings, identity: object) {
    super(inlet.stage);
    this.#inlet = inlet;
    this.target = target;
    this.outlet = target[OUTLET];
    this.settings = settings;
    this.identity = identity;
    this.isAutomatic = settings.mode === "automatic";
    this.ledger = isRedelivered(settings.dispatch) ? new Ledger() : undefined;
    this.batchSize = this.isAutomatic ? settings.window.batchSize : Number.MAX_SAFE_INTEGER;
  }

  get name(): string {
    return this.outlet.name;
  }

  get consumer(): string {
    return this.stage.name;
  }

  get receivesErrors(): boolean {
    return this.settings.cancel !== "temporary";
  }

  get options(): DispatchOptions {
    return this.settings.dispatch;
  }

  get closed(): Promise<ExitReason> {
    return this.#closed.promise;
  }

  open(replaces: { readonly port: Port<Upward>; readonly reason: ExitReason } | undefined): void {
    this.up = this.outlet.connect(this, replaces);
  }

  /** The first ask. */
  start(): void {
    if (!this.isOver && !this.isCancelling && this.isAutomatic) post(this.up, this.settings.window.open());
  }

  handle(message: Downward<unknown>): void {
    if (isEvents(message)) this.#inlet.received(this, message);
    else this.#inlet.ended(this, { kind: message.kind, reason: message.reason });
    this.stage.pump();
  }

  /** Whether a list is handled at once, and all of it was asked for. */
  isOneBatch(events: readonly unknown[]): boolean {
    return events.length <= this.batchSize && (!this.isAutomatic || events.length <= this.settings.window.outstanding);
  }

  /** Events that were asked for are handled: their room is free again. */
  handled(count: number): void {
    if (!this.isAutomatic) return;
    const more = this.settings.window.handled(count);
    if (more > 0 && !this.isOver && !this.isCancelling) post(this.up, more);
  }

  /** Events on a wire that has ended. */
  refuse(): void {
    this.stage.report({ kind: "late-signal", partner: this.name, signal: "events" });
    const error = new SluiceError("SLUICE_UNKNOWN_SUBSCRIPTION", `${this.stage.name} is not subscribed to ${this.name}`);
    post(this.up, { type: "cancel", kind: "cancel", reason: { type: "error", error } });
  }

  settle(reason: ExitReason): void {
    this.#closed.resolve(reason);
  }

  ask(demand: number): void {
    checkOption("demand", demand, integer(0));
    if (demand === 0 || this.isOver || this.isCancelling) return;
    post(this.up, demand);
  }

  cancel(reason: ExitReason = { type: "shutdown" }): Promise<void> {
    checkOption("the reason of a cancel", reason, isReason);
    this.cancelUp(reason);
    return this.closed.then(() => undefined);
  }

  cancelUp(reason: ExitReason): void {
    if (this.isOver || this.isCancelling) return;
    this.isCancelling = true;
    post(this.up, { type: "cancel", kind: "cancel", reason, ...(this.ledger && { returns: true }) });
  }
}

const NOWHERE: Port<Upward> = { receive: () => undefined };

