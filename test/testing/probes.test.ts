import { describe, expect, test } from "vitest";
import { OUTLET, broadcastDispatcher, consumer, fromIterable, pipeline, producer, producerConsumer, stream, type Consumer, type Producer, type ProducerConsumer, type Subscribable } from "sluice";
import { ConsumerProbe, ExpectationError, ProducerProbe, monitored, nonCompliantProducer, settle } from "sluice/testing";
import { range } from "../core/support/range.ts";

const counter = (): Producer<number> => {
  let next = 0;
  return producer({ name: "counter", handleDemand: (demand) => Array.from({ length: demand }, () => next++) });
};

const doubled = (numbers: Subscribable<number>): ProducerConsumer<number, number> =>
  producerConsumer({ name: "doubled", subscribeTo: [{ to: numbers, maxDemand: 4 }], handleEvents: (events) => events.map((n) => 2 * n) });

/** The sentence with which an expectation fails. */
async function failure(expectation: Promise<void>): Promise<ExpectationError> {
  const error = await expectation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ExpectationError);
  return error as ExpectationError;
}

const sentence = ({ message }: ExpectationError): string | undefined => message.split("\n")[0];

describe("a consumer probe", () => {
  test("reads as a script: each expectation takes what it expected", async () => {
    const probe = new ConsumerProbe(fromIterable(range(5)));
    await probe.ask(2);
    await probe.expectBatch([0, 1]);
    await probe.expectNothing();
    await probe.ask(1);
    await probe.ask(9);
    await probe.expectBatch([2]);
    await probe.expectBatch([3, 4]);
    await probe.expectEnd();
    await probe.expectNothing();
  });

  test("sees a foreign producer, a monitored one, a producerConsumer and another probe alike", async () => {
    const foreign = new ProducerProbe<number>();
    const targets: readonly Subscribable<number>[] = [nonCompliantProducer([1]), monitored(fromIterable([1])), doubled(fromIterable([0.5])), foreign];
    for (const target of targets) {
      const probe = new ConsumerProbe(target);
      await probe.ask(1);
      if (target === foreign) await foreign.emit(1);
      await probe.expectBatch([1]);
    }
  });

  test("waits for quiet before it looks", async () => {
    const probe = new ConsumerProbe(doubled(counter()));
    void probe.ask(3);
    await probe.expectEvents([0, 2, 4]);
  });

  test("compares events deeply", async () => {
    const source = producer<unknown>();
    const probe = new ConsumerProbe(source);
    void probe.ask(9);
    source.emit([{ id: 1, at: new Date(0), bytes: Uint8Array.of(1) }, undefined, NaN]);
    await probe.expectBatch([{ id: 1, at: new Date(0), bytes: Uint8Array.of(1) }, undefined, NaN]);
  });

  test("tells what was sent instead of a batch, takes nothing, and shows a test runner both", async () => {
    const probe = new ConsumerProbe(counter());
    await probe.ask(2);
    const error = await failure(probe.expectBatch([0, 2]));
    expect(error.message).toBe(["expected counter to send [0, 2], got: sends [0, 1]", "probe asks for 2", "counter sends [0, 1]"].join("\n  "));
    expect(error.history).toEqual(["probe asks for 2", "counter sends [0, 1]"]);
    expect([error.expected, error.actual]).toEqual([[0, 2], [0, 1]]);
    await probe.expectBatch([0, 1]);
  });

  test("takes one list for one batch", async () => {
    const probe = new ConsumerProbe(counter());
    await probe.ask(1);
    await probe.ask(1);
    expect(sentence(await failure(probe.expectBatch([0, 1])))).toBe("expected counter to send [0, 1], got: sends [0]");
  });

  test("takes events out of the lists in which they came, and leaves the rest of a list", async () => {
    const probe = new ConsumerProbe(counter());
    await probe.ask(2);
    await probe.ask(3);
    await probe.expectEvents([0, 1, 2]);
    await probe.expectBatch([3, 4]);
    expect(sentence(await failure(probe.expectEvents([5])))).toBe("expected counter to send the events [5], in whatever lists, got: nothing");
    await probe.ask(1);
    expect(sentence(await failure(probe.expectEvents([5, 6])))).toBe("expected counter to send the events [5, 6], in whatever lists, got: sends [5]");
    await probe.expectEvents([]);
    await probe.expectEvents([5]);
  });

  test("leaves the lists alone that come behind the events it takes", async () => {
    const probe = new ConsumerProbe(counter());
    for (let list = 0; list < 4; list += 1) await probe.ask(1);
    await probe.expectEvents([0, 1]);
    await probe.expectBatch([2]);
    await probe.expectBatch([3]);
  });

  test("takes no events from behind an end", async () => {
    const probe = new ConsumerProbe(nonCompliantProducer([1], { eventsAfterEnd: [2] }));
    await probe.ask(1);
    expect(sentence(await failure(probe.expectEvents([1, 2])))).toBe("expected non-compliant to send the events [1, 2], in whatever lists, got: sends [1]");
    await probe.expectEvents([1]);
    expect(sentence(await failure(probe.expectEvents([2])))).toBe("expected non-compliant to send the events [2], in whatever lists, got: says down (normal)");
  });

  test("expects nothing, which neither events nor an end are", async () => {
    const probe = new ConsumerProbe(fromIterable([7], { name: "seven" }));
    await probe.expectNothing();
    await probe.ask(2);
    expect(sentence(await failure(probe.expectNothing()))).toBe("expected seven to send nothing, got: sends [7]");
    await probe.expectBatch([7]);
    expect(sentence(await failure(probe.expectNothing()))).toBe("expected seven to send nothing, got: says down (normal)");
  });

  test("expects an end by its type, and the very same error or reason", async () => {
    const source = producer<number>({ name: "source" });
    const probe = new ConsumerProbe(source);
    expect(sentence(await failure(probe.expectEnd()))).toBe("expected source to end (normal), got: nothing");
    await source.stop({ code: 1 });
    expect(sentence(await failure(probe.expectEnd()))).toBe("expected source to end (normal), got: says down (shutdown: { code: 1 })");
    expect(sentence(await failure(probe.expectEnd({ type: "shutdown" })))).toBe("expected source to end (shutdown), got: says down (shutdown: { code: 1 })");
    expect(sentence(await failure(probe.expectEnd({ type: "shutdown", reason: { code: 1 } })))).toBe(
      "expected source to end (shutdown: { code: 1 }), got: says down (shutdown: { code: 1 })",
    );
  });

  test("expects a stop with its reason", async () => {
    const source = producer<number>();
    const probe = new ConsumerProbe(source);
    const reason = new Error("enough");
    await source.stop(reason);
    await probe.expectEnd({ type: "shutdown", reason });
  });

  test("expects an error by identity", async () => {
    const source = producer<number>({ name: "source" });
    const probe = new ConsumerProbe(source);
    const error = new Error("lost");
    source.fail(error);
    const got = await failure(probe.expectError(new Error("lost")));
    expect(sentence(got)).toBe("expected source to end (error: Error: lost), got: says down (error: Error: lost)");
    await probe.expectError(error);
  });

  test("expects the end of its own cancel, too", async () => {
    const probe = new ConsumerProbe(counter());
    await probe.cancel({ type: "shutdown", reason: "enough" });
    await probe.expectEnd({ type: "shutdown", reason: "enough" });
  });

  test("knows what it asked for, what came, and what is open", async () => {
    const source = producer<number>();
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    await probe.ask(4);
    source.emit([1, 2]);
    await settle();
    expect([probe.asked, probe.delivered, probe.outstanding]).toEqual([7, 2, 5]);
  });

  test("shows long histories and values in short", async () => {
    const probe = new ConsumerProbe(counter());
    for (let n = 0; n < 60; n += 1) await probe.ask(1);
    await probe.ask(20);
    expect(probe.history).toHaveLength(50);
    expect(probe.history.at(-1)).toBe("counter sends [60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, and 8 more]");
  });

  test("looks into no event before somebody reads the history", async () => {
    const source = producer<object>({ name: "source" });
    const probe = new ConsumerProbe(source);
    let touched = 0;
    source.emit([{ get x(): number { return (touched += 1); } }, { get y(): never { throw new Error("touched"); } }]);
    await probe.ask(2);
    expect(touched).toBe(0);
    expect(probe.history.at(-1)).toBe("source sends [{ x: 1 }, a value that cannot be shown]");
  });
});

describe("a producer probe", () => {
  const sink = (target: Subscribable<number>, maxDemand = 4): Consumer<number> =>
    consumer({ name: "sink", subscribeTo: [{ to: target, maxDemand }], handleEvents: () => undefined });

  test("reads as a script", async () => {
    const probe = new ProducerProbe<number>();
    const stage = sink(probe);
    await probe.expectDemand(4);
    await probe.emit(1);
    await probe.expectNoDemand();
    await probe.emit(2);
    await probe.expectDemand(2);
    await stage.stop("enough");
    await probe.expectNoDemand();
    await probe.expectCancel({ type: "shutdown", reason: "enough" });
  });

  test("is a producer to whoever subscribes: by itself, with options, to a stream, through its `producer`", async () => {
    const probe = new ProducerProbe<number>({ name: "numbers" });
    const stages = [
      consumer({ subscribeTo: [probe], handleEvents: () => undefined }),
      consumer({ subscribeTo: [{ to: probe, maxDemand: 1 }], handleEvents: () => undefined }),
      consumer({ subscribeTo: [probe.producer], handleEvents: () => undefined }),
      consumer({ subscribeTo: [monitored(probe)], handleEvents: () => undefined }),
    ];
    const reader = stream([probe])[Symbol.asyncIterator]();
    void reader.next();
    await settle();
    expect(probe.wires.map(({ asked }) => asked)).toEqual([1000, 1, 1000, 1000, 1]);
    expect(stages[0]?.snapshot().input?.subscriptions[0]?.name).toBe("numbers");
    await reader.return();
  });

  test("adds up what was asked in several asks, and tells them apart when it is not as expected", async () => {
    const probe = new ProducerProbe<number>();
    const taker = new ConsumerProbe(probe, { name: "taker" });
    await taker.ask(2);
    await taker.ask(3);
    const error = await failure(probe.expectDemand(4));
    expect(sentence(error)).toBe("expected taker to ask for 4, got: 5 (2 + 3)");
    expect([error.expected, error.actual]).toEqual([4, 5]);
    await probe.expectDemand(5);
    expect(sentence(await failure(probe.expectDemand(5)))).toBe("expected taker to ask for 5, got: nothing");
    await probe.expectDemand(0);
    expect([probe.asked, probe.outstanding]).toEqual([5, 5]);
    await probe.emit(1, 2);
    expect([probe.asked, probe.outstanding, probe.wire.delivered]).toEqual([5, 3, 2]);
  });

  test("expects a cancel in its turn: what was asked for before is expected before", async () => {
    const probe = new ProducerProbe<number>();
    const taker = new ConsumerProbe(probe, { name: "taker" });
    await taker.ask(2);
    await taker.cancel({ type: "error", error: "lost" });
    expect(sentence(await failure(probe.expectCancel()))).toBe("expected taker to cancel, got: asks for 2");
    expect(sentence(await failure(probe.expectNoDemand()))).toBe("expected taker to ask for nothing, got: 2");
    await probe.expectDemand(2);
    expect(sentence(await failure(probe.expectDemand(1)))).toBe('expected taker to ask for 1, got: says cancel (error: "lost")');
    expect(sentence(await failure(probe.expectCancel({ type: "shutdown" })))).toBe('expected taker to cancel (shutdown), got: says cancel (error: "lost")');
    await probe.expectCancel({ type: "error", error: "lost" });
    expect(sentence(await failure(probe.expectCancel()))).toBe("expected taker to cancel, got: nothing");
  });

  test("expects a cancel for whatever reason", async () => {
    const probe = new ProducerProbe<number>();
    const stage = sink(probe);
    await probe.expectDemand(4);
    await stage.stop("enough");
    await probe.expectCancel();
  });

  test("counts what is asked after a cancel as demand", async () => {
    const probe = new ProducerProbe<number>();
    const taker = new ConsumerProbe(probe);
    await taker.cancel();
    await taker.ask(1);
    expect(sentence(await failure(probe.expectNoDemand()))).toBe("expected probe to ask for nothing, got: 1");
  });

  test("looks at its newest subscription, and at the others through their wires", async () => {
    const probe = new ProducerProbe<number>();
    expect(sentence(await failure(probe.expectDemand(1)))).toBe("expected probe to have a subscription, got: none");
    sink(probe, 1);
    sink(probe, 2);
    await probe.expectDemand(2);
    await probe.wires[0]?.expectDemand(1);
    await probe.expectNoDemand();
  });

  test("tells what was said on the wire", async () => {
    const probe = new ProducerProbe<number>({ name: "numbers" });
    const stage = sink(probe);
    await settle();
    await probe.emit(1, 2);
    void stage.closed;
    await probe.fail(new Error("lost"));
    expect(probe.wire.history).toEqual(["sink asks for 4", "numbers sends [1, 2]", "sink asks for 2", "numbers says down (error: Error: lost)"]);
  });

  test("drives a stage between two probes", async () => {
    const numbers = new ProducerProbe<number>();
    const probe = new ConsumerProbe(doubled(numbers));
    await numbers.expectDemand(4);
    await numbers.emit(1, 2);
    await probe.expectNothing();
    await probe.ask(1);
    await probe.expectBatch([2]);
    await probe.ask(1);
    await probe.expectBatch([4]);
    await numbers.complete();
    await probe.expectEnd();
  });
});

test("a probe stands in for a consumer of a broadcast", async () => {
  const source = producer<number>({ dispatcher: broadcastDispatcher() });
  const [even, all] = [new ConsumerProbe(source, { options: { selector: (n: number) => n % 2 === 0 } }), new ConsumerProbe(source)];
  void even.ask(4);
  void all.ask(4);
  source.emit([1, 2]);
  await even.expectBatch([2]);
  await all.expectBatch([1, 2]);
});

test("a pipeline takes no probe: it has no life of its own", async () => {
  const probe = new ProducerProbe<number>();
  expect(OUTLET in probe).toBe(true);
  // @ts-expect-error: a probe is no stage
  await expect(pipeline(probe, consumer({ handleEvents: () => undefined }))).rejects.toThrow("expected part 1 of the pipeline to be a producer");
});
