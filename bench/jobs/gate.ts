import { sumOfAll, sumOfEvens } from "../cases/numbers.ts";
import type { Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

const ours = () => import("../cases/gate/sluice.ts");
const plain = () => import("../cases/gate/rxjs.ts");

const job = (name: string, by: string, expected: SpeedCase["expected"], load: SpeedCase["load"]): SpeedCase => ({ name, by, load, expected });

/** Where each event waits the source is as long as that of J6: RxJS keeps all that it has read, which is dearer the more it is. */
const waiting = (name: string, by: string, load: SpeedCase["load"], least = 100_000): SpeedCase => ({ name, by, load, expected: sumOfAll, least });

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
      waiting("mergeMap 8", "sluice", async () => (await ours()).merging),
      waiting("mergeMap 8 alone", "rxjs", async () => (await plain()).merging),
      waiting("each, 8 copies", "sluice", async () => (await ours()).copies),
      waiting("mergeMap 8, a turn", "sluice", async () => (await ours()).mergingTurns, 20_000),
      waiting("mergeMap 8, a turn, alone", "rxjs", async () => (await plain()).mergingTurns, 20_000),
      waiting("concatMap", "sluice", async () => (await ours()).concatenating),
      waiting("concatMap alone", "rxjs", async () => (await plain()).concatenating),
      waiting("mix", "sluice", async () => (await ours()).mixed),
      waiting("mix alone", "rxjs", async () => (await plain()).mixed),
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
