/** How a Readable, and the readable half of a Duplex, is fed. */
import { type Duplex, type Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { producer, producerConsumer, setReporter, type ExitReason, type Producer, type ProducerConsumer, type Report } from "sluice";
import { asDuplex, toReadable, wrapNullish, type AsDuplexOptions, type ToReadableOptions } from "sluice/node";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { watching } from "../support/reading.ts";

const boom = new Error("boom");

const MAKERS: [string, (from: ProducerProbe<unknown>["producer"], options: ToReadableOptions & AsDuplexOptions) => Readable][] = [
  ["a Readable", toReadable],
  ["a Duplex", (from, options) => asDuplex(() => from as Producer<unknown>, options)],
];

describe.each(MAKERS)("%s", (_kind, make) => {
  function probing(options: ToReadableOptions = {}): { readonly probe: ProducerProbe<unknown>; readonly stream: Readable } {
    const probe = new ProducerProbe<unknown>();
    return { probe, stream: make(probe.producer, options) };
  }

  test("gives nothing that it holds when it has been destroyed", async () => {
    const { probe, stream } = probing();
    stream.read(0);
    await settle();
    await probe.emit(...range(3));
    expect(stream.readableLength).toBe(3);
    stream.destroy();
    expect(stream.read()).toBeNull();
  });

  test("does not leave a reader waiting who wants more bytes than there are", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit("12345");
    await probe.fail(boom);
    expect(got.signals).toEqual([]);
    expect(stream.read(10)).toBeNull();
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test("is not ended by who takes nothing, while it holds bytes", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit("12345");
    await probe.fail(boom);
    stream.read(0);
    expect(String(stream.read(2))).toBe("12");
    await settle();
    expect(got.errors).toEqual([]);
    expect(String(stream.read(3))).toBe("345");
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test("tells a reader who waits for more bytes than there are to look again, and no other", async () => {
    for (const [size, expected] of [
      [10, 1],
      [2, 0],
    ] as const) {
      const { probe, stream } = probing({ objectMode: false });
      watching(stream);
      stream.read(0);
      await settle();
      await probe.emit("12345");
      stream.read(size);
      let calls = 0;
      stream.on("readable", () => (calls += 1));
      await settle();
      const before = calls;
      await probe.fail(boom);
      expect(calls - before).toBe(expected);
      stream.destroy();
    }
  });

  test("says 'readable' no more when it has been destroyed by the error of its producer", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    let calls = 0;
    stream.on("readable", () => {
      calls += 1;
      stream.read();
    });
    await settle();
    await probe.emit("a");
    stream.read();
    const before = calls;
    await probe.fail(boom);
    expect(got.errors).toEqual([boom]);
    expect(calls).toBe(before);
  });

  test("gives all that came before a normal end, also with errors: immediate", async () => {
    const { probe, stream } = probing({ errors: "immediate", highWaterMark: 1, maxDemand: 10 });
    const seen: unknown[] = [];
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(...range(5));
    await probe.complete();
    stream.on("data", (event) => seen.push(event));
    await settle();
    expect(seen).toEqual(range(5));
    expect(got.signals[0]).toBe("end");
    stream.destroy();
  });

  test("keeps the first of two ends while it holds what came before", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(1, 2);
    await probe.fail(boom);
    await probe.wire.end("down", { type: "normal" });
    await probe.emit(3);
    const seen = [stream.read(), stream.read()];
    await settle();
    expect(seen).toEqual([1, 2]);
    expect(got.errors).toEqual([boom]);
  });
});

test("what a producer says after the stream was destroyed is reported if it is another error, and nothing else", async () => {
  const reports: Report[] = [];
  const before = setReporter((report) => void reports.push(report));
  for (const [error, end] of [
    [boom, { type: "normal" }],
    [boom, { type: "shutdown" }],
    [undefined, { type: "error", error: boom }],
  ] as const) {
    const probe = new ProducerProbe<unknown>();
    const stream = toReadable(probe.producer);
    watching(stream);
    await settle();
    stream.destroy(error);
    await probe.wire.end("down", end);
    await settle();
  }
  setReporter(before);
  expect(reports).toEqual([]);
});

describe("the stages of a Duplex", () => {
  const echo = (): ProducerConsumer<unknown, unknown> => producerConsumer<unknown, unknown>({ name: "echo", whenUnused: "wait", handleEvents: (events: readonly unknown[]) => events });

  test("are left alone when an option is wrong, if they were given", async () => {
    const stage = echo();
    expect(() => asDuplex(stage, { highWatermark: 1 } as never)).toThrow("the options of asDuplex");
    await settle();
    expect(stage.snapshot().state).toBe("running");
    await stage.stop();
  });

  test("are stopped when an option is wrong, if they were made", async () => {
    const stage = echo();
    const { closed } = stage;
    expect(() => asDuplex(() => stage, { highWatermark: 1 } as never)).toThrow("the options of asDuplex");
    expect(await closed).toMatchObject({ type: "shutdown" });
  });

  test("are failed by a destroy, not stopped, if they were given", async () => {
    const stage = echo();
    const { closed } = stage;
    const duplex = asDuplex(stage);
    watching(duplex);
    await settle();
    duplex.destroy();
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });

  test.each([[boom], [undefined]])("are stopped by a destroy with its error, if they were made (%s)", async (error) => {
    const reasons: ExitReason[] = [];
    const stage = producer<unknown>({ handleStop: (reason) => void reasons.push(reason) });
    const stop = stage.stop.bind(stage);
    const stops: unknown[][] = [];
    stage.stop = (...reason) => {
      stops.push(reason);
      return stop(...reason);
    };
    const duplex = asDuplex(() => stage);
    watching(duplex);
    duplex.destroy(error);
    await settle();
    expect(stops).toEqual([[error]]);
  });

  test("may be of another make, without a stop", async () => {
    const probe = new ProducerProbe<unknown>();
    const { stop: _, ...own } = { stop: undefined, ...probe.producer };
    const duplex = asDuplex(() => own as unknown as Producer<unknown>);
    const got = watching(duplex);
    duplex.destroy();
    await settle();
    expect(got.signals).toEqual(["close"]);
  });

  test("get as many events ahead as their window says, without processed", async () => {
    const gate = deferred();
    const stage = producerConsumer<unknown, unknown>({ handleEvents: () => gate.promise.then(() => []) });
    const duplex: Duplex = asDuplex(stage);
    watching(duplex);
    let called = 0;
    duplex.resume();
    await settle();
    for (const event of range(5)) duplex.write(event, () => (called += 1));
    await settle();
    expect(called).toBe(5);
    gate.resolve();
    duplex.destroy();
  });

  test("get what is wrapped as it is, without nullish: wrap", async () => {
    const seen: unknown[] = [];
    const duplex = asDuplex((input) =>
      producerConsumer({
        subscribeTo: [input],
        handleEvents: (events: readonly unknown[]) => {
          seen.push(...events);
          return events;
        },
      }),
    );
    watching(duplex);
    duplex.resume();
    duplex.write(wrapNullish(null));
    await settle();
    expect(seen).toEqual([wrapNullish(null)]);
    duplex.destroy();
  });
});
