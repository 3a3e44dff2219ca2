/** `npm run conformance -- [FILE...]`: replays recorded traces of GenStage, and says by which rules they pass. */
import { basename } from "node:path";
import Table from "cli-table3";
import { ruleNames, ruleTexts, type Rule } from "./rules.ts";
import { readTraceFile, traceFiles, type Trace } from "./trace.ts";
import { judge, rulesOf, type Difference } from "./verdict.ts";

interface Tally {
  asRecorded: number;
  byRule: Map<Rule, number>;
  passed: number;
  failed: number;
}

const total = { passed: 0, failed: 0 };
const rows: [string, Tally][] = [];
for (const path of filesOf(process.argv.slice(2))) {
  const tally = await judgeFile(path);
  rows.push([basename(path.toString(), ".jsonl"), tally]);
  total.passed += tally.passed;
  total.failed += tally.failed;
}
print(rows);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** The program runs compiled; the traces stay where they are. */
function filesOf(given: readonly string[]): readonly (string | URL)[] {
  if (given.length > 0) return given;
  return traceFiles.map((name) => new URL(`../../../test/conformance/traces/${name}.jsonl`, import.meta.url));
}

async function judgeFile(path: string | URL): Promise<Tally> {
  const tally: Tally = { asRecorded: 0, byRule: new Map(), passed: 0, failed: 0 };
  for (const trace of read(path)) {
    const verdict = await judge(trace);
    if (verdict.type === "failed") {
      tally.failed += 1;
      explain(trace, verdict.difference);
    } else {
      tally.passed += 1;
      const rules = rulesOf(trace);
      if (rules.size === 0) tally.asRecorded += 1;
      for (const rule of rules) tally.byRule.set(rule, (tally.byRule.get(rule) ?? 0) + 1);
    }
  }
  return tally;
}

function read(path: string | URL): readonly Trace[] {
  try {
    return readTraceFile(path);
  } catch (error) {
    process.stderr.write(`cannot read traces from ${path.toString()}: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  }
}

function explain({ id, title, steps }: Trace, { what, step, expected, actual }: Difference): void {
  const line = `${id}${title === undefined ? "" : ` (${title})`}, step ${step + 1}, ${steps[step]?.do ?? "none"}: ${what}`;
  process.stdout.write(`${line}\n  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(actual)}\n`);
}

function print(tallies: readonly (readonly [file: string, tally: Tally])[]): void {
  const used = ruleNames.filter((rule) => tallies.some(([, { byRule }]) => byRule.has(rule)));
  const table = new Table({ head: ["file", "as recorded", ...used, "passed", "failed"], style: { head: [], border: [] } });
  for (const [file, { asRecorded, byRule, passed, failed }] of tallies) {
    table.push([file, asRecorded, ...used.map((rule) => byRule.get(rule) ?? 0), passed, failed]);
  }
  process.stdout.write(`${table.toString()}\n`);
  process.stdout.write("A line that needs several rules counts for each of them.\n");
  for (const rule of used) process.stdout.write(`  ${rule}: ${ruleTexts[rule]}\n`);
}
