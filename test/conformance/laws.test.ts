/** What the rules are for: with all of them on, the laws of the library hold along every recorded scenario. */
import { describe, expect, test } from "vitest";
import { expected } from "./model.ts";
import { allRules } from "./rules.ts";
import {
  isStageTrace,
  readTraces,
  traceFiles,
  type Event,
  type Expectation,
  type StageStep,
  type StageSut,
  type StageTrace,
} from "./trace.ts";

const folder = new URL("./traces/", import.meta.url);
const producing = traceFiles
  .flatMap((file) => readTraces(folder, file))
  .filter(isStageTrace)
  .filter(({ sut }) => sut.type !== "consumer");

describe("with all rules", () => {
  test("a consumer never receives more than it asked for on that subscription", () => {
    follow(producing, ({ open }, where) => {
      for (const demand of open.values()) expect(demand, where).toBeGreaterThanOrEqual(0);
    });
  });

  test("events arrive in the order in which they were emitted", () => {
    const numbered = producing.filter(({ sut }) => sut.type === "producer" && sut.onDemand === "none");
    follow(numbered, ({ received }, where) => {
      for (const events of received.values()) expect(events, where).toEqual(events.toSorted((a, b) => Number(a) - Number(b)));
    });
  });

  test("what is emitted is delivered, buffered or discarded", () => {
    const countable = producing.filter(
      ({ sut }) => dispatcherOf(sut) !== "broadcast" && !dropsEvents(sut) && sut.formatDiscarded !== "absent",
    );
    follow(countable, ({ emitted, delivered, discarded, buffered, stopped }, where) => {
      if (!stopped) expect(delivered + buffered + discarded, where).toBe(emitted);
    });
  });

  test("nothing stays buffered while everybody it could go to waits", () => {
    const unqueued = producing.filter(({ sut }) => dispatcherOf(sut) !== "partition");
    follow(unqueued, ({ deliverable, buffered, mode, stopped }, where) => {
      if (!stopped && mode === "forward") expect(Math.min(deliverable, buffered), where).toBe(0);
    });
  });

  test("an info waits only while something is buffered", () => {
    const producers = producing.filter(({ sut }) => sut.type === "producer");
    follow(producers, ({ waitingInfos, buffered, stopped }, where) => {
      if (!stopped && buffered === 0) expect(waitingInfos, where).toBe(0);
    });
  });

  test("a producer that answers every demand leaves nobody waiting", () => {
    const willing = producing.filter(({ sut }) => sut.onDemand === "counter" && dispatcherOf(sut) !== "partition");
    follow(willing, ({ deliverable, mode, stopped }, where) => {
      if (!stopped && mode === "forward") expect(deliverable, where).toBe(0);
    });
  });
});

/** Plays the traces and shows the ledger after each step. */
function follow(traces: readonly StageTrace[], check: (ledger: Ledger, where: string) => void): void {
  expect(traces.length).toBeGreaterThan(50);
  for (const trace of traces) {
    const ledger = new Ledger(trace.sut);
    for (const [i, expectation] of expected(trace, allRules).entries()) {
      const step = trace.steps[i];
      if (step === undefined) break;
      ledger.enter(step, expectation);
      check(ledger, `${trace.id}, step ${i}`);
    }
  }
}

/** Books demand and events from outside, by what the partners of the stage send and see. */
class Ledger {
  readonly open = new Map<string, number>();
  readonly received = new Map<string, Event[]>();
  readonly #sut: StageSut;
  readonly #processes = new Map<string, string>();
  mode: string;
  emitted = 0;
  delivered = 0;
  discarded = 0;
  buffered = 0;
  waitingInfos = 0;
  stopped = false;

  constructor(sut: StageSut) {
    this.#sut = sut;
    this.mode = sut.demand ?? "forward";
  }

  /** How many events the dispatcher could deliver at once. */
  get deliverable(): number {
    const demands = [...this.open.values()];
    if (demands.length === 0) return 0;
    return dispatcherOf(this.#sut) === "broadcast" ? Math.min(...demands) : demands.reduce((sum, n) => sum + n, 0);
  }

  enter(step: StageStep, expectation: Expectation): void {
    for (const each of step.do === "burst" ? step.steps : [step]) this.#ask(each);
    for (const demand of expectation.demands ?? []) this.emitted += answerTo(demand, this.#sut.onDemand);
    for (const [, batch] of expectation.handled ?? []) this.emitted += outputOf(batch, this.#sut.onEvents);
    for (const [name, batches] of Object.entries(expectation.received ?? {})) this.#deliver(name, batches.flat());
    for (const count of expectation.discarded ?? []) this.discarded += count;
    for (const each of step.do === "burst" ? step.steps : [step]) this.#leave(each);
    if (step.do === "subscribe" && expectation.cancels?.[step.consumer]) this.open.delete(step.consumer);
    this.waitingInfos -= expectation.infos?.length ?? 0;
    this.buffered = expectation.buffered ?? 0;
    this.stopped = expectation.stopped !== undefined;
  }

  #ask(step: StageStep): void {
    if (step.do === "subscribe" && !step.duplicate) this.#join(step.consumer, step.process ?? step.consumer);
    if (step.do === "resubscribe") {
      this.open.delete(step.from);
      this.#join(step.to, step.process);
    }
    if (step.do === "ask" && this.open.has(step.consumer)) {
      this.open.set(step.consumer, (this.open.get(step.consumer) ?? 0) + step.demand);
    }
    if (step.do === "emit") this.emitted += step.events.length;
    if (step.do === "info") this.waitingInfos += 1;
    if (step.do === "demandMode" && this.#sut.type === "producer") this.mode = step.mode;
  }

  #join(name: string, process: string): void {
    this.open.set(name, 0);
    this.received.set(name, []);
    this.#processes.set(name, process);
  }

  #deliver(name: string, events: readonly Event[]): void {
    this.delivered += events.length;
    this.open.set(name, (this.open.get(name) ?? 0) - events.length);
    this.received.get(name)?.push(...events);
  }

  #leave(step: StageStep): void {
    if (step.do === "cancel") this.open.delete(step.consumer);
    if (step.do !== "down") return;
    for (const [name, process] of this.#processes) if (process === step.consumer) this.open.delete(name);
  }
}

function dispatcherOf({ dispatcher }: StageSut): string {
  return typeof dispatcher === "object" ? dispatcher.type : "demand";
}

function dropsEvents({ dispatcher }: StageSut): boolean {
  return typeof dispatcher === "object" && dispatcher.type === "partition" && dispatcher.hash === "none-odd";
}

function answerTo(demand: number, onDemand: StageSut["onDemand"] = "none"): number {
  if (onDemand === "none") return 0;
  if (onDemand === "counter") return demand;
  return "chunk" in onDemand ? onDemand.chunk : Math.min(demand, onDemand.atMost);
}

function outputOf(batch: readonly Event[], onEvents: StageSut["onEvents"]): number {
  if (onEvents === "double") return batch.length * 2;
  if (onEvents === "evens") return batch.filter((event) => Number(event) % 2 === 0).length;
  return onEvents === "identity" ? batch.length : 0;
}
