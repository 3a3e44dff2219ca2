import { Effect, Stream } from "effect";

import type { Run } from "../../measures/calibrate.ts";
import { run } from "../j1/effect.ts";
import { eachShape, EVENTS_OF_A_SHAPE, type Use } from "./shapes.ts";

const useStreams: Use = async (shape, change, keeps) => {
  const events = Array.from({ length: EVENTS_OF_A_SHAPE }, (_, n) => shape(n));
  const streamed = Stream.fromIterable(events).pipe(Stream.map(change), Stream.filter(keeps), Stream.mapEffect(Effect.succeed, { concurrency: 3 }));
  await Effect.runPromise(Stream.runDrain(streamed));
};

export async function afterwards(): Promise<Run> {
  await eachShape(useStreams);
  return run;
}
