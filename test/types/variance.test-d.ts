import { describe, expectTypeOf, test } from "vitest";
import type { Consumer, EventOf, EventReader, Producer, ProducerConsumer, PushProducer, Stage, Subscribable, Target } from "sluice";

interface Animal {
  readonly name: string;
}
interface Dog extends Animal {
  bark(): void;
}

declare const dogs: Producer<Dog>;
declare const animals: Producer<Animal>;

describe("a producer", () => {
  test("of dogs is a producer of animals, not the other way round", () => {
    expectTypeOf<Producer<Dog>>().toExtend<Producer<Animal>>();
    expectTypeOf<Producer<Animal>>().not.toExtend<Producer<Dog>>();
  });

  test("that is driven from outside is of its own type only", () => {
    expectTypeOf<PushProducer<Dog>>().not.toExtend<PushProducer<Animal>>();
    expectTypeOf<PushProducer<Animal>>().not.toExtend<PushProducer<Dog>>();
  });

  test("that is driven from outside is a producer to those who only read it", () => {
    expectTypeOf<PushProducer<Dog>>().toExtend<Producer<Animal>>();
  });

  test("is an async iterable of its events, in all three ways", () => {
    expectTypeOf(dogs[Symbol.asyncIterator]()).toEqualTypeOf<EventReader<Dog>>();
    expectTypeOf(dogs.events()).toEqualTypeOf<EventReader<Dog>>();
    expectTypeOf(dogs.batches()).toEqualTypeOf<EventReader<readonly Dog[]>>();
    expectTypeOf<Producer<Dog>>().toExtend<AsyncIterable<Animal>>();
  });

  test("gives lists that nobody may change", async () => {
    for await (const batch of dogs.batches()) {
      // @ts-expect-error the list belongs to all who got it
      batch.push(batch[0]);
    }
  });
});

describe("a consumer", () => {
  test("of animals is a consumer of dogs, not the other way round", () => {
    expectTypeOf<Consumer<Animal>>().toExtend<Consumer<Dog>>();
    expectTypeOf<Consumer<Dog>>().not.toExtend<Consumer<Animal>>();
  });

  test("subscribes to producers of what it can handle", () => {
    const subscribe = (animalLover: Consumer<Animal>, dogTrainer: Consumer<Dog>): void => {
      animalLover.subscribe(dogs);
      animalLover.subscribe(animals);
      dogTrainer.subscribe(dogs);
      // @ts-expect-error not every animal is a dog
      dogTrainer.subscribe(animals);
      // @ts-expect-error a consumer has nothing to give
      animalLover.subscribe(animalLover);
    };
    expectTypeOf(subscribe).toBeFunction();
  });
});

describe("a producerConsumer", () => {
  test("takes less and gives more than it must", () => {
    expectTypeOf<ProducerConsumer<Animal, Dog>>().toExtend<ProducerConsumer<Dog, Animal>>();
    expectTypeOf<ProducerConsumer<Dog, Animal>>().not.toExtend<ProducerConsumer<Animal, Dog>>();
  });

  test("is both, and a stage", () => {
    expectTypeOf<ProducerConsumer<Dog, string>>().toExtend<Producer<string>>();
    expectTypeOf<ProducerConsumer<Dog, string>>().toExtend<Consumer<Dog>>();
    expectTypeOf<ProducerConsumer<Dog, string>>().toExtend<Stage>();
  });
});

describe("EventOf", () => {
  test("is the union of the events of a list of targets", () => {
    expectTypeOf<EventOf<readonly [Producer<number>, { readonly to: Producer<string>; readonly maxDemand: 10 }]>>().toEqualTypeOf<number | string>();
    expectTypeOf<EventOf<readonly Producer<Dog>[]>>().toEqualTypeOf<Dog>();
    expectTypeOf<EventOf<readonly [ProducerConsumer<number, Dog>, PushProducer<boolean>]>>().toEqualTypeOf<Dog | boolean>();
    expectTypeOf<EventOf<readonly []>>().toEqualTypeOf<never>();
  });

  test("is that of foreign stages that keep the protocol", () => {
    expectTypeOf<EventOf<readonly [Subscribable<Dog>]>>().toEqualTypeOf<Dog>();
    expectTypeOf<Producer<Dog>>().toExtend<Target<Animal>>();
  });
});
