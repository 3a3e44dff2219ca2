/** One life of a child that carries events: its stage, and what a journal knows of its events. */
import type { ExitReason, Report, Snapshot } from "sluice";
import type { Token } from "./token.ts";
import type { Tap } from "./tap.ts";

export interface Seen {
  snapshot(): Snapshot;
}

export class Life {
  readonly name: string;
  stage: Seen | undefined;
  reason: ExitReason | undefined;
  /** Of a producer: what it made, and the wires to its consumers. */
  readonly tokens: Token[] = [];
  readonly consumers: Tap[] = [];
  /** Of a consumer: the wires to its producers. */
  readonly producers: Tap[] = [];
  /** Of a consumer: the tokens of calls that returned or resolved, and of those that failed. */
  readonly handled: Token[] = [];
  readonly failed: Token[] = [];
  readonly reports: Report[] = [];
  /** Of a producer: what came back too often, and while it was there to deliver it again. */
  readonly givenUp: Token[] = [];

  constructor(name: string) {
    this.name = name;
  }

  make(): Token {
    const token: Token = { by: this, number: this.tokens.length, tries: 0, holder: undefined, isSent: false };
    this.tokens.push(token);
    return token;
  }

  hears(report: Report): void {
    this.reports.push(report);
    const { state } = this.snapshot;
    if (report.kind === "redelivery-failed" && state !== "stopping" && state !== "ended") this.givenUp.push(...(report.events as readonly Token[]));
  }

  get snapshot(): Snapshot {
    if (this.stage === undefined) throw new Error(`expected ${this.name} to have a stage`);
    return this.stage.snapshot();
  }
}
