import { parseArgs } from "node:util";

import { BenchError, type Job } from "./harness/case.ts";
import type { SectionOptions } from "./harness/run-section.ts";

export interface Options extends SectionOptions {
  readonly jobs: readonly Job[];
  /** Where every figure goes. */
  readonly json: string | undefined;
}

const FLAGS = ["quick", "check"];
const SETTINGS = ["peers", "json"];
const NAMES = [...SETTINGS, ...FLAGS].map((name) => `--${name}`);

/** Throws a BenchError whose one sentence names the argument. */
export function parseOptions(args: readonly string[], jobs: readonly Job[]): Options {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      peers: { type: "string" },
      json: { type: "string" },
      quick: { type: "boolean" },
      check: { type: "boolean" },
    },
  });
  const chosen: Job[] = [];
  const flags = new Set<string>();
  const settings = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") chosen.push(findJob(token.value, jobs));
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (FLAGS.includes(name)) {
      if (value !== undefined) throw new BenchError(`expected ${rawName} to stand alone, got: ${value}`);
      flags.add(name);
    } else if (SETTINGS.includes(name)) {
      if (!value || value.startsWith("-")) throw new BenchError(`expected ${rawName} to have a value, got: ${value ?? "nothing"}`);
      settings.set(name, value);
    } else {
      throw new BenchError(`expected an option to be one of ${NAMES.join(", ")}, got: ${rawName}`);
    }
  }
  const selected = chosen.length > 0 ? [...new Set(chosen)] : jobs;
  return {
    jobs: selected,
    peers: parsePeers(settings.get("peers"), selected),
    json: settings.get("json"),
    quick: flags.has("quick"),
    check: flags.has("check"),
  };
}

function findJob(wanted: string, jobs: readonly Job[]): Job {
  const found = jobs.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw new BenchError(`expected a job to be one of ${jobs.map(({ name }) => name).join(", ")}, got: ${wanted}`);
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
