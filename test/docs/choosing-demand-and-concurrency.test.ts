/** The code of `docs/08-choosing-demand-and-concurrency.md` runs here; its figures are those of `npm run bench:choosing`. */
import { consumer, fromIterable } from "sluice";
import { producerConsumer, type Producer } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { range } from "../core/support/range.ts";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("08-choosing-demand-and-concurrency");
const begun = settle;

async function named(turns: number): Promise<string> {
  for (let turn = 0; turn < turns; turn++) await settle();
  return ["", "quick", "medium", "slow"][turns] ?? "";
}

test("a window bounds the calls", async () => {
  const printed = printing();
  const work = settle;
  let running = 0;
  let most = 0;
  const jobs = fromIterable(range(100));
  const worker = consumer({
    subscribeTo: [{ to: jobs, maxDemand: 4 }],
    concurrency: 16,
    async handleEvent() {
      most = Math.max(most, ++running);
      await work();
      running -= 1;
    },
  });
  await worker.closed;
  console.log(`at most ${most} at once`);
  expect(printed()).toBe(outputs[0]);
});

test("results keep their order, or do not", async () => {
  const printed = printing();
  const slowFirst = (ordered: boolean): Producer<string> =>
    producerConsumer({
      subscribeTo: [{ to: fromIterable([3, 1, 2]), maxDemand: 3 }],
      concurrency: 3,
      ordered,
      handleEvent: async (turns) => [await named(turns)],
    });
  for (const ordered of [true, false]) {
    const names: string[] = [];
    for await (const name of slowFirst(ordered)) names.push(name);
    console.log(ordered ? "ordered:" : "not ordered:", names.join(", "));
  }
  expect(printed()).toBe(outputs[1]);
});

test("a snapshot shows who is slow", async () => {
  const printed = printing();
  const isDone = deferred();
  const work = (): Promise<void> => isDone.promise;
  const slow = consumer({ name: "slow", subscribeTo: [{ to: fromIterable(range(100)), maxDemand: 10 }], handleEvents: () => work() });
  await begun();
  const { waitingFor, input } = slow.snapshot();
  console.log(waitingFor, input?.inCallback, input?.queued);
  expect(printed()).toBe(outputs[2]);
  isDone.resolve();
  await slow.stop();
});
