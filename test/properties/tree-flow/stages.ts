/** Makes the stages of a plan. */
import { broadcastDispatcher, consumer, demandDispatcher, partitionDispatcher, producer, producerConsumer, type DispatcherFactory, type ExitReason, type Producer, type PushProducer, type Report, type Self, type Stage, type Target } from "sluice";
import { monitored } from "sluice/testing";
import type { Life } from "./life.ts";
import { MOST_WORKERS, type InletPlan, type MiddlePlan, type OutletPlan, type SourcePlan } from "./plan.ts";
import type { Slot } from "./slot.ts";
import { Tap, tapped } from "./tap.ts";
import type { Token } from "./token.ts";

/** How long a stage waits for a callback at its end, in fake ms. */
export const STOP_WITHIN_MS = 20;
/** An endless source brings so many of itself; the rest waits for a step. */
const AT_ONCE = 30;
const MOST_AT_A_TIME = 10;

/** Whom a consumer subscribes to. */
export interface From {
  readonly life: Life;
  readonly stage: Producer<Token>;
  readonly dispatcher: OutletPlan["dispatcher"];
}

interface Shared {
  readonly name: string;
  readonly stopWithinMs: number;
  readonly handleReport: (report: Report) => void;
  readonly handleStop: (reason: ExitReason) => unknown;
}

function sharedOf(slot: Slot, life: Life): Shared {
  return { name: life.name, stopWithinMs: STOP_WITHIN_MS, handleReport: (report) => life.hears(report), handleStop: () => slot.stopped() };
}

/** Whoever has made it looks at it from now on. */
function lives<Made extends Stage>(slot: Slot, life: Life, stage: Made): Made {
  life.stage = stage;
  slot.lives.push(life);
  void stage.closed.then((reason) => (life.reason = reason));
  return stage;
}

function dispatcherOf({ dispatcher }: OutletPlan, consumers: number): DispatcherFactory<Token> {
  if (dispatcher === "broadcast") return broadcastDispatcher();
  if (dispatcher === "demand") return demandDispatcher();
  return partitionDispatcher({ partitions: MOST_WORKERS, hash: ({ number }: Token) => number % consumers });
}

export function source(slot: Slot, plan: SourcePlan, consumers: number): PushProducer<Token> {
  const life = slot.start();
  const many = (count: number): Token[] => Array.from({ length: count }, () => life.make());
  let left = plan.kind === "finite" ? plan.count : AT_ONCE;
  const handleDemand = (demand: number, self: Self): Token[] | Promise<Token[]> => {
    if (slot.isTired) return new Promise(() => undefined);
    if (plan.kind === "endless" && left === 0) return slot.pass("gate", () => many(Math.min(demand, MOST_AT_A_TIME)));
    const count = Math.min(demand, left);
    left -= count;
    const done = (): Token[] => {
      if (plan.kind === "finite" && left === 0) self.complete();
      return many(count);
    };
    return slot.call(self, false, done, () => undefined);
  };
  return lives(slot, life, producer<Token>({
    ...sharedOf(slot, life),
    dispatcher: dispatcherOf(plan, consumers),
    ...(plan.bufferSize !== undefined && { bufferSize: plan.bufferSize }),
    ...(plan.kind !== "push" && { handleDemand }),
  }));
}

export function worker(slot: Slot, plan: InletPlan, from: readonly From[], place: number, breaches: string[]): Stage {
  const life = slot.start();
  return lives(slot, life, consumer({ ...sharedOf(slot, life), subscribeTo: targets(life, plan, from, place, breaches), ...handlers(slot, life, plan, () => undefined) }));
}

export function middle(slot: Slot, plan: MiddlePlan, from: readonly From[], consumers: number, breaches: string[]): Producer<Token> {
  const life = slot.start();
  const subscribeTo = targets(life, plan, from, 0, breaches);
  const pass = (tokens: readonly Token[]): readonly Token[] => tokens.map(() => life.make());
  return lives(slot, life, producerConsumer({
    ...sharedOf(slot, life),
    subscribeTo,
    dispatcher: dispatcherOf(plan, consumers),
    ...(plan.bufferSize !== undefined && { bufferSize: plan.bufferSize }),
    ...handlers(slot, life, plan, pass),
  }));
}

type Result = readonly Token[] | undefined;

interface BatchHandler {
  readonly handleEvents: (tokens: readonly Token[], from: unknown, self: Self) => Result | Promise<Result>;
}

interface EventHandler {
  readonly handleEvent: (token: Token, self: Self) => Result | Promise<Result>;
  readonly concurrency: number;
  readonly ordered: boolean;
}

function handlers(slot: Slot, life: Life, plan: InletPlan, results: (tokens: readonly Token[]) => Result): BatchHandler | EventHandler {
  const handle = (tokens: readonly Token[], self: Self): Result | Promise<Result> => {
    for (const token of tokens) life.producers.find((tap) => tap.producer === token.by)?.begins(token);
    // Outputs are numbered in the order in which they are to be emitted.
    const isByBegin = plan.handler === "batch" || plan.isOrdered || plan.concurrency === 1;
    const made = isByBegin ? results(tokens) : undefined;
    const isPoisoned = tokens.some(({ number }) => number === plan.poison);
    const done = (): Result => {
      life.handled.push(...tokens);
      return isByBegin ? made : results(tokens);
    };
    return slot.call(self, isPoisoned, done, () => void life.failed.push(...tokens));
  };
  if (plan.handler === "batch") return { handleEvents: (tokens, _, self) => handle(tokens, self) };
  return { handleEvent: (token, self) => handle([token], self), concurrency: plan.concurrency, ordered: plan.isOrdered };
}

function targets(life: Life, plan: InletPlan, from: readonly From[], place: number, breaches: string[]): Target<Token>[] {
  const { maxDemand, cancel, isRedelivered, maxRedeliveries } = plan;
  return from.map(({ life: by, stage, dispatcher }) => ({
    to: monitored(tapped(stage, new Tap(by, life, { ...plan, dispatcher }, breaches)), { freeze: true, maxDemand, handleViolation: ({ message }) => void breaches.push(message) }),
    maxDemand,
    minDemand: Math.min(plan.minDemand, maxDemand - 1),
    cancel,
    ...(dispatcher === "partition" && { partition: place }),
    ...(dispatcher === "demand" && isRedelivered && { onCrash: "redeliver" as const, maxRedeliveries }),
  }));
}
