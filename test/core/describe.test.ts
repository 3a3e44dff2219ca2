import { BadOptionError, broadcastDispatcher, consumer, consumerSupervisor, describe, fromIterable, pipeline, producer, producerConsumer, supervisor, type Consumer, type Producer, type ProducerConsumer, type PushProducer } from "sluice";
import { throughDuplex } from "sluice/node";
import { settle } from "sluice/testing";
import { PassThrough } from "node:stream";
import { describe as group, expect, test } from "vitest";
import { numbersTo } from "../docs/numbers-to.ts";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";
import { withStillClock } from "./support/still-clock.ts";

/** Driven from outside, so that each count is known. */
const source = (name = "source"): PushProducer<number> => producer<number>({ name });

const evens = (from: Producer<number>, name = "evens"): ProducerConsumer<number, number> =>
  producerConsumer({ name, subscribeTo: [{ to: from, maxDemand: 10 }], handleEvents: (events) => events.filter((n) => n % 2 === 0) });

const printer = (from: Producer<number>, name = "printer"): Consumer<number> => consumer({ name, subscribeTo: [from], handleEvents: () => undefined });

/** Its callback never settles, and is not waited for. */
const stuck = (from: Producer<number>, name = "stuck"): Consumer<number> =>
  consumer({ name, subscribeTo: [{ to: from, maxDemand: 10 }], stopWithinMs: 0, handleEvents: () => new Promise<void>(() => undefined) });

group("a tree as text", () => {
  test("shows who supervises whom, who feeds whom, and the state of each", async () => {
    await using tree = supervisor({ name: "tree", strategy: "restForOne" })
      .child("source", () => source())
      .child("evens", ({ source: from }) => evens(from))
      .child("printer", ({ evens: from }) => stuck(from, "printer"))
      .start();
    await settle();
    tree.children.source.emit(range(14));
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, restForOne, running",
        "  source: producer, running, waits for events, emitted 14",
        "  evens: producerConsumer, running, waits for events, handled 14, emitted 7",
        "    <- source (asked 6)",
        "  printer: consumer, running, in a callback, handled 0, being handled 3",
        "    <- evens (asked 10, 7 in flight)",
      ].join("\n"),
    );
  });

  test("says what a child that was restarted has cost, and how it ended the last time", async () => {
    await using tree = supervisor({ name: "tree" })
      .child("source", () => source())
      .child("clumsy", ({ source: from }) =>
        consumer({
          name: "printer",
          subscribeTo: [from],
          handleEvents: () => {
            throw new TypeError("no\nprinter");
          },
        }),
      )
      .start();
    await settle();
    tree.children.source.emit([1]);
    await settle();
    tree.children.source.emit([2]);
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  source: producer, running, waits for events, emitted 2",
        "  clumsy (printer): consumer, running, waits for events, 2 restarts, last end: error (TypeError: no printer), handled 0",
        "    <- source (asked 1000)",
      ].join("\n"),
    );
  });

  test("shows children that are restarting, stopped, or ended", async () => {
    await using tree = supervisor({ name: "tree", backoff: { initialMs: 1_000_000, maxMs: 1_000_000 } })
      .child("finite", () => fromIterable([1, 2], { name: "finite" }), { restart: "transient" })
      .child("printer", ({ finite }) => printer(finite), { restart: "transient" })
      .child("stopped", () => source("stopped"))
      .child("failed", () => source("failed"))
      .start();
    await tree.stopChild("stopped");
    await settle();
    tree.children.failed.fail("no");
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  finite: producer, transient, ended, last end: normal, emitted 2",
        "  printer: consumer, transient, ended, last end: normal, handled 2",
        "  stopped: producer, stopped, last end: shutdown, emitted 0",
        '  failed: producer, restarting, last end: error ("no"), emitted 0',
      ].join("\n"),
    );
  });

  test("shows async functions, pipelines and supervisors among the children", async () => {
    await using tree = supervisor({ name: "tree" })
      .child("watch", (_, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())), { restart: "temporary" })
      .child("row", (_, { signal }) => pipeline(source(), evens, printer, { signal }))
      .child("inner", () => supervisor({ name: "others", strategy: "oneForAll" }).child("source", () => source()).child("none", () => supervisor({ name: "none" }).start()).start())
      .start();
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  watch: async function, temporary, running",
        "  row: pipeline, running",
        "    source: producer, running, waits for events, emitted 0",
        "    evens: producerConsumer, running, waits for events, handled 0, emitted 0",
        "      <- source (asked 10)",
        "    printer: consumer, running, waits for events, handled 0",
        "      <- evens (asked 1000)",
        "  inner (others): supervisor, oneForAll, running",
        "    source #2: producer, running, waits for demand, emitted 0",
        "    none: supervisor, oneForOne, running",
      ].join("\n"),
    );
  });

  test("shows a consumer supervisor with the number of its children", async () => {
    await using tree = supervisor({ name: "tree" })
      .child("source", () => source())
      .child("workers", ({ source: from }) =>
        consumerSupervisor({
          name: "workers",
          subscribeTo: [{ to: from, maxDemand: 4 }],
          restart: "temporary",
          start: (_, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
        }),
      )
      .start();
    await settle();
    tree.children.source.emit([1, 2]);
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  source: producer, running, waits for events, emitted 2",
        "  workers: consumer, running, in a callback, 2 children, handled 0, being handled 2",
        "    <- source (asked 4, 2 in flight)",
      ].join("\n"),
    );
  });

  test("shows a pipeline that reads a child where each of its stages is", async () => {
    await using tree = supervisor({ name: "tree" })
      .child("source", () => source())
      .child("row", ({ source: from }, { signal }) => pipeline(from, printer, { signal }))
      .start();
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  source: producer, running, waits for events, emitted 0",
        "  row: pipeline, running",
        "    printer: consumer, running, waits for events, handled 0",
        "      <- source (asked 1000)",
      ].join("\n"),
    );
  });

  test("shows what is outside and has to do with it", async () => {
    await using outside = source("outside");
    await using tree = supervisor({ name: "tree" })
      .child("evens", () => evens(outside))
      .start();
    await using loop = tree.children.evens[Symbol.asyncIterator]();
    printer(tree.children.evens);
    void loop.next();
    await settle();
    expect(describe(tree)).toBe(
      [
        "tree: supervisor, oneForOne, running",
        "  evens: producerConsumer, running, waits for events, handled 0, emitted 0",
        "    <- outside (asked 10)",
        "    -> a reader of evens",
        "not in this tree:",
        "  outside: producer, running, waits for events, emitted 0",
        "  printer: consumer, running, waits for events, handled 0",
        "    <- evens (asked 1000)",
      ].join("\n"),
    );
  });

  test("shows how the whole has ended", async () => {
    const tree = supervisor({ name: "tree" }).child("source", () => source()).start();
    await tree.stop("enough");
    expect(describe(tree)).toBe(["tree: supervisor, oneForOne, ended", '  source: producer, ended, last end: shutdown ("enough"), emitted 0'].join("\n"));
  });
});

group("a stage as text", () => {
  const chain = [
    "source: producer, running, waits for events, emitted 0",
    "evens: producerConsumer, running, waits for events, handled 0, emitted 0",
    "  <- source (asked 10)",
    "printer: consumer, running, waits for events, handled 0",
    "  <- evens (asked 1000)",
  ].join("\n");

  test("shows all that it is connected with, producers first, wherever one begins", async () => {
    await using first = source();
    const middle = evens(first);
    await using last = printer(middle);
    await settle();
    expect([describe(first), describe(middle), describe(last)]).toEqual([chain, chain, chain]);
  });

  test("tells stages of the same name apart, and knows which one feeds which", async () => {
    await using one = source("same");
    await using other = source("same");
    await using both = consumer({ name: "same", subscribeTo: [{ to: other, maxDemand: 2 }, { to: one, maxDemand: 1 }], handleEvents: () => undefined });
    await settle();
    other.emit([1]);
    await settle();
    expect(describe(both)).toBe(
      [
        "same: producer, running, waits for events, emitted 1",
        "same #2: producer, running, waits for events, emitted 0",
        "same #3: consumer, running, waits for events, handled 1",
        "  <- same (asked 2)",
        "  <- same #2 (asked 1)",
      ].join("\n"),
    );
  });

  test("shows demand that is not answered, also where a consumer asks by hand", async () => {
    await using first = source();
    await using hand = consumer<number>({ name: "hand", handleEvents: () => undefined });
    const subscription = hand.subscribe(first, { mode: "manual" });
    await settle();
    const manual = (facts: string): string => ["source: producer, running, waits for demand, emitted 0", "hand: consumer, running, waits for events, handled 0", `  <- source (${facts})`].join("\n");
    expect(describe(hand)).toBe(manual("manual"));
    subscription.ask(3);
    await settle();
    expect(describe(hand)).toBe(manual("manual, unanswered 3").replace("waits for demand", "waits for events"));
  });

  test("does not take demand for answered that waits behind a callback of the producer", async () => {
    const { promise, resolve } = deferred<number[]>();
    await using slow = producer({ name: "slow", handleDemand: () => promise });
    consumer({ name: "first", subscribeTo: [{ to: slow, maxDemand: 1 }], handleEvents: () => undefined });
    await using second = consumer({ name: "second", subscribeTo: [{ to: slow, maxDemand: 2 }], handleEvents: () => undefined });
    await settle();
    expect(describe(second)).toContain("slow: producer, running, in a callback, emitted 0");
    expect(describe(second)).toContain("  <- slow (asked 2)");
    resolve([]);
  });

  test("knows two subscriptions of one consumer apart", async () => {
    await using first = source();
    await using twice = consumer({ name: "twice", subscribeTo: [{ to: first, maxDemand: 4 }, { to: first, maxDemand: 2 }], stopWithinMs: 0, handleEvents: () => new Promise<void>(() => undefined) });
    await settle();
    first.emit([1, 2]);
    await settle();
    expect(describe(twice).split("\n").slice(2)).toEqual(["  <- source (asked 4, 2 in flight)", "  <- source (asked 2)"]);
  });

  test("calls a foreign producer by its name", async () => {
    await using last = consumer({ name: "printer", subscribeTo: [{ to: numbersTo(1_000), maxDemand: 10 }], stopWithinMs: 0, handleEvents: () => new Promise<void>(() => undefined) });
    await settle();
    expect(describe(last)).toBe(["printer: consumer, running, in a callback, handled 0, being handled 5, queued 5", "  <- numbers (asked 10)"].join("\n"));
  });

  test("shows a stage that is made of two as one", async () => {
    const bytes = producer<Uint8Array>({ name: "bytes" });
    const copy = throughDuplex(new PassThrough(), { name: "copy", subscribeTo: [bytes] });
    await using last = consumer({ name: "file", subscribeTo: [copy], handleEvents: () => undefined });
    await settle();
    const lines = describe(last).split("\n");
    expect(lines.map((line) => line.replace(/[:(].*/, ""))).toEqual(["bytes", "copy", "  <- bytes ", "file", "  <- copy "]);
  });

  test("gets along with a ring", async () => {
    await using one = producerConsumer<number, number>({ name: "one", whenUnused: "wait", handleEvents: (events) => events });
    await using other = producerConsumer({ name: "other", whenUnused: "wait", subscribeTo: [{ to: one, maxDemand: 1 }], handleEvents: (events) => events });
    one.subscribe(other, { maxDemand: 1 });
    await settle();
    expect(describe(one).split("\n").map((line) => line.replace(/:.*/, ""))).toEqual(["other", "  <- one (asked 1)", "one", "  <- other (asked 1)"]);
  });

  test("gets along with a diamond, and with a chain of 3,000", async () => {
    await using top = producer<number>({ name: "top", dispatcher: broadcastDispatcher() });
    const left = evens(top, "left");
    const right = evens(top, "right");
    await using bottom = consumer({ name: "bottom", subscribeTo: [left, right], handleEvents: () => undefined });
    let last: Producer<number> = top;
    for (let place = 0; place < 3_000; place += 1) last = evens(last, `stage ${place}`);
    await settle();
    const lines = describe(bottom).split("\n");
    const at = (name: string): number => lines.findIndex((line) => line.startsWith(`${name}: `));
    expect(lines.length).toBe(1 + 2 * 2 + 3 + 2 * 3_000);
    expect([at("top") < at("left"), at("left") < at("bottom"), at("right") < at("bottom"), at("stage 0") < at("stage 2999")]).toEqual([true, true, true, true]);
  });
});

group("as Mermaid", () => {
  test("a tree is a flowchart with a subgraph for each supervisor and an arrow for each subscription", async () => {
    await using tree = supervisor({ name: "tree", strategy: "restForOne" })
      .child("source", () => source())
      .child("inner", ({ source: from }) => supervisor({ name: "inner" }).child("evens", () => evens(from)).start())
      .child("printer", ({ inner }) => stuck(inner.children.evens, "console"))
      .child("watch", (_, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())))
      .child("none", () => supervisor({ name: "none" }).start())
      .start();
    await using loop = tree.children.source[Symbol.asyncIterator]();
    await settle();
    tree.children.source.emit(range(4));
    await settle();
    void loop.next();
    await settle();
    const chart = describe(tree, { as: "mermaid" });
    expect(chart).toBe(
      [
        "flowchart LR",
        '  subgraph s1["tree<br/>supervisor, restForOne, running"]',
        '    n1["source<br/>producer<br/>running, waits for events, emitted 4"]',
        '    subgraph s2["inner<br/>supervisor, oneForOne, running"]',
        '      n3["evens<br/>producerConsumer<br/>running, waits for events, handled 4, emitted 2"]',
        "    end",
        '    n4["printer #40;console#41;<br/>consumer<br/>running, in a callback, handled 0, being handled 2"]',
        '    n5["watch<br/>async function<br/>running"]',
        '    s3["none<br/>supervisor, oneForOne, running"]',
        "  end",
        '  n2(["a reader of source"])',
        "  n1 --> n2",
        '  n1 -->|"asked 6"| n3',
        '  n3 -->|"asked 10, 2 in flight"| n4',
      ].join("\n"),
    );
    checkChart(chart);
  });

  test("a stage is a flowchart of what it is connected with, foreign producers, too", async () => {
    await using last = consumer({ name: "printer", subscribeTo: [{ to: numbersTo(1_000), maxDemand: 10 }], stopWithinMs: 0, handleEvents: () => new Promise<void>(() => undefined) });
    await settle();
    const chart = describe(last, { as: "mermaid" });
    expect(chart).toBe(
      [
        "flowchart LR",
        '  n1(["numbers"])',
        '  n2["printer<br/>consumer<br/>running, in a callback, handled 0, being handled 5, queued 5"]',
        '  n1 -->|"asked 10"| n2',
      ].join("\n"),
    );
    checkChart(chart);
  });

  test.each(['a "quote"', "a ] bracket", "#1; <b>&amp;</b>", "`code` **bold** _it_", "1. list", "- list", "end", "a\nb", "%% comment", "www.example.com", "", "style a:#b;", "a|b", "日本 é 😀"])(
    "the name %j is text and nothing else",
    async (name) => {
      await using tree = supervisor({ name }).child(name, () => source(name)).start();
      const chart = describe(tree, { as: "mermaid" });
      checkChart(chart);
      const label = /n1\["(.*?)<br\/>/.exec(chart)?.[1] ?? "no label";
      expect(label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(name.replace("\n", " "));
    },
  );
});

test("a name with line breaks does not break the text", async () => {
  await using odd = source("a\nb");
  expect(describe(odd)).toBe("a b: producer, running, waits for demand, emitted 0");
});

group("bad calls", () => {
  test.each([undefined, null, 1, {}, () => source(), supervisor(), Promise.resolve()])("%o is no stage and no supervisor", (what) => {
    expect(() => describe(what as never)).toThrow(BadOptionError);
    expect(() => describe(what as never)).toThrow(/^expected what is described to be a stage or a supervisor that was started, got: /);
  });

  test.each([{ as: "html" }, { as: null }, { format: "text" }, "mermaid", null])("%o are no options", async (options) => {
    await using stage = source();
    expect(() => describe(stage, options as never)).toThrow(BadOptionError);
  });
});

/**
 * Holds a flowchart against the part of Mermaid's grammar that we write: quoted texts without anything that means something
 * there, subgraphs that are closed, arrows between nodes that there are.
 */
function checkChart(chart: string): void {
  const [head, ...lines] = chart.split("\n");
  expect(head).toBe("flowchart LR");
  const text = String.raw`"(?:[\p{L}\p{N} ,_-]|#\d+;|<br/>)*"`;
  const node = new RegExp(String.raw`^(subgraph )?([ns]\d+)(?:\[${text}\]|\(\[${text}\]\))$`, "u");
  const arrow = new RegExp(String.raw`^(n\d+) -->(?:\|${text}\|)? (n\d+)$`, "u");
  const ids = new Set<string>();
  let depth = 1;
  for (const line of lines) {
    const code = line.trimStart();
    if (code === "end") depth -= 1;
    expect(line.length - code.length).toBe(2 * depth);
    if (code === "end") continue;
    const [, from = "", to = ""] = arrow.exec(code) ?? [];
    if (from !== "") {
      expect([code, ids.has(from), ids.has(to)]).toEqual([code, true, true]);
      continue;
    }
    const [, subgraph, id = ""] = node.exec(code) ?? [];
    expect([code, id === "", ids.has(id)]).toEqual([code, false, false]);
    ids.add(id);
    if (subgraph !== undefined) depth += 1;
  }
  expect(depth).toBe(1);
}

group("a demand that is not answered", () => {
  test("shows for how long nothing has come, from a second on, and starts again with each list", async () => {
    using fresh = await withStillClock();
    const feed = fresh.producer<number>({ name: "feed" });
    const reader = fresh.consumer({ name: "reader", subscribeTo: [{ to: feed, maxDemand: 10 }], handleEvents: () => undefined });
    const feedOf = (): string | undefined => fresh.describe(reader).split("\n").find((line) => line.includes("<-"))?.trim();
    await fresh.settle();
    fresh.setTime(999);
    expect(feedOf()).toBe("<- feed (asked 10)");
    fresh.setTime(3500);
    expect(feedOf()).toBe("<- feed (asked 10, nothing for 3 s)");
    expect(fresh.describe(reader, { as: "mermaid" })).toContain("nothing for 3 s");
    await fresh.settle();
    feed.emit([1]);
    await fresh.settle();
    expect(feedOf()).toBe("<- feed (asked 9)");
    fresh.setTime(5000);
    expect(feedOf()).toBe("<- feed (asked 9, nothing for 1 s)");
    await reader.stop();
    await feed.stop();
  });
});
