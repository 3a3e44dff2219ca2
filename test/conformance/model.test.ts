import { describe, expect, test } from "vitest";
import { deviates, recorded, rulesBehind } from "./attribution.ts";
import { withoutTexts } from "./compare.ts";
import { expected } from "./model.ts";
import { ruleNames, type Rule } from "./rules.ts";
import { isModelledTrace, readTraces, traceFiles, type ModelledTrace, type TraceFile } from "./trace.ts";

const folder = new URL("./traces/", import.meta.url);
const modelled = (file: TraceFile): readonly ModelledTrace[] => readTraces(folder, file).filter(isModelledTrace);

describe("without rules the model is GenStage", () => {
  test.each<[file: TraceFile, lines: number]>([
    ["consumer", 271],
    ["producer-demand", 252],
    ["producer-broadcast", 260],
    ["producer-partition", 260],
    ["producer-consumer", 443],
    ["consumer-supervisor", 77],
    ["curated", 120],
    ["validation", 64],
  ])("it reproduces %s, all %i lines of it, in their total order", (file, lines) => {
    const traces = modelled(file);
    expect(traces).toHaveLength(lines);
    for (const trace of traces) {
      expect(withoutTexts(expected(trace)), trace.id).toEqual(withoutTexts(recorded(trace)));
    }
  });
});

describe("a rule alone changes", () => {
  const traces = traceFiles.flatMap(modelled);

  // The figures of traces/DEVIATIONS.md come from another model of the rules.
  const lines: Readonly<Record<Rule, number>> = {
    R1: 125,
    R2: 8,
    R3: 20,
    R4: 44,
    R5: 57,
    R6: 1,
    R7: 8,
    R8: 2,
    R9: 0,
    R10: 287,
    R11: 98,
    R12: 84,
    R13: 19,
    R14: 218,
    R15: 55,
    R16: 2,
    R17: 11,
    R18: 82,
    R19: 9,
    R20: 0,
    R21: 1,
    R22: 1,
    R23: 1,
  };

  test.each(ruleNames)("%s: its lines and no others", (rule) => {
    expect(traces.filter((trace) => deviates(trace, new Set([rule])))).toHaveLength(lines[rule]);
  });
});

test("every line that differs from its recording is explained by rules", () => {
  for (const trace of traceFiles.flatMap(modelled)) {
    const behind = rulesBehind(trace);
    expect(deviates(trace, behind), trace.id).toBe(behind.size > 0);
  }
});
