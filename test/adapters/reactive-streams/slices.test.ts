/** How long a Subscriber is signalled before the event loop turns, and what a turn in between does not change: by a clock that a test moves. */
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Consumer, Producer } from "sluice";
import type { Subscriber } from "sluice/reactive-streams";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { Listener, type Doings } from "../support/reactive-streams.ts";

interface Scene {
  /** Lets so many ms pass. */
  readonly pass: (ms: number) => void;
  readonly settle: () => Promise<void>;
  /** A consumer, and a Subscriber of it that has its subscription. */
  readonly sink: () => { readonly stage: Consumer<number>; readonly subscriber: Subscriber<number> };
  /** A Subscriber and its producer. */
  readonly join: (doings: Doings<number>) => { readonly ann: Listener<number>; readonly asks: readonly number[]; readonly emit: (events: readonly number[]) => Promise<void> };
}

/** A clock is taken when Sluice loads. */
async function scene(): Promise<Scene> {
  let now = 0;
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(performance, "now").mockImplementation(() => now);
  vi.resetModules();
  const { consumer } = await import("sluice");
  const { asSubscriber, toPublisher } = await import("sluice/reactive-streams");
  const { ProducerProbe, settle } = await import("sluice/testing");
  return {
    pass: (ms) => (now += ms),
    settle,
    sink() {
      const stage = consumer<number>({ handleEvents: () => undefined });
      const subscriber = asSubscriber(stage);
      subscriber.onSubscribe({ request: () => undefined, cancel: () => undefined });
      return { stage, subscriber };
    },
    join(doings) {
      const probe = new ProducerProbe<number>();
      const ann = new Listener<number>(doings);
      toPublisher(probe.producer as Producer<number>).subscribe(ann);
      return { ann, asks: probe.asks, emit: (events) => probe.emit(...events) };
    },
  };
}

describe("a list", () => {
  test("is looked at after 1, 2, 4, ... events: of those that become slow no more are signalled at once than there were before", async () => {
    const { pass, settle, join } = await scene();
    const turns: number[] = [];
    const { ann, emit } = join({
      onNext(event) {
        if (event >= 3) pass(5);
        if (event === 3) setImmediate(() => turns.push(ann.events.length));
      },
    });
    ann.request(500);
    await settle();
    await emit(range(500));
    expect(ann.events).toEqual(range(500));
    expect(turns[0]).toBeLessThanOrEqual(8);
  });

  test("that takes several slices counts as brought: what is requested between two of them is asked for at once, and no more", async () => {
    const { pass, settle, join } = await scene();
    let asked: readonly number[] = [];
    const { ann, asks, emit } = join({
      onNext(event) {
        pass(5);
        if (event === 0) setImmediate(() => ann.request(1));
        if (event === 9) asked = [...asks];
      },
    });
    ann.request(10);
    await settle();
    await emit(range(10));
    expect([asked, asks]).toEqual([[10, 1], [10, 1]]);
  });
});

test("an error that crosses the departure of its consumer is thrown, be there a turn of the event loop between or not", async () => {
  using uncaught = new Uncaught();
  const { pass, settle, sink } = await scene();
  const errors = [new Error("in the same slice"), new Error("in the next slice")];
  for (const [place, error] of errors.entries()) {
    const { stage, subscriber } = sink();
    await settle();
    const stopped = stage.stop();
    pass(5 * place);
    subscriber.onError(error);
    await stopped;
    await settle();
  }
  expect(uncaught.errors).toEqual(errors);
});
