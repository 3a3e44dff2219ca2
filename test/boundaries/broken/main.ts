/** Runs the named cell on each broken adapter, and says whether it has found it: `[NAME...]` for some of them only. */
import * as cells from "../cell.ts";
import { formatFailure } from "../print.ts";
import * as table from "../table.ts";
import { countTimers } from "../timers.ts";
import { Watch } from "../watch.ts";
import { breakLibrary, type Copy, type Mutant } from "./breaking.ts";
import { MUTANTS } from "./mutants.ts";

const LONG = 4_000;
const names = process.argv.slice(2);
const chosen = names.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => names.includes(name));
countTimers();
let found = 0;
for (const [place, mutant] of chosen.entries()) {
  const verdict = await judge(mutant, place);
  if (verdict === "found") found += 1;
  process.stdout.write(`${verdict}: ${mutant.name}\n`);
}
process.stdout.write(`${found} of ${chosen.length} broken adapters are found\n`);
process.exitCode = found === chosen.length ? 0 : 1;

async function judge(mutant: Mutant, place: number): Promise<string> {
  let whole = await run({ cells, table }, mutant);
  // On a crowded machine a deadline may pass by itself.
  for (let again = 0; again < 2 && whole.type === "failed"; again += 1) whole = await run({ cells, table }, mutant);
  if (whole.type !== "passed") return `unsound (the whole one has ${whole.type})`;
  try {
    const broken = await run(await breakLibrary(mutant, place), mutant);
    return broken.type === "failed" ? "found" : `missed (it has ${broken.type})`;
  } catch (error) {
    return `not broken (${error instanceof Error ? error.message : String(error)})`;
  }
}

async function run(copy: Copy, mutant: Mutant): ReturnType<typeof cells.runCell> {
  const cell = {
    wayIn: pick(copy.table.WAYS_IN, ({ name }) => name === mutant.wayIn),
    wayOut: pick(copy.table.WAYS_OUT, ({ name }) => name === mutant.wayOut),
    fault: pick(copy.table.FAULTS, ({ code }) => code === mutant.fault),
  };
  using watch = new Watch();
  const verdict = await copy.cells.runCell(cell, { watch, long: LONG });
  if (verdict.type === "failed" && names.length > 0) process.stdout.write(`${formatFailure(cell, verdict.mismatches)}\n`);
  return verdict;
}

function pick<Part>(parts: readonly Part[], isIt: (part: Part) => boolean): Part {
  const part = parts.find(isIt);
  if (part === undefined) throw new Error("expected the cell of each mutant to be one of the matrix");
  return part;
}
