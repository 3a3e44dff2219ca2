import { expect, test } from "vitest";
import { readTraces, traceFiles } from "./trace.ts";
import { judge } from "./verdict.ts";

const folder = new URL("./traces/", import.meta.url);

test.each(traceFiles)("Sluice does what %s records, or a rule says", async (file) => {
  for (const trace of readTraces(folder, file)) {
    const goal = trace.sut.type === "consumerSupervisor" ? "deferred" : "passed";
    expect((await judge(trace)).type, trace.id).toBe(goal);
  }
}, 60_000);
