import type { DispatcherFactory, DispatcherHost } from "sluice";
import { broadcastDispatcher, demandDispatcher, partitionDispatcher } from "sluice";
import type { Code } from "../codes.ts";
import { BroadcastOracle } from "../oracles/broadcast.ts";
import { DemandOracle } from "../oracles/demand.ts";
import type { Oracle } from "../oracles/oracle.ts";
import { PartitionOracle, type Hash } from "../oracles/partition.ts";
import type { DispatcherPlan } from "./plan.ts";

/** An event of a random graph. It is its own identity: no two are equal, and whoever has it knows where it comes from. */
export interface Token {
  /** The stage that emitted it. */
  readonly stage: number;
  /** What its callbacks returned or emitted, or what was emitted from outside: each lane keeps its order. */
  readonly lane: "callback" | "outside";
  readonly seq: number;
  /** For hashes and selectors. */
  readonly key: number;
}

/** The key with which a hash or a selector fails. */
const FATAL_KEY = 7;

/** The events that a hash puts in place of others: always the same for the same event. */
const replacements = new WeakMap<Token, Token>();

export function replacementOf(event: Token): Token {
  const known = replacements.get(event);
  if (known !== undefined) return known;
  const made = { ...event };
  replacements.set(event, made);
  return made;
}

export function hashOf({ hash, partitions }: DispatcherPlan, fail: () => Error): Hash<Token> {
  return (event) => {
    const partition = event.key % partitions;
    switch (hash) {
      case "keeps":
        return partition;
      case "drops":
        return event.key % 3 === 0 ? undefined : partition;
      case "replaces":
        return event.key % 2 === 0 ? { partition, event: replacementOf(event) } : partition;
      case "drops and replaces":
        if (event.key % 3 === 0) return undefined;
        return event.key % 2 === 0 ? { partition, event: replacementOf(event) } : partition;
      case "is unknown":
        return event.key === FATAL_KEY ? partitions : partition;
      case "throws":
        if (event.key === FATAL_KEY) throw fail();
        return partition;
    }
  };
}

/** The selector with a number; the first is none. */
export function selectorOf(number: number, fail: () => Error): ((event: Token) => boolean) | undefined {
  switch (number % 12) {
    case 1:
    case 2:
    case 3:
      return ({ key }) => key % 2 === 0;
    case 4:
    case 5:
      return ({ key }) => key % 3 === 0;
    case 6:
      return () => false;
    case 7:
      return () => true;
    default:
      return undefined;
    case 11:
      return ({ key }) => {
        if (key === FATAL_KEY) throw fail();
        return true;
      };
  }
}

/** The dispatcher of a plan, its oracle, and the property that they differ in. */
export function dispatcherOf(plan: DispatcherPlan, fail: () => Error): { readonly real: DispatcherFactory<Token>; readonly oracle: (host: DispatcherHost) => Oracle<Token>; readonly code: Code } {
  switch (plan.kind) {
    case "demand":
      return { real: demandDispatcher(), oracle: () => new DemandOracle(), code: "P9" };
    case "broadcast":
      return { real: broadcastDispatcher(), oracle: () => new BroadcastOracle(), code: "P7" };
    case "partition": {
      const { partitions, queueSize } = plan;
      const hash = hashOf(plan, fail);
      return {
        real: partitionDispatcher<Token>({ partitions, hash, ...(queueSize !== undefined && { queueSize }) }),
        oracle: ({ bufferSize }) => new PartitionOracle(partitions, hash, queueSize ?? bufferSize),
        code: "P8",
      };
    }
  }
}
