/** Runs a plan on a producer and on its model, and holds one against the other whenever all is quiet. */
import { post, producer, type PushProducer, type Upward } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import type { Code, Violations } from "../codes.ts";
import { dispatcherOf, selectorOf, type Token } from "../graph/token.ts";
import type { ProducerPlan, ProducerStep } from "./plan.ts";
import { ModelConsumer, ProducerModel, Source } from "./producer-model.ts";

/** How many events its source has. */
const BUDGET = 60;

/** The properties in which the two are compared. */
export const MODEL_CODES: readonly Code[] = ["P3", "P5", "P6", "P11", "P13", "P14", "law8"];

interface Pair {
  readonly probe: ConsumerProbe<Token>;
  readonly model: ModelConsumer;
  hasLeft: boolean;
}

export async function compareWithModel(plan: ProducerPlan, violations: Violations): Promise<void> {
  const comparison = new Comparison(plan, violations);
  for (const step of plan.steps) {
    if (step.deed === "rest") await comparison.compare();
    else comparison.perform(step);
  }
  await comparison.compare();
  await comparison.stop();
}

class Comparison {
  readonly #plan: ProducerPlan;
  readonly #violations: Violations;
  readonly #real: PushProducer<Token>;
  readonly #model: ProducerModel;
  readonly #demands: number[] = [];
  readonly #pairs: Pair[] = [];
  #seq = 0;

  constructor(plan: ProducerPlan, violations: Violations) {
    this.#plan = plan;
    this.#violations = violations;
    const { bufferSize, bufferKeep, demand } = plan;
    const { real, oracle } = dispatcherOf({ ...plan.dispatcher, ...harmless(plan) }, () => new Error("unused"));
    // Both get the same events: what the first of them makes is kept for the other.
    const made: Token[] = [];
    let given = 0;
    const ours = new Source(plan.calls, BUDGET, () => {
      const token = { stage: 0, lane: "callback" as const, seq: made.length, key: (made.length * 7) % 10 };
      made.push(token);
      return token;
    });
    const theirs = new Source(plan.calls, BUDGET, () => made[(given += 1) - 1] as Token);
    this.#real = producer<Token>({
      dispatcher: real,
      bufferSize,
      ...(bufferKeep !== undefined && { bufferKeep }),
      demand,
      whenUnused: "wait",
      ...(plan.calls.length > 0 && {
        handleDemand: (asked, self) => {
          this.#demands.push(asked);
          const { emits, returns } = theirs.bring(asked);
          if (emits.length > 0) self.emit(emits);
          return returns;
        },
      }),
      handleReport: () => undefined,
    });
    void this.#real.closed;
    this.#model = new ProducerModel(plan, oracle({ bufferSize, dropped: () => undefined, report: () => undefined }), (asked) => ours.bring(asked));
  }

  perform(step: ProducerStep): void {
    const alive = this.#pairs.filter(({ hasLeft }) => !hasLeft);
    const pair = alive[step.which % Math.max(1, alive.length)];
    switch (step.deed) {
      case "emit":
        this.#emit(step.count);
        return;
      case "ask":
        if (pair === undefined) return;
        post<Upward>(pair.probe.port, step.count);
        this.#model.post(() => this.#model.ask(pair.model, step.count));
        return;
      case "join":
        this.#join(step);
        return;
      case "replace":
        if (pair !== undefined) this.#join(step, pair);
        return;
      case "leave":
      case "down":
        if (pair !== undefined) this.#leave(pair, step.deed === "leave" ? "cancel" : "down");
        return;
      case "mode": {
        const mode = step.other % 2 === 0 ? "forward" : "accumulate";
        this.#real.setDemandMode(mode);
        this.#model.post(() => this.#model.setMode(mode));
        return;
      }
      // Rarely, as little happens then.
      case "complete":
        if (step.other > 3) return;
        this.#real.complete();
        this.#model.complete();
        return;
      case "fail":
        if (step.other > 3) return;
        this.#real.fail(new Error("told to"));
        this.#model.post(() => this.#model.fail());
        return;
      case "rest":
    }
  }

  async compare(): Promise<void> {
    // The model first: its source makes the events.
    this.#model.run();
    await settle();
    const model = this.#model;
    const { output, state } = this.#real.snapshot();
    const hold = (code: Code, what: string, expected: unknown, got: unknown): void => {
      const [one, other] = [JSON.stringify(expected), JSON.stringify(got)];
      this.#violations.check(code, one === other, () => `${what}: the model has ${one}, got: ${other}`);
    };
    hold("P3", "the demands", model.demands, this.#demands);
    hold("P13", "the buffer", model.buffered, output?.buffered);
    // What is emitted while an error drains is lost, or discarded.
    hold("P5", "emitted, gone, dropped", [model.emitted, model.discarded + model.lost, model.dropped], [output?.emitted, (output?.discarded ?? 0) + (output?.lost ?? 0), output?.dropped]);
    hold("P14", "the end", model.isOver, state === "ended");
    this.#pairs.forEach(({ probe, model: consumer, hasLeft }, place) => {
      hold("P6", `the events of consumer ${place}`, consumer.events, probe.events);
      // Who leaves as the end is told hears of one of the two, or of nothing.
      if (hasLeft && model.isOver) hold("P11", `the ends of consumer ${place}`, true, probe.ends.length <= 1);
      else hold("P11", `the end of consumer ${place}`, consumer.end === undefined ? [] : [consumer.end], probe.ends.map(endOf));
    });
  }

  async stop(): Promise<void> {
    await this.#real.stop();
    await settle();
  }

  #emit(count: number): void {
    if (this.#model.isClosed || this.#real.snapshot().state !== "running") return;
    const events = Array.from({ length: count }, (): Token => {
      this.#seq += 1;
      return { stage: 0, lane: "outside", seq: this.#seq, key: (this.#seq * 7 + 3) % 10 };
    });
    this.#real.emit(events);
    this.#model.post(() => this.#model.emit(events));
  }

  #join({ other }: ProducerStep, old?: Pair): void {
    const { kind, partitions } = this.#plan.dispatcher;
    const selector = selectorOf(other % 8, () => new Error("unused"));
    const options = kind === "partition" ? { partition: other % partitions } : kind === "broadcast" && selector !== undefined ? { selector } : {};
    const probe = new ConsumerProbe(this.#real, { options, ...(old !== undefined && { replaces: { probe: old.probe } }) });
    if (old !== undefined) old.hasLeft = true;
    const model = new ModelConsumer(options);
    this.#pairs.push({ probe, model, hasLeft: false });
    this.#model.post(() => this.#model.subscribe(model, old?.model));
  }

  #leave(pair: Pair, kind: "cancel" | "down"): void {
    pair.hasLeft = true;
    post<Upward>(pair.probe.port, { type: "cancel", kind, reason: { type: "shutdown" } });
    this.#model.post(() => this.#model.leave(pair.model, kind));
  }
}

/** A hash that fails ends the stage at once: the model has no words for that. */
function harmless({ dispatcher: { hash } }: ProducerPlan): { readonly hash: ProducerPlan["dispatcher"]["hash"] } {
  return { hash: hash === "throws" || hash === "is unknown" ? "drops" : hash };
}

function endOf({ kind, reason }: ConsumerProbe<Token>["ends"][number]): ModelConsumer["end"] {
  if (kind === "down") return "down";
  return reason.type === "error" ? "refused" : "cancel";
}
