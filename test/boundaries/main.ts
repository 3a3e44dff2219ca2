/** `npm run matrix -- [--in NAME] [--out NAME] [--fault CODE] [--list]`: each way in, each way out, each fault marked M. */
import { runCell, type Verdict } from "./cell.ts";
import { parseOptions } from "./options.ts";
import { FAULTS, WAYS_IN, WAYS_OUT } from "./table.ts";
import { countTimers } from "./timers.ts";
import { Watch } from "./watch.ts";

const LONG = 200_000;
const options = parseOptions(process.argv.slice(2), { waysIn: WAYS_IN, waysOut: WAYS_OUT, faults: FAULTS });
countTimers();
const watch = new Watch();
const counts = { passed: 0, failed: 0, unfit: 0, none: 0 };
const times = new Map<number, number>();
for (const wayIn of options.waysIn) {
  for (const wayOut of options.waysOut) {
    for (const fault of options.faults) {
      const from = performance.now();
      const verdict: Verdict = await runCell({ wayIn, wayOut, fault }, { watch, long: LONG });
      times.set(fault.code, (times.get(fault.code) ?? 0) + performance.now() - from);
      counts[verdict.type] += 1;
      if (verdict.type === "failed") {
        console.log(`${wayIn.name} > ${wayOut.name}, fault ${fault.code} (${fault.sentence})`);
        for (const { run, what, expected, got } of verdict.mismatches) console.log(`  ${run}: ${what}\n    expected ${expected}\n    got      ${got}`);
      }
    }
  }
}
console.log(counts);
console.log([...times].map(([code, ms]) => `${code}: ${Math.round(ms)}`).join("  "));
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
