import { describe, expect, test } from "vitest";
import { consumer, producer, producerConsumer, supervisor, type Consumer, type Producer, type Report } from "sluice";
import { settle } from "sluice/testing";

const counter = (next = 0): Producer<number> => producer({ name: "counter", handleDemand: (demand) => Array.from({ length: demand }, () => next++) });

describe("a supervisor", () => {
  test("starts its children in order, and stops them in reverse order", async () => {
    const log: string[] = [];
    const child = (name: string): Producer<number> => {
      log.push(`start ${name}`);
      return producer({ handleDemand: () => undefined, handleStop: () => void log.push(`stop ${name}`) });
    };
    const tree = supervisor().child("a", () => child("a")).child("b", () => child("b")).child("c", () => child("c")).start();
    expect(log).toEqual(["start a", "start b", "start c"]);
    await tree.stop();
    expect(log.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
    expect(await tree.closed).toEqual({ type: "shutdown" });
  });

  test("costs one restart for a crash that runs through several stages", async () => {
    let crash: ((error: unknown) => void) | undefined;
    const starts: string[] = [];
    const seen: number[] = [];
    const tree = supervisor({ maxRestarts: 1 })
      .child("source", () => {
        starts.push("source");
        return producer<number>({
          handleDemand: (_demand, self) => {
            crash = (error) => self.fail(error);
            return [1];
          },
          handleStop: () => settle(),
        });
      })
      .child("middle", ({ source }) => {
        starts.push("middle");
        return producerConsumer({ subscribeTo: [source], handleEvents: (events) => events });
      })
      .child("sink", ({ middle }): Consumer<number> => {
        starts.push("sink");
        return consumer({ subscribeTo: [middle], handleEvents: (events) => void seen.push(...events) });
      })
      .start();
    await settle();
    crash?.(new Error("down"));
    await settle();
    await settle();
    expect(starts).toEqual(["source", "middle", "sink", "source", "middle", "sink"]);
    expect(seen).toEqual([1, 1]);
    await tree.stop();
  });

  test("gives up with the last cause", async () => {
    const reports: Report[] = [];
    const tree = supervisor({ name: "tree", maxRestarts: 2, handleReport: (report) => void reports.push(report) })
      .child("bad", () => consumer({ subscribeTo: [counter()], handleEvents: () => {
        throw new Error("no");
      } }))
      .start();
    const end = await tree.closed;
    expect(end).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP", child: "bad", cause: { message: "no" } } });
    expect(reports.map(({ kind }) => kind)).toEqual(["child-restarting", "child-restarting"]);
  });
});
