import { CaseProcess } from "./case-process.ts";
import type { Case, Figures, Job, Section } from "./case.ts";
import { summarize, type Summary } from "./statistics.ts";

/** What one measurement found for one case, by the name of the figure. */
export interface Result {
  readonly name: string;
  readonly by: string;
  readonly figures: Readonly<Record<string, Summary>>;
}

/**
 * Measures cases side by side: a process for each, then A, B, A, B, ..., one
 * run at a time.
 */
export async function measure(job: Job, section: Section, cases: readonly Case[], runs: number): Promise<Result[]> {
  const processes: CaseProcess[] = [];
  try {
    for (const each of cases) processes.push(await CaseProcess.start(job, section, each));
    const found: Figures[][] = cases.map(() => []);
    for (let run = 0; run < runs; run++) {
      for (const [index, each] of processes.entries()) found[index]?.push(await each.run());
    }
    return cases.map(({ name, by }, index) => ({ name, by, figures: summarizeAll(found[index] ?? []) }));
  } finally {
    for (const each of processes) each.stop();
  }
}

function summarizeAll(runs: readonly Figures[]): Record<string, Summary> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, summarize(runs.map((figures) => figures[name] ?? Number.NaN))]));
}
