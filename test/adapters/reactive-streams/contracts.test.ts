/** The adapters of Reactive Streams keep the contracts of their kind. */
import { describe, test } from "vitest";
import type { Consumer } from "sluice";
import { fromPublisher, intoSubscriber, toPublisher, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import { wayInContract, wayOutContract, type WayInSource, type WrittenSink } from "sluice/testing";

/** `null` and `undefined` cannot be signalled (rule 2.13). */
const isSomething = (value: unknown): boolean => value !== null && value !== undefined;

/** A Publisher that does what a contract says, when it is requested. */
function published(source: WayInSource<unknown>): Publisher<unknown> {
  return {
    subscribe(subscriber) {
      let requested = 0;
      let isWaiting = false;
      let isOver = false;
      const play = (): void => {
        isWaiting = false;
        while (requested > 0 && !isWaiting && !isOver) {
          const step = source.take(play);
          if (step.type === "wait") isWaiting = true;
          else if (step.type === "event") {
            requested -= 1;
            subscriber.onNext(step.event);
          } else {
            isOver = true;
            if (step.type === "end") subscriber.onComplete();
            else subscriber.onError(step.error);
          }
        }
      };
      subscriber.onSubscribe({
        request(demand) {
          requested += demand;
          if (!isWaiting) play();
        },
        cancel() {
          isOver = true;
          void source.release();
        },
      });
    },
  };
}

describe("fromPublisher keeps the contract: it", () => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 0,
    errors: isSomething,
    odd: isSomething,
    open: (source, { signal, handleReport }) => fromPublisher(published(source), { signal, handleReport }),
  });
  for (const { name, run } of cases) test(name, run);
});

/** A Subscriber that requests one event after the other. */
class OneByOne implements Subscriber<unknown> {
  readonly #sink: WrittenSink<unknown>;
  subscription: Subscription | undefined;

  constructor(sink: WrittenSink<unknown>) {
    this.#sink = sink;
  }

  onSubscribe(subscription: Subscription): void {
    this.subscription = subscription;
    subscription.request(1);
  }

  onNext(event: unknown): void {
    this.#sink.event(event, () => this.subscription?.request(1));
  }

  onError(error: unknown): void {
    this.#sink.error(error);
  }

  onComplete(): void {
    this.#sink.end(() => undefined);
  }
}

describe("toPublisher keeps the contract: it", () => {
  const cases = wayOutContract<unknown, OneByOne>({
    by: "writing",
    event: (n) => n,
    // The first is requested before any was taken.
    prefetch: 1,
    isAbortable: false,
    errors: isSomething,
    odd: isSomething,
    open(producer, sink) {
      const subscriber = new OneByOne(sink);
      toPublisher(producer).subscribe(subscriber);
      return subscriber;
    },
    leave: ({ subscription }) => subscription?.cancel(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("intoSubscriber keeps the contract: it", () => {
  const cases = wayOutContract<unknown, { readonly subscriber: OneByOne; readonly stage: Consumer<unknown> }>({
    by: "writing",
    event: (n) => n,
    prefetch: 1,
    errors: isSomething,
    odd: isSomething,
    open(producer, sink, { signal, closeWithinMs }) {
      const subscriber = new OneByOne(sink);
      return { subscriber, stage: intoSubscriber(subscriber, { subscribeTo: [producer], signal, stopWithinMs: closeWithinMs }) };
    },
    leave: ({ subscriber }) => subscriber.subscription?.cancel(),
  });
  for (const { name, run } of cases) test(name, run);
});
