import { describe, expectTypeOf, test } from "vitest";
import { consumer, fromIterable, pipeline, producerConsumer, type Consumer, type Producer, type ProducerConsumer } from "sluice";

interface Animal {
  readonly name: string;
}
interface Dog extends Animal {
  bark(): void;
}

declare const numbers: Producer<number>;
declare const dogs: Producer<Dog>;
declare const animals: Producer<Animal>;
declare const toStrings: ProducerConsumer<number, string>;
declare const print: Consumer<string>;
declare const count: (from: Producer<number>) => Consumer<number>;
declare const walkDogs: Consumer<Dog>;
declare const feedAnimals: (from: Producer<Animal>) => Consumer<Animal>;

describe("a pipeline", () => {
  test("resolves with nothing", () => {
    expectTypeOf(pipeline(numbers, count)).toEqualTypeOf<Promise<void>>();
  });

  test("takes stages and functions in any mixture", () => {
    void pipeline(numbers, toStrings, print);
    void pipeline(numbers, (from) => producerConsumer({ subscribeTo: [from], handleEvents: (events) => events.map(String) }), print);
    void pipeline(numbers, count, { signal: AbortSignal.abort() });
  });

  test("infers what each function gets from the part before it", () => {
    void pipeline(
      fromIterable([1]),
      (from) => {
        expectTypeOf(from).toEqualTypeOf<Producer<number>>();
        return producerConsumer({ subscribeTo: [from], handleEvents: (events) => events.map(String) });
      },
      (from) => {
        expectTypeOf(from).toEqualTypeOf<Producer<string>>();
        return producerConsumer({ subscribeTo: [from], handleEvents: (events) => events.map((event) => [event]) });
      },
      (from) => {
        expectTypeOf(from).toEqualTypeOf<Producer<string[]>>();
        return consumer({ subscribeTo: [from], handleEvents: () => undefined });
      },
    );
  });

  test("takes a part that can do with what comes", () => {
    void pipeline(dogs, feedAnimals);
    // @ts-expect-error not every animal is a dog
    void pipeline(animals, walkDogs);
  });

  test("refuses parts that do not fit", () => {
    // @ts-expect-error numbers do not go into strings
    void pipeline(numbers, print);
    // @ts-expect-error strings do not go into numbers
    void pipeline(numbers, toStrings, count);
    // @ts-expect-error the function takes strings
    void pipeline(numbers, (from: Producer<string>) => consumer({ subscribeTo: [from], handleEvents: () => undefined }));
  });

  test("begins with a producer and ends with a consumer", () => {
    // @ts-expect-error alone
    void pipeline(numbers);
    // @ts-expect-error a producer is no end
    void pipeline(numbers, numbers);
    // @ts-expect-error a consumer is no beginning
    void pipeline(print, print);
    // @ts-expect-error a consumer gives nothing on
    void pipeline(numbers, count, print);
  });

  test("knows its options, and no others", () => {
    // @ts-expect-error signall
    void pipeline(numbers, count, { signall: AbortSignal.abort() });
    // @ts-expect-error a controller is no signal
    void pipeline(numbers, count, { signal: new AbortController() });
  });
});
