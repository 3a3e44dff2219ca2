import { sumOfAll, sumOfEvens } from "../cases/numbers.ts";
import type { Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

const ours = () => import("../cases/gate/sluice.ts");
const plain = () => import("../cases/gate/rxjs.ts");

const job = (name: string, by: string, expected: SpeedCase["expected"], load: SpeedCase["load"]): SpeedCase => ({ name, by, load, expected });

/** The operators of RxJS behind the gate, and alone. */
export const gate: readonly Section[] = [
  {
    name: "J5 operators, synchronous",
    title: "count -> operators of RxJS -> sum, behind the gate and with RxJS alone",
    cases: [
      job("map, filter", "sluice", sumOfEvens, async () => (await ours()).mapAndFilter),
      job("map, filter alone", "rxjs", sumOfEvens, async () => (await plain()).mapAndFilter),
      job("map x 4", "sluice", (events) => sumOfAll(events) + 4 * events, async () => (await ours()).fourMaps),
      job("map x 4 alone", "rxjs", (events) => sumOfAll(events) + 4 * events, async () => (await plain()).fourMaps),
      job("bufferCount", "sluice", sumOfAll, async () => (await ours()).gathering),
      job("bufferCount alone", "rxjs", sumOfAll, async () => (await plain()).gathering),
    ].map(speedCase),
    targets: [speedTarget("map, filter", "map, filter alone", 2.5), speedTarget("map x 4", "map x 4 alone", 2.5), speedTarget("bufferCount", "bufferCount alone", 2.5)],
  },
  {
    name: "J5 operators, waiting",
    title: "count -> operators of RxJS, each event waits for a promise -> sum",
    cases: [
      job("mergeMap 8", "sluice", sumOfAll, async () => (await ours()).merging),
      job("mergeMap 8 alone", "rxjs", sumOfAll, async () => (await plain()).merging),
      job("each, 8 copies", "sluice", sumOfAll, async () => (await ours()).copies),
      job("mergeMap 8, a turn", "sluice", sumOfAll, async () => (await ours()).mergingTurns),
      job("mergeMap 8, a turn, alone", "rxjs", sumOfAll, async () => (await plain()).mergingTurns),
      job("concatMap", "sluice", sumOfAll, async () => (await ours()).concatenating),
      job("concatMap alone", "rxjs", sumOfAll, async () => (await plain()).concatenating),
      job("mix", "sluice", sumOfAll, async () => (await ours()).mixed),
      job("mix alone", "rxjs", sumOfAll, async () => (await plain()).mixed),
    ].map(speedCase),
    targets: [
      speedTarget("mergeMap 8", "mergeMap 8 alone", 1.3),
      speedTarget("each, 8 copies", "mergeMap 8 alone", 1.3),
      speedTarget("mergeMap 8, a turn", "mergeMap 8, a turn, alone", 1.3),
      speedTarget("concatMap", "concatMap alone", 1.3),
      speedTarget("mix", "mix alone", 1.3),
    ],
  },
];
