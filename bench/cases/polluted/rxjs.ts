import { filter, from, lastValueFrom, map, mergeMap, Subject } from "rxjs";

import type { Run } from "../../measures/calibrate.ts";
import { run } from "../j1/rxjs.ts";
import { eachShape, EVENTS_OF_A_SHAPE, type Use } from "./shapes.ts";

const useOperators: Use = async (shape, change, keeps) => {
  const events = Array.from({ length: EVENTS_OF_A_SHAPE }, (_, n) => shape(n));
  const subject = new Subject<unknown>();
  subject.pipe(map(change)).subscribe(() => undefined);
  const piped = from(events).pipe(
    map(change),
    filter(keeps),
    mergeMap(async (event) => [event], 3),
  );
  await lastValueFrom(piped, { defaultValue: [] });
  from(events).subscribe(subject);
};

export async function afterwards(): Promise<Run> {
  await eachShape(useOperators);
  return run;
}
