import { pipeline, producerConsumer, type Producer } from "sluice";
import { intoWritable } from "sluice/node";

import type { Output } from "../program/output.ts";
import type { DeadLetter, Measured, Outcome } from "./outcome.ts";

/** Writes a line for each of the outcomes that are of one kind. Resolves when all of them are in the file. */
export async function writeLines<Kind extends Outcome>(
  outcomes: Producer<Outcome>,
  isOfKind: (outcome: Outcome) => outcome is Kind,
  toLine: (outcome: Kind) => string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const lines = (from: Producer<Outcome>): Producer<string> =>
    producerConsumer({
      name: "lines",
      subscribeTo: [{ to: from, selector: isOfKind }],
      handleEvents: (list) => [(list as readonly Kind[]).map(toLine).join("")],
    });
  try {
    await pipeline(outcomes, lines, intoWritable<string>(output.stream), { signal });
  } catch (error) {
    throw signal.aborted ? error : output.failure(error);
  }
}

/** As `sha256sum --check` reads it. */
export function checksumLine({ sha256, path }: Measured): string {
  const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === path ? "" : "\\"}${sha256}  ${escaped}\n`;
}

/** A JSON object. */
export function letterLine({ path, reason, attempts, worker }: DeadLetter): string {
  return `${JSON.stringify({ path, reason, attempts, worker })}\n`;
}
