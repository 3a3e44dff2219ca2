/** What is written into a Writable, or into the writable half of a Duplex. */
import { describe, expect, test } from "vitest";
import { producer, type Producer } from "sluice";
import { asDuplex, asWritable, wrapNullish } from "sluice/node";
import { ConsumerProbe, settle } from "sluice/testing";
import { watching } from "../support/reading.ts";

describe("asWritable", () => {
  test("is destroyed when a callback of its producer ends that one normally", async () => {
    const { writable, producer: stage } = asWritable<number>({ handleInfo: (_message, self) => self.complete() });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    const { closed } = stage;
    stage.info("enough");
    expect(await closed).toEqual({ type: "normal" });
    await settle();
    expect(writable.destroyed).toBe(true);
    expect(errors).toMatchObject([{ code: "SLUICE_STOPPED" }]);
  });

  test("leaves wrapped what is wrapped, without nullish: wrap", async () => {
    const { writable, producer: stage } = asWritable();
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    writable.write(wrapNullish(null));
    await settle();
    expect(probe.events).toEqual([wrapNullish(null)]);
    writable.end();
  });
});

test("a Duplex whose output ends while what was written last waits for a consumer finishes", async () => {
  const output = producer<string>();
  let input: Producer<number> | undefined;
  const duplex = asDuplex<number, string>((from) => {
    input = from;
    return output;
  });
  const got = watching(duplex);
  let isFinished = false;
  duplex.on("finish", () => (isFinished = true));
  duplex.resume();
  const ann = new ConsumerProbe(input as Producer<number>);
  const bob = new ConsumerProbe(input as Producer<number>);
  await bob.ask(1);
  await ann.ask(3);
  await ann.cancel();
  for (const event of [1, 2, 3]) duplex.write(event);
  await settle();
  expect(bob.events).toEqual([1]);
  expect(input?.bufferedCount).toBe(2);
  duplex.end();
  await settle();
  expect(isFinished).toBe(false);
  output.complete();
  await settle();
  expect(isFinished).toBe(true);
  expect(got.signals).toEqual(["end", "close"]);
});
