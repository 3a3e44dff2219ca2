import { SluiceError, type Report } from "sluice";
import type { Event, Expectation, Failure, Log, Reason } from "./trace.ts";

type PerPartner = Record<string, unknown[]>;

/** Takes down what happens in a step. */
export class Tape {
  handleSubscribe: string[] = [];
  demands: number[] = [];
  handled: [string, readonly Event[]][] = [];
  handleCancel: [string, "cancel" | "down", Reason][] = [];
  infos: string[] = [];
  discarded: number[] = [];
  started: Event[] = [];
  ignored: Event[] = [];
  failed: Event[] = [];
  reply: unknown;
  startError: Failure | undefined;
  #logs: Log[] = [];
  #perPartner: Record<string, PerPartner> = {};

  add(field: "received" | "cancels" | "asks" | "cancelsUp" | "subscribes", partner: string, values: readonly unknown[]): void {
    if (values.length === 0) return;
    const partners = (this.#perPartner[field] ??= {});
    (partners[partner] ??= []).push(...values);
  }

  log(log: Log): void {
    this.#logs.push(log);
  }

  /** Reports are what GenStage logs; one that GenStage has no log for is left out. */
  report(report: Report, formatDiscarded: string | undefined): void {
    switch (report.kind) {
      case "excess-events":
        this.#logs.push({ level: "error", kind: report.kind, count: report.count, from: report.partner });
        return;
      case "ask-over-max":
        this.#logs.push({ level: "warning", kind: report.kind, max: report.max, asked: report.count });
        return;
      case "consumer-stopping":
        this.#logs.push({ level: "notice", kind: report.kind, reason: asRecorded(report.reason) });
        return;
      case "consumer-cannot-emit":
        this.#logs.push({ level: "error", kind: report.kind });
        return;
      case "refused":
        if (report.error instanceof SluiceError && report.error.code === "SLUICE_ALREADY_SUBSCRIBED") this.#logs.push({ level: "error", kind: "already-subscribed" });
        return;
      case "discarded":
        if (formatDiscarded === "absent" || formatDiscarded === "log") this.#logs.push({ level: "warning", kind: report.kind, count: report.count });
        return;
      default:
    }
  }

  /** What was taken down since the last time, without what is empty. */
  take(): Expectation {
    const { handleSubscribe, demands, handled, handleCancel, infos, discarded, started, ignored, failed, reply, startError } = this;
    const lists = { handleSubscribe, demands, handled, handleCancel, infos, discarded, started, ignored, failed, logs: this.#logs };
    const taken = {
      ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
      ...this.#perPartner,
      ...(reply !== undefined && { reply }),
      ...(startError && { startError }),
    };
    this.handleSubscribe = [];
    this.demands = [];
    this.handled = [];
    this.handleCancel = [];
    this.infos = [];
    this.discarded = [];
    this.started = [];
    this.ignored = [];
    this.failed = [];
    this.reply = undefined;
    this.startError = undefined;
    this.#logs = [];
    this.#perPartner = {};
    return taken;
  }
}

function asRecorded(reason: { readonly type: string; readonly reason?: unknown; readonly error?: unknown }): Reason {
  if (reason.type === "normal") return "normal";
  if (reason.type === "shutdown") return reason.reason === undefined ? "shutdown" : { shutdown: reason.reason as string };
  return reason.error as Reason;
}
