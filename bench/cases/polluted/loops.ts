import type { Run } from "../../measures/calibrate.ts";
import { run } from "../j1/loops.ts";
import { eachShape, EVENTS_OF_A_SHAPE, type Use } from "./shapes.ts";

const useArrays: Use = (shape, change, keeps) => {
  const events = Array.from({ length: EVENTS_OF_A_SHAPE }, (_, n) => shape(n));
  for (let at = 0; at < events.length; at += 10) events.slice(at, at + 10).map(change).filter(keeps);
};

export async function afterwards(): Promise<Run> {
  await eachShape(useArrays);
  return run;
}
