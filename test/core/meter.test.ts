/** Where the time of a stage goes. Only what is true on every machine is said: so much at least, and no more than has passed. */
import { describe, expect, test } from "vitest";
import { consumer, producer, type TimeShares } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";

const MS = 4;

/** Keeps the process busy. */
function pass(): void {
  for (const start = performance.now(); performance.now() - start < MS; );
}

/** What was added to each share while `work` ran. */
async function shares(snapshot: () => { readonly timeMs?: TimeShares }, work: () => void | Promise<void>): Promise<TimeShares> {
  const start = performance.now();
  const before = snapshot().timeMs ?? expect.fail("not measured");
  await work();
  const after = snapshot().timeMs ?? expect.fail("not measured");
  const passed = performance.now() - start;
  const added = { busy: after.busy - before.busy, starved: after.starved - before.starved, blocked: after.blocked - before.blocked };
  for (const share of Object.values(added)) expect(share).toBeGreaterThanOrEqual(0);
  expect(added.busy + added.starved + added.blocked).toBeLessThanOrEqual(passed + 1e-6);
  return added;
}

describe("a stage that measures its time", () => {
  test("is blocked without demand, and starved with it", async () => {
    await using stage = producer<number>({ timing: true, whenUnused: "wait" });
    const blocked = await shares(() => stage.snapshot(), pass);
    expect(blocked).toMatchObject({ busy: 0, starved: 0 });
    expect(blocked.blocked).toBeGreaterThanOrEqual(MS);
    await new ConsumerProbe(stage).ask(1);
    const starved = await shares(() => stage.snapshot(), pass);
    expect(starved).toMatchObject({ busy: 0, blocked: 0 });
    expect(starved.starved).toBeGreaterThanOrEqual(MS);
  });

  test("is busy in a callback, and as long as its promise is pending", async () => {
    const probe = new ProducerProbe<number>();
    const gate = deferred();
    await using stage = consumer({ timing: true, subscribeTo: [probe.producer], handleEvents: ([event]) => (event === 1 ? pass() : gate.promise) });
    await settle();
    expect((await shares(() => stage.snapshot(), () => probe.emit(1))).busy).toBeGreaterThanOrEqual(MS);
    await probe.emit(2);
    const pending = await shares(() => stage.snapshot(), pass);
    expect(pending).toMatchObject({ starved: 0, blocked: 0 });
    expect(pending.busy).toBeGreaterThanOrEqual(MS);
    gate.resolve();
    await settle();
    expect((await shares(() => stage.snapshot(), pass)).starved).toBeGreaterThanOrEqual(MS);
  });

  test("counts nothing behind its end", async () => {
    const stage = producer<number>({ timing: true });
    await stage.stop();
    expect(await shares(() => stage.snapshot(), pass)).toEqual({ busy: 0, starved: 0, blocked: 0 });
  });
});
