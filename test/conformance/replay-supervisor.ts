/** A consumer supervisor under test: its children do nothing until a step ends them. */
import { consumerSupervisor, producer, type ChildContext, type ConsumerSupervisor, type PushProducer, type Report, type StartedByEvent } from "sluice";
import type { Tape } from "./replay-tape.ts";
import type { Event, SupervisorExpectation, SupervisorStep, SupervisorSut } from "./trace.ts";

type Finish = Extract<SupervisorStep, { readonly do: "finish" }>["how"];

export class SupervisorUnderTest {
  readonly stage: ConsumerSupervisor<Event>;
  readonly #tape: Tape;
  /** Whether its children are stages; otherwise they are promises. */
  readonly #hasStages: boolean;
  readonly #ends = new Map<Event, (how: Finish) => void>();

  /** @throws BadOptionError */
  constructor(sut: SupervisorSut, tape: Tape, hasStages: boolean) {
    this.#tape = tape;
    this.#hasStages = hasStages;
    this.stage = consumerSupervisor<Event>({
      ...optionsOf(sut, (event, context) => this.#start(event, context)),
      name: "sut",
      handleReport: (report) => this.#report(report),
    });
  }

  /** Whether it was a step for it alone. */
  do(step: SupervisorStep): boolean {
    switch (step.do) {
      case "finish":
        this.#ends.get(step.event)?.(step.how);
        return true;
      case "startChild":
        this.#startByHand(step.event);
        return true;
      case "terminateChild":
        for (const child of this.stage.children) if (child.event === step.event) void this.stage.stopChild(child);
        return true;
      default:
        return false;
    }
  }

  get counts(): SupervisorExpectation {
    const { children, counts } = this.stage;
    return { ...counts, live: children.map(({ event }) => String(event)).toSorted() };
  }

  #start(event: Event, { signal }: ChildContext): StartedByEvent {
    const name = String(event);
    if (name.startsWith("ignore")) {
      this.#tape.ignored.push(event);
      return undefined;
    }
    if (/^(fail|raise)/.test(name)) {
      this.#tape.failed.push(event);
      throw new Error("failed_to_start");
    }
    this.#tape.started.push(event);
    return this.#hasStages ? this.#stage(event) : this.#task(event, signal);
  }

  /** A task has no shutdown of its own: one that has stopped itself has resolved. */
  #task(event: Event, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      this.#ends.set(event, (how) => (how === "crash" ? reject(new Error("crash")) : resolve()));
    });
  }

  #stage(event: Event): PushProducer<never> {
    const stage = producer<never>();
    this.#ends.set(event, (how) => {
      if (how === "crash") stage.fail(new Error("crash"));
      else if (how === "normal") stage.complete();
      else void stage.stop(how === "shutdown" ? undefined : "tuple");
    });
    return stage;
  }

  #startByHand(event: Event): void {
    try {
      if (this.stage.startChild(event) === undefined) this.#tape.reply = "ignore";
    } catch (error) {
      this.#tape.reply = { error: error instanceof Error ? error.message : error };
    }
  }

  #report(report: Report): void {
    if (report.kind === "excess-events") this.#tape.log({ level: "error", kind: "supervisor-excess-events", count: report.count });
    else if (report.kind === "child-start-failed") this.#tape.log({ level: "error", kind: report.kind });
    else this.#tape.report(report, undefined);
  }
}

/** In seconds, there; and options that are wrong there are wrong here. */
function optionsOf({ restart, maxRestarts, maxSeconds, strategy }: SupervisorSut, start: (event: Event, context: ChildContext) => StartedByEvent) {
  return {
    start: (restart === "two" ? [start, start] : start) as typeof start,
    restart: (restart === "default" ? undefined : restart === "two" ? "temporary" : restart) as "temporary",
    maxRestarts: maxRestarts as number | undefined,
    withinMs: (typeof maxSeconds === "number" ? maxSeconds * 1000 : maxSeconds) as number | undefined,
    ...(strategy !== undefined && strategy !== "none" && { strategy }),
  };
}
