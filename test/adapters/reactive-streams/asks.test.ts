/** When what a Subscriber requests is asked for, of whom, and how much of it at once. */
import { describe, expect, test } from "vitest";
import { OUTLET, post, type Producer, type Subscribable } from "sluice";
import { intoSubscriber, toPublisher, type Subscriber } from "sluice/reactive-streams";
import { ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Listener } from "../support/reactive-streams.ts";

interface Window {
  readonly maxDemand: number;
  readonly minDemand: number;
}
type Join = (subscriber: Subscriber<number>, probe: ProducerProbe<number>, window?: Window) => void;

const WAYS: readonly (readonly [name: string, join: Join])[] = [
  ["intoSubscriber", (subscriber, probe, window) => intoSubscriber(subscriber, { subscribeTo: [probe.producer], ...window })],
  ["toPublisher", (subscriber, probe, window) => toPublisher(probe.producer as Producer<number>, window).subscribe(subscriber)],
];

describe.each(WAYS)("by %s", (_, join) => {
  const joined = async (subscriber: Subscriber<number>, window?: Window): Promise<ProducerProbe<number>> => {
    const probe = new ProducerProbe<number>();
    join(subscriber, probe, window);
    await settle();
    return probe;
  };

  test("what is requested in onNext waits for as long as it is little beside what is on its way", async () => {
    const ann = new Listener<number>({ onNext: (event, subscription) => event === 0 && subscription.request(1) });
    const probe = await joined(ann);
    ann.request(8);
    await settle();
    await probe.emit(...range(4));
    await probe.emit(4, 5);
    expect(probe.asks).toEqual([8]);
    await probe.emit(6);
    expect(probe.asks).toEqual([8, 1]);
  });

  test("more than a window is asked for when no more than minDemand are on their way", async () => {
    const ann = new Listener<number>();
    const probe = await joined(ann, { maxDemand: 10, minDemand: 2 });
    ann.request(35);
    await settle();
    await probe.emit(...range(7));
    expect(probe.asks).toEqual([10]);
    await probe.emit(7);
    expect(probe.asks).toEqual([10, 8]);
  });

  test("less than a window is asked for again when half of it is on its way, whatever minDemand is", async () => {
    const ann = new Listener<number>({ onNext: (_event, subscription) => subscription.request(1) });
    const probe = await joined(ann, { maxDemand: 10, minDemand: 5 });
    ann.request(4);
    await settle();
    await probe.emit(0);
    expect(probe.asks).toEqual([4]);
    await probe.emit(1);
    expect(probe.asks).toEqual([4, 2]);
  });
});

test("events that are handled one by one ask for what is requested meanwhile when half of the last ask is on its way", async () => {
  const ann = new Listener<number>({ onNext: (event, subscription) => event === 0 && subscription.request(100) });
  const probe = new ProducerProbe<number>();
  intoSubscriber(ann, { subscribeTo: [probe.producer] });
  await settle();
  ann.request(10);
  await settle();
  await probe.emit(...range(4));
  expect(probe.asks).toEqual([10]);
  await probe.emit(4);
  expect(probe.asks).toEqual([10, 100]);
});

describe("of several producers", () => {
  const two = async (): Promise<{ readonly ann: Listener<number>; readonly one: ProducerProbe<number>; readonly other: ProducerProbe<number> }> => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>();
    intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    return { ann, one, other };
  };

  test("one that has enough on its way is not asked when others are", async () => {
    const { ann, one, other } = await two();
    ann.request(10);
    await settle();
    await one.emit(...range(10));
    ann.request(1);
    await settle();
    expect([one.asks, other.asks]).toEqual([[10, 1], [10]]);
  });

  test("one is asked for the little that it lacks behind what has waited only when less is on its way", async () => {
    const { ann, one, other } = await two();
    ann.request(10);
    await settle();
    await one.emit(...range(10));
    await other.emit(10);
    ann.request(12);
    await settle();
    expect(ann.events).toEqual(range(11));
    expect([one.asks, other.asks]).toEqual([[10, 11], [10]]);
  });

  test("those that are left are asked when one has ended", async () => {
    const { ann, one, other } = await two();
    await one.complete();
    ann.request(3);
    await settle();
    expect([one.asks, other.asks]).toEqual([[], [3]]);
  });
});

test("events that come before the stage knows of their producer wait for a request, and are not counted against it", async () => {
  const probe = new ProducerProbe<number>();
  const hasty: Subscribable<number> = {
    [OUTLET]: {
      ...probe.producer[OUTLET],
      connect(subscriber, replaces) {
        post(subscriber, [1, 2]);
        return probe.producer[OUTLET].connect(subscriber, replaces);
      },
    },
  };
  const ann = new Listener<number>();
  intoSubscriber(ann, { subscribeTo: [hasty] });
  await settle();
  expect([ann.signals, probe.asks]).toEqual([["onSubscribe"], []]);
  ann.request(5);
  await settle();
  expect([ann.events, probe.asks]).toEqual([[1, 2], [3]]);
});
