import type { OperatorFunction } from "rxjs";
import * as operators7 from "rxjs/operators";
import * as operators8 from "rxjs8/operators";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromIterable, producer, type Producer } from "sluice";
import { sync, throughOperators, tracked, type Flatteners } from "sluice/rxjs";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { NONE, PUSH, SYNC, TRACKED, old, type Flattening } from "./support/operator-examples.ts";
import { VERSIONS, type Rx } from "./support/versions.ts";

afterEach(() => vi.useRealTimers());

const COUNT = 12;
const FLATTENING = Object.keys(TRACKED);

/** The operators of an example that this version has. */
function isThere(name: string, rx: Rx): boolean {
  return rx === VERSIONS[0]?.[1] ? name in rx || name in old : name in operators8;
}

function flatteningOf(rx: Rx): Flattening {
  return Object.fromEntries(FLATTENING.filter((name) => name in rx).map((name) => [name, rx[name as keyof Flattening]])) as Flattening;
}

async function all<Event>(stage: Producer<Event>): Promise<readonly Event[]> {
  const events: Event[] = [];
  for await (const batch of stage.batches({ maxDemand: 4 })) events.push(...batch);
  return events;
}

/** What RxJS makes of the same events: of a source that gives each once, as our input does. */
async function plain(rx: Rx, operator: OperatorFunction<number, unknown>): Promise<readonly unknown[]> {
  let next = 0;
  const once = new rx.Observable<number>((subscriber) => {
    while (next < COUNT && !subscriber.closed) subscriber.next(next++);
    subscriber.complete();
  });
  return rx.lastValueFrom(once.pipe(operator, rx.toArray()));
}

test("every operator of RxJS has an example", () => {
  const known = [...Object.keys(SYNC), ...Object.keys(TRACKED), ...Object.keys(PUSH), ...NONE];
  expect(known.toSorted()).toEqual([...new Set([...Object.keys(operators7), ...Object.keys(operators8)])].toSorted());
});

describe.each(VERSIONS)("%s", (_, rx) => {
  test.each(Object.keys(SYNC).filter((name) => isThere(name, rx)))("sync: %s makes what it makes of the same events", async (name) => {
    const operator = SYNC[name]?.(rx) as OperatorFunction<number, unknown>;
    expect(await all(throughOperators(sync(operator), { subscribeTo: [fromIterable(range(COUNT))] }))).toEqual(await plain(rx, operator));
  });

  test.each(FLATTENING.filter((name) => isThere(name, rx)))("tracked: %s makes what it makes of the same events", async (name) => {
    const flattening = flatteningOf(rx);
    const make = TRACKED[name] as (rx: Rx, g: Flattening) => OperatorFunction<number, unknown>;
    const operators = tracked(flattening as Flatteners, (g) => make(rx, g as Flattening));
    for (const feed of ["strict", "eager"] as const) {
      const events = await all(throughOperators(operators, { feed, subscribeTo: [fromIterable(range(COUNT))] }));
      expect(events).toEqual(await plain(rx, make(rx, flattening)));
    }
  });

  test.each(Object.keys(PUSH).filter((name) => isThere(name, rx)))("push side: %s emits at a time of its own, which fails the stage", async (name) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    const source = producer<number>();
    const stage = throughOperators(sync(PUSH[name]?.(rx) as OperatorFunction<number, unknown>), { subscribeTo: [source] });
    const result = all(stage).catch((error: unknown) => error);
    source.emit(range(2));
    await settle();
    await vi.advanceTimersByTimeAsync(10);
    expect(await result).toMatchObject({ code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("push side") as string });
    await source.stop();
  });
});
