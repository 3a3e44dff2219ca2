/** A stage of a random graph, with all that the graph knows of it. */
import type { Consumer, Consumption, ExitReason, Producer, PushProducer, Report, Self, Stage } from "sluice";
import type { Monitored, MonitoredWire } from "sluice/testing";
import type { Code, Violations } from "../codes.ts";
import { Watched } from "../oracles/watched.ts";
import type { Gates } from "./gates.ts";
import { Guard, type CallbackName } from "./guard.ts";
import type { Input } from "./input.ts";
import type { CallPlan, StagePlan, Step } from "./plan.ts";
import { dispatcherOf, type Token } from "./token.ts";
import type { Tokens } from "./tokens.ts";

/** How many events more than demanded a source returns that brings `more`. */
export const SURPLUS = 2;
/** The library's own. */
const DEFAULT_BUFFER_SIZE = 10_000;

/** What a stage sees of the graph. */
export interface Surroundings {
  readonly violations: Violations;
  readonly gates: Gates;
  /** Something happens while a callback of `box` runs. */
  act(step: Step, box: Box): void;
}

export class Box {
  readonly index: number;
  readonly name: string;
  readonly plan: StagePlan;
  readonly guard: Guard;
  readonly violations: Violations;
  /** The same stage by what it can do. */
  stage!: Stage;
  producer: Producer<Token> | undefined;
  push: PushProducer<Token> | undefined;
  consumer: Consumer<Token> | undefined;
  watched: Watched<Token> | undefined;
  /** Of a stage of `fromIterable`. */
  tokens: Tokens | undefined;

  readonly inputs: Input[] = [];
  readonly monitors: Monitored<Token>[] = [];
  readonly consumptions: Consumption[] = [];
  /** It has cancelled a subscription of a consumer. */
  hasDismissed = false;
  readonly reports: Report[] = [];
  readonly controller: AbortController = new AbortController();
  /** For which reasons it may end. */
  readonly causes: ExitReason[] = [];
  /** What `handleStop` was told. */
  readonly stops: ExitReason[] = [];
  ended: ExitReason | undefined;
  completions = 0;

  /** How many events it has emitted. */
  emitted = 0;
  /** What its source was asked for, and what of that is not there yet. */
  demanded = 0;
  owed = 0;
  /** Some events came from outside: then nobody here knows what they paid for. */
  isDriven = false;
  /** Demand was held at some time, that of leavers too. */
  hasAccumulated: boolean;

  readonly #surroundings: Surroundings;
  readonly #seqs = { callback: 0, outside: 0 };
  #calls = 0;
  #errors = 0;

  constructor(index: number, plan: StagePlan, surroundings: Surroundings) {
    this.index = index;
    this.plan = plan;
    this.name = `${plan.role} ${index}`;
    this.violations = surroundings.violations;
    this.#surroundings = surroundings;
    this.hasAccumulated = plan.demand === "accumulate";
    this.guard = new Guard(this.name, Math.max(1, plan.concurrency), surroundings.violations);
  }

  get wires(): MonitoredWire[] {
    return this.monitors.flatMap(({ wires }) => wires);
  }

  /** A serial callback has not settled: the mailbox waits. */
  get isHeld(): boolean {
    return this.guard.serial > 0;
  }

  check(code: Code, holds: boolean, text: () => string): void {
    this.violations.check(code, holds, () => `${this.name}: ${text()}`);
  }

  /** An error that may end this stage. */
  newError(): Error {
    const error = new Error(`${this.name} fails (${(this.#errors += 1)})`);
    this.causes.push({ type: "error", error });
    return error;
  }

  /** `handleDemand` is called. */
  owe(demand: number): void {
    this.demanded += demand;
    this.owed += demand;
  }

  makeToken(lane: Token["lane"]): Token {
    const seq = this.#seqs[lane];
    this.#seqs[lane] += 1;
    return { stage: this.index, lane, seq, key: (seq * 7 + this.index * 3) % 10 };
  }

  /** Its options for the starter functions, but for those of its role. */
  get options(): object {
    const { plan } = this;
    return {
      name: this.name,
      stopWithinMs: 60_000,
      ...(plan.hasSignal && { signal: this.controller.signal }),
      handleSubscribe: (from: Consumption) => {
        if (from.side === "consumer") this.consumptions.push(from);
        return this.#hook("handleSubscribe");
      },
      handleCancel: () => this.#hook("handleCancel"),
      handleStop: (reason: ExitReason) => {
        this.stops.push(reason);
        return this.#hook("handleStop");
      },
      handleReport: (report: Report) => this.#heard(report),
    };
  }

  get outletOptions(): object {
    const { plan, violations } = this;
    const { real, oracle, code } = dispatcherOf(plan.dispatcher, () => this.newError());
    return {
      dispatcher: Watched.factory(real, oracle, code, violations, (watched) => {
        this.watched = watched;
      }),
      whenUnused: plan.whenUnused,
      ...(plan.bufferSize !== undefined && { bufferSize: plan.bufferSize }),
      ...(plan.bufferKeep !== undefined && { bufferKeep: plan.bufferKeep }),
      handleDiscarded: () => this.#hook("handleDiscarded"),
    };
  }

  /** `handleInfo` of this stage. */
  infoHandler(heard: (message: unknown) => void): (message: unknown) => unknown {
    return (message) => {
      heard(message);
      return this.#hook("handleInfo");
    };
  }

  /**
   * Runs a callback as its plan says: it acts, fails, waits, emits, returns what `make` makes. `done` is told when it has
   * settled, and whether it succeeded.
   */
  call(name: CallbackName, self: Self<Token>, make: (call: CallPlan) => readonly Token[], done: (isHandled: boolean) => void): readonly Token[] | Promise<readonly Token[]> {
    const { plan } = this;
    const call = plan.calls[this.#calls % plan.calls.length] as CallPlan;
    this.#calls += 1;
    const fails = this.#calls === plan.failsAt;
    const leave = this.guard.enter(name);
    this.look();
    if (call.act !== undefined) this.#surroundings.act(call.act, this);
    const end = (isHandled: boolean): void => {
      leave();
      done(isHandled);
    };
    const fail = (): never => {
      end(false);
      throw this.newError();
    };
    if (!call.waits) {
      if (fails) fail();
      const list = this.#emitFirst(call, self, make(call));
      end(true);
      return this.#returned(list);
    }
    // What a call makes beside others is made when it settles, unless outputs keep the order of their events.
    const isLate = plan.concurrency > 1 && !plan.ordered;
    const early = isLate ? [] : this.#emitFirst(call, self, make(call));
    return this.#surroundings.gates.wait(
      this,
      () => {
        if (fails) fail();
        const list = isLate ? make(call) : early;
        end(true);
        return this.#returned(list);
      },
      () => end(false),
    );
  }

  /** Events from outside. */
  emit(count: number): void {
    const { push } = this;
    if (push === undefined) return;
    const list = Array.from({ length: count }, () => this.makeToken("outside"));
    try {
      push.emit(list);
      this.isDriven = true;
      this.emitted += count;
    } catch (error) {
      this.check("P17", hasCode(error, "SLUICE_ENDED"), () => `emit throws ${String(error)}`);
    }
  }

  /** Its bounds hold at every moment. */
  look(): void {
    const { input, output, state } = this.stage.snapshot();
    if (input !== undefined) {
      const held = input.queued + input.inCallback;
      const most = this.inputs.reduce((sum, each) => sum + (each.isClosed && state === "running" ? 0 : each.plan.maxDemand), 0);
      this.check("P20", held <= most, () => `${held} events, more than the ${most} of its windows`);
    }
    if (output !== undefined) this.check("P13", output.maxBuffered <= this.#mostBuffered, () => `${output.maxBuffered} buffered, more than ${this.#mostBuffered}`);
  }

  /**
   * What is buffered and what the source owes, called for it or not, are together never more than the consumers had open
   * when it was last asked for more: what was asked for always fits, though they may have left since. What nobody asked for
   * keeps to `bufferSize`, but for the surplus of one returned list.
   */
  get #mostBuffered(): number {
    const { bufferSize = DEFAULT_BUFFER_SIZE, bufferKeep, brings, role, concurrency } = this.plan;
    if (bufferKeep !== undefined) return bufferSize;
    // The output of one message, of the calls that ran beside it, and of `handleComplete`.
    if (role === "producerConsumer") return 2 * (Math.max(0, ...this.inputs.map(({ plan }) => plan.maxDemand)) + concurrency) + 1;
    const open = this.watched?.mostCapacity ?? 0;
    const surplus = role === "producer" && brings === "more" ? SURPLUS : 0;
    return surplus + Math.max(bufferSize, open);
  }

  #emitFirst(call: CallPlan, self: Self<Token>, list: readonly Token[]): readonly Token[] {
    const first = list[0];
    if (!call.emits || first === undefined || this.plan.concurrency > 1) return list;
    try {
      self.emit([first]);
      this.#counted(1);
    } catch (error) {
      this.check("P17", hasCode(error, "SLUICE_ENDED"), () => `self.emit throws ${String(error)}`);
    }
    return list.slice(1);
  }

  #returned(list: readonly Token[]): readonly Token[] {
    this.#counted(list.length);
    return list;
  }

  #counted(count: number): void {
    this.emitted += count;
    this.owed -= Math.min(this.owed, count);
  }

  #hook(name: CallbackName): Promise<void> | undefined {
    const leave = this.guard.enter(name);
    if (!this.plan.hasSlowHooks) {
      leave();
      return undefined;
    }
    return this.#surroundings.gates.wait(this, leave, leave);
  }

  #heard(report: Report): void {
    this.reports.push(report);
    const { kind } = report;
    this.check("P1", kind !== "excess-events", () => JSON.stringify(report));
    this.check("P10", kind !== "late-signal", () => JSON.stringify(report));
    this.check("P18", kind !== "cleanup-failed" || isRefused(report.error), () => JSON.stringify(report));
  }
}

/** A `handleStop` that a step has refused. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && error.message.includes("fails");
}

export function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
