/** The same with stages. */
import { consumer, producer, type Consumer, type PushProducer, type Report, type Subscription } from "sluice";
import type { JoinPlan, Step } from "./plan.ts";

/** How long a consumer waits for its calls, in fake ms: longer than all steps of a plan take. */
const STOP_WITHIN_MS = 1000;

interface Call {
  readonly events: readonly number[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class Member {
  readonly stage: Consumer<number>;
  readonly subscription: Subscription;
  readonly received: number[] = [];
  /** That have not settled; of a stage that has ended those that never will matter. */
  calls: Call[] = [];

  constructor(source: PushProducer<number>, { handler, maxRedeliveries }: JoinPlan) {
    const handle = (events: readonly number[]): Promise<void> =>
      new Promise((resolve, reject) => {
        this.received.push(...events);
        this.calls.push({ events, resolve, reject });
      });
    const shared = { stopWithinMs: STOP_WITHIN_MS, handleReport: () => undefined };
    this.stage = handler === "batch" ? consumer<number>({ ...shared, handleEvents: handle }) : consumer<number>({ ...shared, handleEvent: (event) => handle([event]), concurrency: handler });
    void this.stage.closed;
    this.subscription = this.stage.subscribe(source, { mode: "manual", onCrash: "redeliver", maxRedeliveries });
  }
}

export class World {
  readonly members: Member[] = [];
  readonly failed: number[] = [];
  readonly source: PushProducer<number>;
  #emitted = 0;

  constructor() {
    this.source = producer<number>({
      bufferSize: Infinity,
      whenUnused: "wait",
      handleReport: (report: Report) => {
        if (report.kind === "redelivery-failed") this.failed.push(...(report.events as readonly number[]));
      },
    });
    void this.source.closed;
  }

  step(step: Step): void {
    const member = "consumer" in step ? this.members[step.consumer % this.members.length] : undefined;
    switch (step.type) {
      case "emit":
        this.#emit(step.count);
        return;
      case "join":
        this.join(step.plan);
        return;
      case "ask":
        member?.subscription.ask(step.count);
        return;
      case "handle":
      case "crash":
        if (member !== undefined) settleCall(member, step.call, step.type === "crash");
        return;
      case "stop":
        void member?.stage.stop();
        return;
      case "complete":
        this.source.complete();
        return;
      case "wait":
    }
  }

  join(plan: JoinPlan): Member | undefined {
    if (this.source.snapshot().state === "ended") return undefined;
    const member = new Member(this.source, plan);
    this.members.push(member);
    return member;
  }

  #emit(count: number): void {
    try {
      this.source.emit(Array.from({ length: count }, (_, place) => this.#emitted + place));
      this.#emitted += count;
    } catch {
      // It has been completed.
    }
  }
}

/** Of a consumer that has ended nobody looks at the outcome. */
function settleCall({ calls }: Member, number: number, hasFailed: boolean): void {
  const [call] = calls.splice(number % Math.max(1, calls.length), 1);
  if (hasFailed) call?.reject(new Error("a call fails"));
  else call?.resolve();
}
