/** `docs/protocol.md`: its worked exchanges are what stages say to each other, and its two foreign stages keep the protocol. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { consumer, producer, producerConsumer, StoppedError, type Consumer, type Producer, type Subscription } from "sluice";
import { ConsumerProbe, monitored, ProducerProbe, settle } from "sluice/testing";
import { numbersTo } from "./numbers-to.ts";
import { take } from "./take.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = text("../../docs/protocol.md");

describe("the worked exchange", () => {
  const rows = (count: number, next = 0): Producer<number> =>
    producer({
      name: "rows",
      whenUnused: "wait",
      handleDemand(demand, self) {
        const list = Array.from({ length: Math.min(demand, count - next) }, () => next++);
        if (next === count) self.complete();
        return list;
      },
    });

  test("of two stages to the end of the producer is the first table", async () => {
    const seven = monitored(rows(7));
    consumer({ name: "writer", subscribeTo: [{ to: seven, maxDemand: 4, minDemand: 2 }], handleEvents: () => undefined });
    await settle();
    expect(seven.wires[0]?.history).toEqual(exchange(0));
  });

  test("of two stages to the consumer's cancel is the second table", async () => {
    const many = monitored(rows(100));
    await using writer: Consumer<number> = consumer({ name: "writer", handleEvents: leaveAfterTwo });
    const subscription: Subscription = writer.subscribe(many, { maxDemand: 4, minDemand: 2 });
    function leaveAfterTwo(): void {
      if (writer.snapshot().input?.handled === 2) void subscription.cancel();
    }
    await settle();
    expect(many.wires[0]?.history).toEqual(exchange(1));
  });
});

test.each(["numbers-to.ts", "take.ts"])("the guide shows %s as it is run here", (file) => {
  expect(guide).toContain(`\`\`\`ts\n${text(file)}\`\`\``);
});

describe("the foreign producer", () => {
  test("gives a consumer of ours its numbers, in order, within what was asked for", async () => {
    const seen: number[] = [];
    const numbers = monitored(numbersTo(10), { maxDemand: 4 });
    const sink = consumer({ subscribeTo: [{ to: numbers, maxDemand: 4 }], handleEvents: (events) => void seen.push(...events) });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("ends at once when it has none", async () => {
    const sink = consumer({ subscribeTo: [numbersTo(0)], handleEvents: () => undefined });
    expect(await sink.closed).toEqual({ type: "normal" });
  });

  test("confirms a cancel, and says nothing more", async () => {
    const probe = new ConsumerProbe(numbersTo(10));
    await probe.ask(2);
    const reason = { type: "error", error: "enough" } as const;
    await probe.cancel(reason);
    await probe.ask(2);
    expect(probe.batches).toEqual([[0, 1]]);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "cancel", reason }]);
  });

  test("says nothing to a consumer that has ended", async () => {
    const probe = new ConsumerProbe(numbersTo(10));
    await probe.down();
    expect(probe.ends).toEqual([]);
  });

  test("ends the subscription that another one replaces", async () => {
    const numbers = numbersTo(10);
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const old = sink.subscribe(numbers, { mode: "manual" });
    sink.subscribe(numbers, { mode: "manual", replaces: { subscription: old } });
    expect(await old.closed).toEqual({ type: "shutdown" });
  });
});

describe("the foreign consumer", () => {
  test("takes what it asked for from a stage of ours, and has left when it resolves", async () => {
    let next = 0;
    const demands: number[] = [];
    const source = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return Array.from({ length: demand }, () => next++);
      },
    });
    const numbers = monitored(source);
    expect(await take(numbers, 3)).toEqual([0, 1, 2]);
    expect(demands).toEqual([3]);
    expect(numbers.wires[0]).toMatchObject({ isAwaitingEnd: false });
    expect(await source.closed).toEqual({ type: "shutdown" });
  });

  test("takes all when there are fewer, through a stage of ours, from the foreign producer", async () => {
    const doubled = producerConsumer({ subscribeTo: [numbersTo(3)], handleEvents: (events) => events.map((n) => n * 2) });
    expect(await take(doubled, 10)).toEqual([0, 2, 4]);
  });

  test("rejects with the error of the producer", async () => {
    const error = new Error("lost the file");
    const probe = new ProducerProbe<number>();
    const taken = expect(take(probe.producer, 3)).rejects.toBe(error);
    await probe.emit(1);
    await probe.fail(error);
    await taken;
  });

  test("does not take a stop for the end", async () => {
    const probe = new ProducerProbe<number>();
    const taken = expect(take(probe.producer, 3)).rejects.toThrow(StoppedError);
    await probe.wire.end("down", { type: "shutdown" });
    await taken;
  });
});

/** The messages of a table of the guide, in the words of the monitor. */
function exchange(table: number): readonly string[] {
  const lines = guide.split("| writer | rows | open demand | |\n")[table + 1]?.split("\n\n")[0]?.split("\n").slice(1) ?? [];
  return lines.map((line) => {
    const [, fromWriter = "", fromRows = ""] = line.split("|").map((cell) => cell.trim());
    return fromWriter === "" ? `rows ${fromRows}` : `writer ${fromWriter}`;
  });
}
