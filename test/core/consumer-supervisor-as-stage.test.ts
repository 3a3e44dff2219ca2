/** A consumerSupervisor is a consumer: what every stage can be asked for. */
import { expect, test } from "vitest";
import { ADOPT, consumerSupervisor, type ConsumerSupervisor } from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";

function workers(start: (event: number) => Promise<void> = () => Promise.resolve()): ConsumerSupervisor<number> {
  return consumerSupervisor<number>({ start, restart: "temporary" });
}

test("it is stopped at the end of its block", async () => {
  let closed: Promise<unknown> | undefined;
  {
    await using stage = workers();
    closed = stage.closed;
    expect(stage.snapshot().state).toBe("running");
  }
  expect(await closed).toEqual({ type: "shutdown" });
});

test("it belongs to one owner", async () => {
  await using stage = workers();
  expect([stage[ADOPT]({}), stage[ADOPT]({})]).toEqual([true, false]);
});

test("it has flushed when what came before it is dealt with", async () => {
  await using stage = workers();
  let isFlushed = false;
  void stage.flushed().then(() => (isFlushed = true));
  await settle();
  expect(isFlushed).toBe(true);
});

test("it waits for events without children, and for them while they run", async () => {
  const call = deferred();
  const jobs = new ProducerProbe<number>();
  const stage = workers(() => call.promise);
  stage.subscribe(jobs.producer, { maxDemand: 2 });
  await settle();
  expect(stage.snapshot().waitingFor).toBe("events");
  await jobs.emit(1);
  expect(stage.snapshot()).toMatchObject({ waitingFor: "callback", input: { received: 1, queued: 0, inCallback: 1, handled: 0 } });
  call.resolve();
  await settle();
  expect(stage.snapshot()).toMatchObject({ waitingFor: "events", input: { received: 1, inCallback: 0, handled: 1 } });
  await jobs.complete();
  expect(await stage.closed).toEqual({ type: "normal" });
  expect(stage.snapshot().waitingFor).toBe("ended");
});
