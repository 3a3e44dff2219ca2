import { parseArgs } from "node:util";

import { BenchError, type Job } from "./harness/case.ts";
import type { SectionOptions } from "./harness/run-section.ts";

export type Options = Measuring | Guarding;

export interface Measuring extends SectionOptions {
  readonly command: "measure";
  readonly jobs: readonly Job[];
  /** Where every figure goes. */
  readonly json: string | undefined;
  /** Where the tables go. */
  readonly markdown: string | undefined;
}

/** The ratios that were recorded: to be held, or to be recorded anew. */
export interface Guarding {
  readonly command: "guard";
  readonly record: boolean;
}

const GUARD = "guard";
const MEASURING = ["peers", "json", "markdown", "quick", "check"];
const GUARDING = ["record"];

const OPTIONS = {
  peers: { type: "string" },
  json: { type: "string" },
  markdown: { type: "string" },
  quick: { type: "boolean" },
  check: { type: "boolean" },
  record: { type: "boolean" },
} as const;

/** Throws a BenchError whose one sentence names the argument. */
export function parseOptions(args: readonly string[], jobs: readonly Job[]): Options {
  const { tokens } = parseArgs({ args: [...args], strict: false, tokens: true, options: OPTIONS });
  const named = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const isGuard = named.includes(GUARD);
  if (isGuard && named.length > 1) throw new BenchError(`expected ${GUARD} to be the only job, got: ${named.join(", ")}`);
  const allowed = isGuard ? GUARDING : MEASURING;

  const flags = new Set<string>();
  const settings = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!allowed.includes(name)) {
      throw new BenchError(`expected an option to be one of ${allowed.map((each) => `--${each}`).join(", ")}, got: ${rawName}`);
    }
    if (OPTIONS[name as keyof typeof OPTIONS].type === "boolean") {
      if (value !== undefined) throw new BenchError(`expected ${rawName} to stand alone, got: ${value}`);
      flags.add(name);
    } else {
      if (!value || value.startsWith("-")) throw new BenchError(`expected ${rawName} to have a value, got: ${value ?? "nothing"}`);
      settings.set(name, value);
    }
  }
  if (isGuard) return { command: "guard", record: flags.has("record") };

  const chosen = named.map((name) => findJob(name, jobs));
  const selected = chosen.length > 0 ? [...new Set(chosen)] : jobs;
  return {
    command: "measure",
    jobs: selected,
    peers: parsePeers(settings.get("peers"), selected),
    json: settings.get("json"),
    markdown: settings.get("markdown"),
    quick: flags.has("quick"),
    check: flags.has("check"),
  };
}

function findJob(wanted: string, jobs: readonly Job[]): Job {
  const found = jobs.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw new BenchError(`expected a job to be one of ${[...jobs.map(({ name }) => name), GUARD].join(", ")}, got: ${wanted}`);
  }
  return found;
}

function parsePeers(list: string | undefined, jobs: readonly Job[]): string[] | undefined {
  if (list === undefined) return undefined;
  const known = new Set(jobs.flatMap(({ sections }) => sections.flatMap(({ cases }) => cases.map(({ by }) => by))));
  known.delete("sluice");
  const peers = list.split(",");
  for (const peer of peers) {
    if (!known.has(peer)) throw new BenchError(`expected a peer to be one of ${[...known].join(", ")}, got: ${peer}`);
  }
  return peers;
}
