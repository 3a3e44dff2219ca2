import { describe, expectTypeOf, test } from "vitest";
import { stream, type EventReader, type Producer, type ProducerConsumer } from "sluice";

declare const numbers: Producer<number>;
declare const words: Producer<string>;
declare const lengths: ProducerConsumer<string, number>;

describe("a stream", () => {
  test("gives the events of all its targets", () => {
    expectTypeOf(stream([numbers, { to: words, maxDemand: 5 }])[Symbol.asyncIterator]()).toEqualTypeOf<EventReader<number | string>>();
    expectTypeOf(stream([lengths])[Symbol.asyncIterator]()).toEqualTypeOf<EventReader<number>>();
  });

  test("refuses unknown options of a target, and of itself", () => {
    // @ts-expect-error: a target knows no `max`
    void stream([{ to: words, max: 5 }]);
    // @ts-expect-error: nor does a stream
    void stream([words], { max: 5 });
    // @ts-expect-error: a demand mode
    void stream([words], { demand: "later" });
  });
});
