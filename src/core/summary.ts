/** A stage in one line, for people. */
import type { Snapshot, WaitState } from "./inspect.ts";

/** By which the `console.log` of Node, Bun and Deno asks an object for what to print. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/**
 * ```
 * evens: producerConsumer, running, waits for demand, handled 20, emitted 10, from counter (asked 10), to printer
 * ```
 */
export function summaryOf(snapshot: Snapshot): string {
  const from = snapshot.input?.subscriptions.map(({ name, outstanding }) => (outstanding > 0 ? `${name} (asked ${outstanding})` : name));
  const facts = [snapshot.role, ...statesOf(snapshot), ...countsOf(snapshot), ...partners("from", from), ...partners("to", snapshot.output?.consumers)];
  return inLine(`${snapshot.name}: ${facts.join(", ")}`);
}

export function inLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** Where it is in its life, and what it waits for. */
export function statesOf({ state, waitingFor }: Snapshot): readonly string[] {
  return state === "running" || state === "finishing" ? [state, WAITS[waitingFor]] : [state];
}

const WAITS: Readonly<Record<WaitState, string>> = {
  events: "waits for events",
  demand: "waits for demand",
  callback: "in a callback",
  draining: "draining",
  stopping: "stopping",
  ended: "ended",
};

export function countsOf({ input, output }: Snapshot): readonly string[] {
  return [
    ...(input === undefined ? [] : [`handled ${input.handled}`]),
    ...some("being handled", input?.inCallback),
    ...some("queued", input?.queued),
    ...some("failed", input?.failed),
    ...some("returned", input?.returned),
    ...(output === undefined ? [] : [`emitted ${output.emitted}`]),
    ...some("buffered", output?.buffered),
    ...some("discarded", output?.discarded),
    ...some("dropped", output?.dropped),
    ...some("lost", (input?.lost ?? 0) + (output?.lost ?? 0)),
  ];
}

/** A count that says something when it is not 0. */
export function some(what: string, number = 0): readonly string[] {
  return number > 0 ? [`${what} ${number}`] : [];
}

function partners(preposition: string, names: readonly string[] = []): readonly string[] {
  return names.length === 0 ? [] : [`${preposition} ${listed(names)}`];
}

const MOST_NAMES = 4;

/** The first names of a list that may be long. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(" and ");
}
