/** `docs/07-through-rxjs.md`: its code runs here, its table knows every operator, and what it says is read is what is read. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as rx from "rxjs";
import * as operators7 from "rxjs/operators";
import * as operators8 from "rxjs8/operators";
import type { Operators } from "sluice/rxjs";
import { bufferCount, concatMap, filter, groupBy, map, mergeMap, pipe, retry } from "rxjs";
import { consumer, fromIterable, pipeline } from "sluice";
import { each, sync, throughOperators, tracked } from "sluice/rxjs";
import { NONE, PUSH, SYNC, TRACKED } from "../adapters/rxjs/support/operator-examples.ts";
import { deferred } from "../core/support/deferred.ts";
import { range } from "../core/support/range.ts";
import { paragraphsMissing } from "./fences.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = text("../../docs/07-through-rxjs.md");

test("the guide shows code as it is run here", () => {
  expect(paragraphsMissing(guide, text("through-rxjs.test.ts"))).toEqual([]);
});

interface Row {
  readonly id: number;
  readonly isNew: boolean;
}

interface Order {
  readonly user: string;
  readonly id: number;
}

describe("the code of the guide", () => {
  const load = (id: number): Promise<{ readonly name: string }> => Promise.resolve({ name: `user ${id}` });

  test("loads and saves the new rows", async () => {
    const rows: readonly Row[] = range(500).map((id) => ({ id, isNew: id % 2 === 0 }));
    const saved: number[] = [];
    const save = (users: readonly { readonly name: string }[]): Promise<number> => Promise.resolve(users.length);
    await pipeline(
      fromIterable(rows),
      throughOperators(
        tracked({ mergeMap, concatMap }, (g) =>
          pipe(
            filter(({ isNew }: Row) => isNew),
            g.mergeMap(({ id }) => load(id), 8),
            bufferCount(100),
            g.concatMap((users) => save(users)),
          ),
        ),
      ),
      consumer<number>({ handleEvents: (counts) => void saved.push(...counts) }),
    );
    expect(saved).toEqual([100, 100, 50]);
  });

  test("doubles numbers, and is patient", async () => {
    const numbers = fromIterable(range(10));
    const ids = fromIterable(range(3));
    const doubled = throughOperators(sync(map((n: number) => 2 * n), filter((n) => n % 3 === 0)), { subscribeTo: [numbers] });

    const patient = throughOperators(each(pipe(concatMap((id: number) => load(id)), retry(3)), { concurrency: 4 }), { subscribeTo: [ids] });

    const events: unknown[] = [];
    for await (const n of doubled) events.push(n);
    for await (const { name } of patient) events.push(name);
    expect(events).toEqual([0, 6, 12, 18, "user 0", "user 1", "user 2"]);
  });

  test("sends the orders of each user in order", async () => {
    const sent: string[] = [];
    const bobsTurn = deferred();
    // Nobody would get on if users were served one after the other.
    const send = async ({ user, id }: Order): Promise<number> => {
      sent.push(`${user} ${id} begins`);
      if (user === "bob") bobsTurn.resolve();
      await bobsTurn.promise;
      sent.push(`${user} ${id} ends`);
      return id;
    };
    const inOrderPerUser = tracked({ concatMap }, (g) =>
      pipe(
        groupBy(({ user }: Order) => user),
        mergeMap((orders) => orders.pipe(g.concatMap((order) => send(order)))),
      ),
    );
    const orders = fromIterable<Order>([
      { user: "ann", id: 1 },
      { user: "ann", id: 2 },
      { user: "bob", id: 3 },
    ]);
    await consumer({ subscribeTo: [throughOperators(inOrderPerUser, { subscribeTo: [orders] })], handleEvents: () => undefined }).closed;
    expect(sent.indexOf("bob 3 begins")).toBeLessThan(sent.indexOf("ann 1 ends"));
    expect(sent.filter((line) => line.startsWith("ann"))).toEqual(["ann 1 begins", "ann 1 ends", "ann 2 begins", "ann 2 ends"]);
  });
});

/** The rows of the table of operators. */
const places = [...guide.matchAll(/^\| ((?:`\w+` ?)+) \| (sync|tracked|push side) \|/gm)].flatMap(([, names = "", place = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => [name, place] as const));

test("the table has every operator of RxJS 7 and 8, once, where its example shows that it belongs", () => {
  const shown = new Map<string, string>();
  for (const [place, examples] of [["sync", SYNC], ["tracked", TRACKED], ["push side", PUSH]] as const) {
    for (const name of Object.keys(examples)) shown.set(name, place);
  }
  for (const name of NONE) shown.set(name, "push side");
  expect(new Map(places)).toEqual(shown);
  expect(places.map(([name]) => name).toSorted()).toEqual([...new Set([...Object.keys(operators7), ...Object.keys(operators8)])].toSorted());
});

describe("what the guide says of reading", () => {
  const EVENTS = 100_000;
  const OUTPUTS = 10;
  const WINDOW = 16;

  const work = (n: number): Promise<number> => Promise.resolve(n);
  const save = (list: readonly number[]): Promise<number> => Promise.resolve(list.length);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  interface Job {
    readonly needed: number;
    /** The limits, and what a buffer holds. */
    readonly limit: number;
    readonly plain: rx.OperatorFunction<number, unknown>;
    readonly operators: Operators<number, unknown>;
  }

  /** What was dropped is done with. */
  let dropped = 0;
  const everyOther = (n: number): boolean => {
    dropped += n % 2;
    return n % 2 === 0;
  };
  const mix = (merge: typeof mergeMap, concat: typeof concatMap): rx.OperatorFunction<number, number> => pipe(filter(everyOther), merge(work, 8), bufferCount(5), concat(save));
  const groups = (concat: typeof concatMap): rx.OperatorFunction<number, number> => pipe(groupBy((n: number) => n % 3), mergeMap((group) => group.pipe(concat(work))));

  const jobs: Readonly<Record<string, Job>> = {
    "mergeMap(work, 8)": { needed: 10, limit: 8, plain: mergeMap(work, 8), operators: tracked({ mergeMap }, (g) => g.mergeMap(work, 8)) },
    "filter(1 in 1,000)": { needed: 9001, limit: 0, plain: filter((n) => n % 1000 === 0), operators: sync(filter((n: number) => n % 1000 === 0)) },
    "bufferCount(100)": { needed: 1000, limit: 0, plain: bufferCount(100), operators: sync(bufferCount<number>(100)) },
    "concatMap(work)": { needed: 10, limit: 1, plain: concatMap(work), operators: tracked({ concatMap }, (g) => g.concatMap(work)) },
    "groupBy(3 groups), in each concatMap(work)": { needed: 10, limit: 0, plain: groups(concatMap), operators: tracked({ concatMap }, (g) => groups(g.concatMap)) },
    "filter(every other), mergeMap(work, 8), bufferCount(5), concatMap(save)": { needed: 50, limit: 8 + 1 + 4, plain: mix(mergeMap, concatMap), operators: tracked({ mergeMap, concatMap }, (g) => mix(g.mergeMap, g.concatMap)) },
  };

  /** Counts what is read of it. */
  class Source implements Iterable<number> {
    read = 0;

    *[Symbol.iterator](): Generator<number, void> {
      while (this.read < EVENTS) yield this.read++;
    }
  }

  const shown = (n: number): string => n.toLocaleString("en-US");

  test.each(Object.entries(jobs))("%s", async (name, { needed, limit, plain, operators }) => {
    const ours = new Source();
    dropped = 0;
    let taken = 0;
    for await (const _ of throughOperators(operators, { feed: "eager", subscribeTo: [{ to: fromIterable(ours), maxDemand: WINDOW }] })) {
      await turn();
      taken += 1;
      if (taken === OUTPUTS) break;
    }
    expect(ours.read - dropped).toBeGreaterThanOrEqual(needed);
    expect(ours.read - dropped).toBeLessThanOrEqual(needed + WINDOW + limit);

    // It has read everything before anybody has taken an output.
    const theirs = new Source();
    const subscription = rx.from(theirs).pipe(plain, concatMap(turn)).subscribe();
    expect(theirs.read).toBe(EVENTS);
    subscription.unsubscribe();

    expect(guide).toContain(`| ${name} | ${shown(needed)} | ${shown(EVENTS)} | ${shown(needed + WINDOW + limit)} |`);
  });
});
