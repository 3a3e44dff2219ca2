import { describe, expectTypeOf, test } from "vitest";
import { consumer, producer, producerConsumer, stream, type EventReader, type Producer, type ProducerConsumer } from "sluice";
import { ConsumerProbe, ProducerProbe, wayInContract, wayOutContract, type ContractCase, type WayInSource, type WayInStep } from "sluice/testing";

declare const numbers: Producer<number>;
declare const words: (source: WayInSource<string>) => Producer<string>;
declare const deaf: (source: WayInSource<number, "wait">) => Producer<number>;

describe("a producer probe", () => {
  test("is a target of its events", () => {
    const probe = new ProducerProbe<number>();
    const doubled = producerConsumer({ subscribeTo: [{ to: probe, maxDemand: 5 }], handleEvents: (events) => events.map((n) => 2 * n) });
    expectTypeOf(doubled).toEqualTypeOf<ProducerConsumer<number, number>>();
    expectTypeOf(stream([probe])[Symbol.asyncIterator]()).toEqualTypeOf<EventReader<number>>();
    consumer({ subscribeTo: [probe], handleEvents: (events) => void expectTypeOf(events).toEqualTypeOf<readonly number[]>() });
    void probe.emit(1, 2);
    // @ts-expect-error: it gives numbers
    void probe.emit("1");
    const texts = consumer<string>({ handleEvents: () => undefined });
    // @ts-expect-error: and who wants texts cannot subscribe to it
    texts.subscribe(probe);
  });

  test("is no stage", () => {
    // @ts-expect-error: it has no life of its own
    const stage: Producer<number> = new ProducerProbe<number>();
    void stage;
  });
});

describe("a consumer probe", () => {
  test("knows the events of its producer", () => {
    const probe = new ConsumerProbe(numbers);
    expectTypeOf(probe.events).toEqualTypeOf<number[]>();
    void probe.expectBatch([1, 2]);
    // @ts-expect-error: no number
    void probe.expectBatch(["1"]);
    // @ts-expect-error: no number
    void probe.expectEvents([undefined]);
    // @ts-expect-error: no way to end
    void probe.expectEnd({ type: "finished" });
  });
});

describe("the contract of a way in", () => {
  test("gives a native side the steps that it can take, and no other", () => {
    expectTypeOf<WayInStep<number, "end">["type"]>().toEqualTypeOf<"event" | "end">();
    expectTypeOf<WayInStep<number, never>["type"]>().toEqualTypeOf<"event">();
    expectTypeOf<WayInStep<number>["type"]>().toEqualTypeOf<"event" | "end" | "error" | "wait">();
    const cases = wayInContract({
      event: (n): number => n,
      can: ["end", "wait"],
      prefetch: 0,
      open(source, settings) {
        const step = source.take();
        expectTypeOf(step.type).toEqualTypeOf<"event" | "end" | "wait">();
        return producer<number>({ signal: settings.signal });
      },
    });
    expectTypeOf(cases).toEqualTypeOf<readonly ContractCase[]>();
  });

  test("refuses a native side that knows less than it says, and takes one that knows more", () => {
    // @ts-expect-error: it would be told to end
    wayInContract<number, "end" | "wait">({ event: (n) => n, can: ["end", "wait"], prefetch: 0, open: deaf });
    wayInContract<string, "end">({ event: String, can: ["end"], prefetch: 0, open: words });
  });

  test("tries odd events only where any event can be held", () => {
    // @ts-expect-error: a string is no such thing
    wayInContract<string>({ event: String, can: ["end"], prefetch: 0, open: words, odd: () => true });
  });

  test("refuses what is no option", () => {
    // @ts-expect-error: the prefetch is missing
    wayInContract<string>({ event: String, can: [], open: words });
    // @ts-expect-error: nobody can do that
    wayInContract<string>({ event: String, can: ["fly"], prefetch: 0, open: words });
  });
});

describe("the contract of a way out", () => {
  test("knows the native side of `open`", () => {
    wayOutContract<unknown, EventReader<unknown>>({
      by: "reading",
      event: (n) => n,
      prefetch: 0,
      open: (stage) => stage[Symbol.asyncIterator](),
      read: (reader) => reader.next(),
      leave: (reader) => reader.return(),
    });
    wayOutContract<number, number>({
      by: "telling",
      event: (n) => n,
      prefetch: Infinity,
      open(_, sink) {
        sink.event(1);
        // @ts-expect-error: it cannot say that it has taken it
        sink.event(1, () => undefined);
        return 1;
      },
    });
    wayOutContract<number, number>({
      by: "writing",
      event: (n) => n,
      prefetch: 0,
      open(_, sink) {
        sink.event(1, () => undefined);
        // @ts-expect-error: it must say when it has taken it
        sink.event(1);
        return 1;
      },
    });
  });

  test("reads where there is something to read", () => {
    // @ts-expect-error: it reads, so it needs `read`
    wayOutContract<number, number>({ by: "reading", event: (n) => n, prefetch: 0, open: () => 1 });
    // @ts-expect-error: it writes, so nobody reads
    wayOutContract<number, number>({ by: "writing", event: (n) => n, prefetch: 0, open: () => 1, read: () => Promise.reject(new Error("no")) });
  });
});
