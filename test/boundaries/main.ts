/**
 * `npm run matrix`: each way in, each way out, each fault marked M, and the counts of the tests of the other faults.
 *
 * `--in NAME --out NAME --fault CODE` run a part, each may be given several times; `--list` names what there is;
 * `--thorough` makes the runs of very many events as long for each pair as they are for a cover of the ways.
 */
import { runCell, type Cell, type Verdict } from "./cell.ts";
import { longOf } from "./long.ts";
import { countTests } from "./other-faults.ts";
import { parseOptions, type Options } from "./options.ts";
import { formatFailure, formatList, formatOthers, formatSummary, formatTable, type Row } from "./print.ts";
import { FAULTS, WAYS_IN, WAYS_OUT } from "./table.ts";
import { Tally } from "./tally.ts";
import { countTimers } from "./timers.ts";
import { Watch } from "./watch.ts";
import { listenToWires } from "./wires.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(options: Options): Promise<number> {
  const start = performance.now();
  const tally = new Tally();
  const rows: Row[] = [];
  countTimers();
  using watch = new Watch();
  listenToWires((violation) => watch.violations.push(violation));
  for (const wayIn of options.waysIn) {
    for (const wayOut of options.waysOut) {
      const long = longOf(WAYS_IN.indexOf(wayIn), WAYS_OUT.indexOf(wayOut), options.isThorough);
      const verdicts: Verdict[] = [];
      for (const fault of options.faults) {
        const cell: Cell = { wayIn, wayOut, fault };
        const verdict = await runCell(cell, { watch, long });
        verdicts.push(verdict);
        tally.add(verdict);
        if (verdict.type === "failed") print(formatFailure(cell, verdict.mismatches));
      }
      rows.push({ wayIn, wayOut, verdicts });
    }
  }
  print(formatTable(rows, options.faults));
  print(formatSummary(tally, performance.now() - start));
  let { failed } = tally;
  // A part says nothing of the whole.
  if (options.isWhole) {
    const others = countTests();
    print(formatOthers(others));
    failed += others.filter(({ count }) => count === 0).length;
    if (tally.unfitShare > Tally.MOST_UNFIT) failed += 1;
  }
  print(`${tally.passed} passed, ${failed} failed`);
  return failed;
}

try {
  const options = parseOptions(process.argv.slice(2), { waysIn: WAYS_IN, waysOut: WAYS_OUT, faults: FAULTS });
  if (options.list) print(formatList(options));
  else process.exitCode = (await main(options)) > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
