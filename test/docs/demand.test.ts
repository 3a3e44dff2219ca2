/** `docs/02-demand.md`: its code runs here, and its numbers are so. */
import { consumer, pipeline, producer, producerConsumer, type Consumer, type Producer, type ProducerConsumer } from "sluice";
import { describe } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { guideText, outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("02-demand");
const quiet = settle;

const counter = (asked: (demand: number) => void, next = 0): Producer<number> =>
  producer({
    name: "counter",
    handleDemand(demand, self) {
      asked(demand);
      if (next >= 20) self.complete();
      return Array.from({ length: demand }, () => next++);
    },
  });

const slow = (from: Producer<number>, maxDemand: number, work: () => Promise<void>): Consumer<number> =>
  consumer({
    name: "slow",
    subscribeTo: [{ to: from, maxDemand }],
    async handleEvents(events) {
      await work();
      console.log(`has handled ${events[0]} to ${events.at(-1)}`);
    },
  });

const passing = (from: Producer<number>, maxDemand: number): ProducerConsumer<number, number> =>
  producerConsumer({ name: "passing", subscribeTo: [{ to: from, maxDemand }], handleEvents: (events) => events });

test("at 10/5 the counter is asked for ten, then for five, while a batch is handled", async () => {
  const printed = printing();
  const work = async (): Promise<void> => settle();
  await pipeline(
    counter((demand) => console.log(`  is asked for ${demand}`)),
    (numbers) => slow(numbers, 10, work),
  );
  expect(printed()).toBe(outputs[0]);
});

test("at 1000/500 a consumer of 1 ms an event has 1,000 in flight, always", async () => {
  const asked: number[] = [];
  let made = 0;
  let handled = 0;
  const aheads: number[] = [];
  const numbers = producer<number>({
    handleDemand(demand, self) {
      asked.push(demand);
      if (made >= 2000) self.complete();
      return Array.from({ length: demand }, () => made++);
    },
  });
  await pipeline(numbers, (from) =>
    consumer({
      subscribeTo: [from],
      async handleEvents(events) {
        await settle();
        aheads.push(made - handled);
        handled += events.length;
      },
    }),
  );
  expect(asked.slice(0, 3)).toEqual([1000, 500, 500]);
  expect(new Set(aheads.slice(0, 3))).toEqual(new Set([1000]));
});

/** Events made less events handled, at the most: with so many stages between. */
async function mostAhead(between: number, maxDemand: number): Promise<number> {
  let made = 0;
  let handled = 0;
  let most = 0;
  let last: Producer<number> = producer<number>({
    handleDemand(demand, self) {
      if (made >= 5 * maxDemand) self.complete();
      return Array.from({ length: demand }, () => made++);
    },
  });
  for (let stage = 0; stage < between; stage++) last = passing(last, maxDemand);
  const sink = consumer({
    subscribeTo: [{ to: last, maxDemand }],
    async handleEvent() {
      // The others have time for all that they may do; once is enough where the lists are long.
      if (handled % (maxDemand / 10) === 0) await settle();
      most = Math.max(most, made - handled);
      handled += 1;
    },
  });
  await sink.closed;
  return most;
}

test.each([
  { between: 0, maxDemand: 10, row: "| producer, consumer at 10/5 | 10 | 10 |" },
  { between: 1, maxDemand: 10, row: "| producer, one `passing`, consumer, all at 10/5 | 20 | 20 |" },
  { between: 2, maxDemand: 10, row: "| producer, two `passing`, consumer, all at 10/5 | 30 | 30 |" },
  { between: 2, maxDemand: 1000, row: "| producer, two `passing`, consumer, all at 1000/500 | 3,000 | 3,000 |" },
])("$row", async ({ between, maxDemand, row }) => {
  const ahead = await mostAhead(between, maxDemand);
  expect(guideText("02-demand")).toContain(row);
  expect(row.replaceAll(",", "")).toMatch(new RegExp(`\\| ${ahead} \\|$`));
});

test("a loop behind a stage at 10/5 has at most 20 ahead", async () => {
  let made = 0;
  let handled = 0;
  let most = 0;
  const numbers = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => made++) });
  for await (const _ of passing(numbers, 10)) {
    await settle();
    most = Math.max(most, made - handled);
    handled += 1;
    if (handled === 50) break;
  }
  expect(guideText("02-demand")).toContain(`a loop that asks for one | 11 | ${most} |`);
});

test("a producer that brings its events later owes them, and what nobody asked for waits", async () => {
  const printed = printing();
  const inbox = producer<string>({ name: "inbox", handleDemand: (demand) => console.log(`asked for ${demand}`) });
  const reader = consumer({ name: "reader", subscribeTo: [{ to: inbox, maxDemand: 3 }], handleEvents: (events) => console.log(events) });
  await quiet();
  inbox.emit(["a"]);
  await quiet();
  inbox.emit(["b", "c", "d", "e"]);
  await quiet();
  expect(printed()).toBe(outputs[1]);
  await Promise.all([reader.stop(), inbox.stop()]);
});

test("by hand nothing is asked for but what is said", async () => {
  const printed = printing();
  const careful = consumer<number>({ name: "careful", handleEvents: (events) => console.log(events) });
  const numbers = careful.subscribe(counter((demand) => console.log(`asked for ${demand}`)), { mode: "manual" });
  numbers.ask(3);
  await quiet();
  numbers.ask(1);
  await quiet();
  expect(printed()).toBe(outputs[2]);
  await careful.stop();
});

test("describe shows where an event is", async () => {
  const begun = deferred<undefined>();
  const stage = slow(counter(() => undefined), 10, () => begun.promise);
  await settle();
  expect(describe(stage)).toBe(outputs[3]);
  const printed = printing();
  begun.resolve(undefined);
  await stage.stop();
  printed();
});
