import { expect, test } from "vitest";
import { readTraces, traceFiles } from "./trace.ts";
import { judge } from "./verdict.ts";

const folder = new URL("./traces/", import.meta.url);

test.each(traceFiles)("Sluice does what %s records, or a rule says", async (file) => {
  for (const trace of readTraces(folder, file)) {
    expect((await judge(trace)).type, trace.id).toBe("passed");
  }
}, 60_000);
