/** In which order a source hears of its demands. */
import { expect, test } from "vitest";
import { partitionDispatcher, producer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";

test("what a hash drops is asked for again before the demands that the source has not heard of", async () => {
  const demands: number[] = [];
  let next = 0;
  await using stage = producer<number>({
    demand: "accumulate",
    dispatcher: partitionDispatcher<number>({ partitions: 1, hash: (event) => (event === 1 ? undefined : 0) }),
    handleDemand(demand) {
      demands.push(demand);
      return Array.from({ length: demand }, () => next++);
    },
  });
  const probe = new ConsumerProbe(stage, { options: { partition: 0 } });
  await probe.ask(3);
  await probe.ask(5);
  stage.setDemandMode("forward");
  await settle();
  expect(demands).toEqual([3, 1, 5]);
  expect(probe.events).toEqual([0, 2, 3, 4, 5, 6, 7, 8]);
});
