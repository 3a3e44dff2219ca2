import { describe, expectTypeOf, test } from "vitest";
import type { Consumer, Producer, ProducerConsumer } from "sluice";
import { asProcessor, asSubscriber, fromPublisher, intoSubscriber, toPublisher, type Processor, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";

interface Animal {
  readonly name: string;
}
interface Dog extends Animal {
  bark(): void;
}

declare const dogs: Producer<Dog>;
declare const dogPublisher: Publisher<Dog>;
declare const animalSubscriber: Subscriber<Animal>;
declare const animalConsumer: Consumer<Animal>;
declare const walk: ProducerConsumer<Animal, Dog>;

describe("the interfaces of Reactive Streams", () => {
  test("a Publisher of dogs is one of animals, not the other way round", () => {
    expectTypeOf<Publisher<Dog>>().toExtend<Publisher<Animal>>();
    expectTypeOf<Publisher<Animal>>().not.toExtend<Publisher<Dog>>();
  });

  test("a Subscriber to animals is one to dogs, not the other way round", () => {
    expectTypeOf<Subscriber<Animal>>().toExtend<Subscriber<Dog>>();
    expectTypeOf<Subscriber<Dog>>().not.toExtend<Subscriber<Animal>>();
  });

  test("a Processor takes less and gives more", () => {
    expectTypeOf<Processor<Animal, Dog>>().toExtend<Processor<Dog, Animal>>();
    expectTypeOf<Processor<Dog, Animal>>().not.toExtend<Processor<Animal, Dog>>();
    expectTypeOf<Processor<Animal, Dog>>().toExtend<Subscriber<Animal> & Publisher<Dog>>();
  });

  test("what others call so is one: errors of a class, whatever is returned", () => {
    interface Other {
      onSubscribe(subscription: { request(n: number): void; cancel(): void }): void;
      onNext(event: Dog): void;
      onError(error: Error): void;
      onComplete(): void;
    }
    expectTypeOf<Other>().toExtend<Subscriber<Dog>>();
    expectTypeOf<{ request(n: number): number; cancel(): boolean }>().toExtend<Subscription>();
  });
});

test("each adapter keeps the type of the events", () => {
  expectTypeOf(fromPublisher(dogPublisher)).toEqualTypeOf<Producer<Dog>>();
  expectTypeOf(toPublisher(dogs)).toEqualTypeOf<Publisher<Dog>>();
  expectTypeOf(toPublisher(() => dogs)).toEqualTypeOf<Publisher<Dog>>();
  expectTypeOf(intoSubscriber(animalSubscriber)).toEqualTypeOf<Consumer<Animal>>();
  expectTypeOf(asSubscriber(animalConsumer)).toEqualTypeOf<Subscriber<Animal>>();
  expectTypeOf(asProcessor(walk)).toEqualTypeOf<Processor<Animal, Dog>>();
});

test("a consumer of animals takes dogs, not the other way round", () => {
  intoSubscriber(animalSubscriber, { subscribeTo: [dogs] });
  dogPublisher.subscribe(asSubscriber(animalConsumer));
  // @ts-expect-error a Subscriber to dogs would be given any animal
  (null as unknown as Publisher<Animal>).subscribe(null as unknown as Subscriber<Dog>);
});

test("options that an adapter has for itself are none of its own", () => {
  // @ts-expect-error the source is the Publisher
  fromPublisher(dogPublisher, { handleDemand: () => [] });
  // @ts-expect-error the Subscriber asks
  toPublisher(dogs, { mode: "automatic" });
  // @ts-expect-error the end is the Subscriber's
  intoSubscriber(animalSubscriber, { handleComplete: () => undefined });
});
