import type { Rules } from "../rules.ts";
import type { Event, Reason, SupervisorExpectation, SupervisorStep, SupervisorSut } from "../trace.ts";
import { StageEnd } from "./end.ts";
import { Inlet } from "./inlet.ts";
import { inletOptions } from "./options.ts";
import { Partners, type Link } from "./partners.ts";
import { Tape } from "./tape.ts";

/** The demand of one subscription: it counts children up, where other consumers count events down. */
interface Account {
  readonly max: number;
  readonly min: number;
  /** Events whose child lives. */
  count: number;
  /** Children that have ended since the last ask. */
  pending: number;
}

/** A consumer that asks by hand, and starts a child for each event. Its children all fail within the time in which restarts are counted. */
export class ConsumerSupervisor {
  readonly #sut: SupervisorSut;
  readonly #rules: Rules;
  readonly #tape = new Tape(["handleSubscribe", "handleCancel", "handled"]);
  readonly #partners = new Partners();
  readonly #inlet: Inlet;
  readonly #accounts = new Map<Link, Account>();
  /** With the subscription that brought it, unless it was started by hand. */
  readonly #children = new Map<Event, Link | undefined>();
  #restarts = 0;
  /** Rule R22: its producers have ended, and only the children keep it alive. */
  #waiting: StageEnd | undefined;

  constructor(sut: SupervisorSut, rules: Rules) {
    this.#sut = sut;
    this.#rules = rules;
    this.#inlet = new Inlet({
      rules,
      tape: this.#tape,
      partners: this.#partners,
      mayHandle: () => true,
      handle: (from, events) => this.#received(from, events),
      info: () => undefined,
      post: (message) => message(),
    });
  }

  play(step: SupervisorStep): SupervisorExpectation {
    try {
      this.#do(step);
    } catch (error) {
      if (!(error instanceof StageEnd)) throw error;
      const mayWait = this.#rules.has("R22") && error.reason === "normal" && this.#children.size > 0;
      if (!mayWait) return this.#end(error.reason);
      this.#waiting = error;
      this.#inlet.finish(error.reason);
    }
    if (this.#waiting !== undefined && this.#children.size === 0) return this.#end(this.#waiting.reason);
    const { size } = this.#children;
    return this.#tape.cut({ active: size, workers: size, live: Array.from(this.#children.keys(), String).toSorted() });
  }

  #end(reason: Reason): SupervisorExpectation {
    if (this.#rules.has("R12")) this.#inlet.close(reason);
    return this.#tape.cut({ stopped: reason });
  }

  #do(step: SupervisorStep): void {
    switch (step.do) {
      case "subscribeTo":
        return this.#subscribe(step);
      case "events": {
        const link = this.#partners.link(step.producer);
        if (this.#rules.has("R19") && !this.#partners.wasOpened(link)) return;
        return this.#inlet.received(link, step.events);
      }
      case "producerCancel":
        return this.#gone(this.#partners.link(step.producer), "cancel", step.reason);
      case "producerDown":
        this.#partners.kill(step.producer);
        for (const link of this.#inlet.producers) if (link.process === step.producer) this.#gone(link, "down", step.reason);
        return;
      case "startChild":
        return this.#startByHand(step.event);
      case "terminateChild":
        return this.#remove(step.event);
      case "finish":
        if (step.how === "crash" && this.#sut.restart === "transient") this.#restart(step.event);
        else this.#remove(step.event);
        return;
      default:
    }
  }

  // ── Demand ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #subscribe(step: Extract<SupervisorStep, { readonly do: "subscribeTo" }>): void {
    if (!this.#inlet.subscribe({ ...step, options: { ...step.options, manual: true } })) {
      this.#tape.reply({ error: { error: "bad_opts" } });
      return;
    }
    const { maxDemand: max, minDemand: min } = inletOptions(step.options ?? {}) ?? { maxDemand: 0, minDemand: 0 };
    const link = this.#partners.link(step.producer);
    this.#accounts.set(link, { max, min, count: 0, pending: 0 });
    this.#inlet.ask(link, max);
  }

  #gone(link: Link, kind: "cancel" | "down", reason: Reason): void {
    this.#accounts.delete(link);
    this.#inlet.cancelled(link, kind, reason);
  }

  /** So many events have come, and so many children have ended or never were. */
  #account(link: Link | undefined, events: number, ended: number): void {
    const account = link && this.#accounts.get(link);
    if (link === undefined || account === undefined) return;
    const excess = account.count + events - account.max;
    if (excess > 0) this.#tape.note("logs", { level: "error", kind: "supervisor-excess-events", count: excess });
    account.count += events - ended;
    account.pending += ended;
    if (account.pending < account.min) return;
    this.#inlet.ask(link, account.pending);
    account.pending = 0;
  }

  // ── Children ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #received(from: Link, events: readonly Event[]): void {
    let without = 0;
    for (const event of events) {
      const started = this.#start(event);
      if (started === "started") this.#children.set(event, from);
      else without += 1;
      if (started === "failed") this.#tape.note("logs", { level: "error", kind: "child-start-failed" });
    }
    this.#account(from, events.length, without);
  }

  #startByHand(event: Event): void {
    const started = this.#start(event);
    if (started === "started") this.#children.set(event, undefined);
    else this.#tape.reply(started === "ignored" ? "ignore" : { error: "failed_to_start" });
  }

  #start(event: Event): "started" | "ignored" | "failed" {
    const name = String(event);
    const outcome = name.startsWith("ignore") ? "ignored" : /^(fail|raise)/.test(name) ? "failed" : "started";
    this.#tape.note(outcome, event);
    return outcome;
  }

  #restart(event: Event): void {
    const { maxRestarts = 3 } = this.#sut;
    this.#restarts += 1;
    if (this.#restarts <= Number(maxRestarts)) {
      this.#tape.note("started", event);
      return;
    }
    if (this.#rules.has("R16")) throw new StageEnd({ error: "SLUICE_GAVE_UP" });
    this.#remove(event);
    throw new StageEnd("shutdown");
  }

  #remove(event: Event): void {
    const from = this.#children.get(event);
    if (this.#children.delete(event)) this.#account(from, 0, 1);
  }
}
