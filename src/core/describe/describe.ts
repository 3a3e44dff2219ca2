import { BadOptionError } from "../errors.ts";
import { factsOf, factsOfFeed, factsOfGroup, ownNameOf, titleOf } from "./facts.ts";
import { mermaidOf } from "./mermaid.ts";
import { checkOptions, oneOf } from "../options.ts";
import { ADOPT } from "../protocol.ts";
import type { Stage } from "../stages.ts";
import type { Supervisor } from "../supervision/supervisors.ts";
import { Group, Topology, type Vertex } from "./topology.ts";

/** Options of {@link describe}. */
export interface DescribeOptions {
  /** For people, or a flowchart for whatever renders Mermaid. Default `text`. */
  readonly as?: "text" | "mermaid" | undefined;
}

/**
 * A supervisor with all that is below it, or a stage with all that it is connected with, at this moment: who supervises
 * whom, who feeds whom, the state of each, what it waits for, its restarts and counts.
 *
 * ```
 * tree: supervisor, restForOne, running
 *   counter: producer, running, waits for demand, emitted 20
 *   evens: producerConsumer, running, waits for demand, 1 restart, last end: error (Error: odd), handled 20, emitted 10
 *     <- counter (asked 10)
 *   printer: consumer, running, in a callback, handled 5
 *     <- evens (asked 1000, 5 in flight)
 * ```
 *
 * `asked` is what a consumer has asked for and not handled, `in flight` what of it the producer has sent. Of two with the same name the
 * second is called `name #2`. The text is for people and may change with any version: a program reads `snapshot()`.
 *
 * @throws BadOptionError
 */
export function describe(what: Stage | Supervisor, options: DescribeOptions = {}): string {
  if (!isKnown(what)) throw new BadOptionError("what is described", "a stage or a supervisor that was started", what);
  checkOptions("describe", options, { as: oneOf("text", "mermaid") });
  const topology = new Topology(what);
  return options.as === "mermaid" ? mermaidOf(topology) : textOf(topology);
}

function isKnown(value: unknown): boolean {
  return typeof value === "object" && value !== null && ADOPT in value && "snapshot" in value;
}

function textOf({ tree, others }: Topology): string {
  const lines: string[] = [];
  if (tree !== undefined) group(tree, "");
  const stages = others.filter(({ kind }) => kind !== "foreign");
  const isApart = tree !== undefined && stages.length > 0;
  if (isApart) lines.push("not in this tree:");
  for (const each of stages) vertex(each, isApart ? "  " : "");
  return lines.join("\n");

  function group(each: Group, indent: string): void {
    lines.push(`${indent}${titleOf(each.name, each.supervisor?.name)}: ${factsOfGroup(each).join(", ")}`);
    for (const member of each.members) {
      if (member instanceof Group) group(member, `${indent}  `);
      else vertex(member, `${indent}  `);
    }
  }

  function vertex(each: Vertex, indent: string): void {
    lines.push(`${indent}${titleOf(each.label, ownNameOf(each))}: ${factsOf(each).join(", ")}`);
    for (const feed of each.feeds) lines.push(`${indent}  <- ${titleOf(feed.from.label)} (${factsOfFeed(feed)})`);
    for (const reader of each.readers) lines.push(`${indent}  -> ${titleOf(reader.label)}`);
  }
}
