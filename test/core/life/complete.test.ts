import { consumer } from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { above, between } from "./neighbours.ts";
import { downNormally, downWith, same } from "./same.ts";

describe("after complete(), handleDemand is not called again:", () => {
  test("not for a demand that comes later", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ handleDemand: (demand) => void demands.push(demand) });
    await down.ask(1);
    stage.emit([10, 11, 12]);
    stage.complete();
    await settle();
    await down.ask(1);
    await down.ask(5);
    expect(demands).toEqual([1]);
    expect(down.batches).toEqual([[10], [11], [12]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("not for a demand that was posted before, and has not been taken yet", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ handleDemand: (demand) => void demands.push(demand) });
    void down.ask(1);
    stage.complete();
    await settle();
    expect(demands).toEqual([]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("not for demands that wait behind the callback that completes", async () => {
    const call = deferred();
    const demands: number[] = [];
    const { down } = await above<number>({
      handleDemand(demand, self) {
        demands.push(demand);
        self.complete();
        return call.promise;
      },
    });
    await down.ask(1);
    await down.ask(2);
    call.resolve();
    await settle();
    expect(demands).toEqual([1]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("not for demands that were accumulated", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ demand: "accumulate", handleDemand: (demand) => void demands.push(demand) });
    await down.ask(1);
    await down.ask(2);
    stage.emit([7]);
    stage.complete();
    await settle();
    expect(down.ends).toEqual([]);
    stage.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([]);
    expect(down.batches).toEqual([[7]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("not for demands that were accumulated behind the one that completes", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({
      demand: "accumulate",
      handleDemand(demand, self) {
        demands.push(demand);
        self.complete();
      },
    });
    await down.ask(1);
    await down.ask(2);
    stage.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([1]);
    expect(down.ends).toEqual([downNormally]);
  });
});

describe("the list of the callback in progress still belongs to the stream:", () => {
  test("when it returns after it has called complete", async () => {
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.complete();
        return [1, 2, 3];
      },
    });
    await down.ask(5);
    expect(down.batches).toEqual([[1, 2, 3]]);
    expect(down.ends).toEqual([downNormally]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 3, delivered: 3, lost: 0 });
  });

  test("when its promise settles after it has called complete", async () => {
    const rows = deferred<readonly number[]>();
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.complete();
        return rows.promise;
      },
    });
    await down.ask(5);
    expect(down.ends).toEqual([]);
    expect(stage.snapshot().waitingFor).toBe("callback");
    rows.resolve([1, 2, 3]);
    await settle();
    expect(down.batches).toEqual([[1, 2, 3]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("when complete is called from outside while it is pending", async () => {
    const rows = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => rows.promise });
    await down.ask(2);
    stage.complete();
    await settle();
    expect(down.ends).toEqual([]);
    rows.resolve([1, 2, 3]);
    await settle();
    expect(down.batches).toEqual([[1, 2]]);
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(down.batches).toEqual([[1, 2], [3]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("when handleEvents of a producerConsumer calls complete, and its list is the last", async () => {
    const handled: number[][] = [];
    const { up, stage, down } = await between<number, number>({
      handleEvents(events, _, self) {
        handled.push([...events]);
        self.complete();
        return events.map((event) => event * 10);
      },
      handleComplete: () => [99],
    });
    await down.ask(10);
    await up.emit(1, 2);
    expect(handled).toEqual([[1, 2]]);
    expect(down.batches).toEqual([[10, 20], [99]]);
    expect(down.ends).toEqual([downNormally]);
    expect(up.cancels).toEqual([downNormally]);
    expect(await stage.closed).toEqual({ type: "normal" });
  });
});

describe("then the stage ends as any that ends normally:", () => {
  test("what was emitted before, in the same turn, is delivered on demand", async () => {
    const { stage, down } = await above<number>({});
    stage.emit([1]);
    stage.emit([2, 3]);
    stage.complete();
    await settle();
    await down.ask(2);
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(down.events).toEqual([1, 2, 3]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("what was emitted before, while a callback is in progress, is delivered too", async () => {
    const rows = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => rows.promise });
    await down.ask(3);
    stage.emit([2]);
    stage.complete();
    await settle();
    rows.resolve([1]);
    await settle();
    expect(down.batches).toEqual([[1], [2]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("a second complete changes nothing", async () => {
    const { stage, down } = await above<number>({});
    stage.complete();
    stage.complete();
    await settle();
    stage.complete();
    await settle();
    expect(down.ends).toEqual([downNormally]);
  });

  test("emit throws SLUICE_ENDED from then on", async () => {
    const { stage } = await above<number>({});
    stage.complete();
    expect(() => stage.emit([1])).toThrow(expect.objectContaining({ code: "SLUICE_ENDED" }));
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("a consumer that completes leaves its producer at once, and handles what is queued", async () => {
    const call = deferred();
    const handled: number[][] = [];
    const log: string[] = [];
    const up = new ProducerProbe<number>();
    const printer = consumer({
      subscribeTo: [{ to: up.producer, maxDemand: 4, minDemand: 2 }],
      handleEvents(events, _, self) {
        handled.push([...events]);
        if (handled.length > 1) return undefined;
        self.complete();
        return call.promise;
      },
      handleComplete: () => void log.push("handleComplete"),
      handleStop: (reason) => void log.push(`handleStop ${reason.type}`),
    });
    await settle();
    await up.emit(1, 2, 3);
    expect(up.cancels).toEqual([downNormally]);
    call.resolve();
    await settle();
    expect(handled).toEqual([[1, 2], [3]]);
    expect(log).toEqual(["handleComplete", "handleStop normal"]);
    expect(up.cancels).toEqual([downNormally]);
    expect(await printer.closed).toEqual({ type: "normal" });
  });
});

describe("the end is the error instead", () => {
  test("if the callback in progress rejects", async () => {
    const error = new Error("last rows");
    const rows = deferred<readonly number[]>();
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.complete();
        return rows.promise;
      },
    });
    await down.ask(5);
    rows.reject(error);
    await settle();
    expect(down.ends).toEqual([downWith(error)]);
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
  });

  test("if it rejects after a complete from outside", async () => {
    const error = new Error("last rows");
    const rows = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => rows.promise });
    await down.ask(5);
    stage.complete();
    rows.reject(error);
    await settle();
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("if it throws after it has called complete", async () => {
    const error = new Error("last rows");
    const { down } = await above<number>({
      handleDemand(_, self) {
        self.complete();
        throw error;
      },
    });
    await down.ask(5);
    expect(down.ends).toEqual([downWith(error)]);
  });
});
