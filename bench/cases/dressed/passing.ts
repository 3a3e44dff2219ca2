import { producerConsumer, type Producer } from "sluice";

/** A stage that hands on what it gets, and tells of each list. */
export const passing = (numbers: Producer<number>, passed: (count: number) => void): Producer<number> =>
  producerConsumer({
    subscribeTo: [numbers],
    handleEvents(list: readonly number[]) {
      passed(list.length);
      return list;
    },
  });
