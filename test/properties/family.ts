import type * as fc from "fast-check";
import { describe, test } from "vitest";
import { Campaign, type Run } from "./campaign.ts";
import { CODES, PROPERTIES, type Code } from "./codes.ts";
import { announce, timeout } from "./runs.ts";

/** How a family of runs is made and told. */
export interface Family<Plan> {
  readonly plans: fc.Arbitrary<Plan>;
  readonly run: Run<Plan>;
  readonly runs: number;
  readonly show?: (plan: Plan) => string;
  /** What is looked at. Default everything. */
  readonly codes?: readonly Code[];
}

/** A test for each property, over the same runs. */
export function testProperties<Plan>(title: string, { plans, run, runs, show, codes = CODES }: Family<Plan>): void {
  announce(title, runs);
  describe(title, () => {
    const campaign = new Campaign(plans, run, runs, show);
    // The first of them makes the runs.
    for (const code of codes) {
      test(`${code} ${PROPERTIES[code]}`, { timeout }, async () => {
        await campaign.expectNone(code);
      });
    }
  });
}
