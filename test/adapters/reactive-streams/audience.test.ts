/** The Subscribers of a broadcast ask together; a stage forgets the producers that have left. */
import { describe, expect, test } from "vitest";
import type { Subscription } from "sluice";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Asking } from "../../../src/adapters/reactive-streams/asking.ts";
import { Audience } from "../../../src/adapters/reactive-streams/audience.ts";

/** Writes down its asks: for all or not, and how many one of its audience misses. */
class Member {
  readonly asks: (readonly [isAll: boolean, most: number])[] = [];
  looks = 0;
  readonly #missing: number;

  constructor(missing: number) {
    this.#missing = missing;
  }

  get missing(): number {
    this.looks += 1;
    return this.#missing;
  }

  ask(isAll: boolean, most: number): void {
    this.asks.push([isAll, most]);
  }
}

function members(...missing: readonly number[]): { readonly audience: Audience; readonly all: readonly Member[] } {
  const audience = new Audience();
  const all = missing.map((each) => new Member(each));
  for (const member of all) audience.add(member);
  return { audience, all };
}

describe("an audience", () => {
  test("asks once for what is requested in one turn: for all of it, if any request says so", async () => {
    const { audience, all } = members(2, 5, 3);
    audience.askLater(false);
    audience.askLater(true);
    audience.askLater(false);
    expect(all.flatMap(({ asks }) => asks)).toEqual([]);
    await settle();
    expect(all.map(({ asks }) => asks)).toEqual([[[true, 5]], [[true, 5]], [[true, 5]]]);
  });

  test("looks at each member once for that, however many there are", async () => {
    const { audience, all } = members(...range(10));
    for (const member of all) audience.took(member);
    await settle();
    expect(all.map(({ looks, asks }) => [looks, asks])).toEqual(range(10).map(() => [1, [[false, 9]]]));
  });

  test("asks for what is worth a list where nobody wants all, before and after somebody did", async () => {
    const { audience, all } = members(0, 1);
    for (const isAll of [false, true, false]) {
      audience.askLater(isAll);
      await settle();
    }
    const asks = [[false, 1], [true, 1], [false, 1]];
    expect(all.map((member) => member.asks)).toEqual([asks, asks]);
  });

  test("of one leaves it to that one to ask for what is requested in its signals, when it took them", async () => {
    const { audience, all } = members(4);
    const [ann] = all as [Member];
    audience.askLater(false);
    await settle();
    expect(ann.asks).toEqual([]);
    audience.took(ann);
    expect(ann.asks).toEqual([[false, 0]]);
    audience.askLater(true);
    await settle();
    expect(ann.asks).toEqual([[false, 0], [true, 4]]);
  });

  test("forgets who leaves", async () => {
    const { audience, all } = members(7, 2);
    const [ann, ben] = all as [Member, Member];
    audience.delete(ann);
    audience.askLater(true);
    await settle();
    expect([ann.asks, ben.asks]).toEqual([[], [[true, 2]]]);
  });
});

test("a producer that has left is forgotten, and the others are asked", () => {
  const asks: string[] = [];
  const producerOf = (name: string): Subscription => ({ side: "producer", name, ask: (demand) => void asks.push(`${name}: ${demand}`), cancel: () => Promise.resolve(), closed: new Promise(() => undefined) });
  const producers = ["one", "two", "three"].map(producerOf);
  const asking = new Asking({ max: 10, min: 5 });
  for (const producer of producers) asking.join(producer);
  asking.leave(producers[1] as Subscription);
  asking.ask(4, true);
  expect(asks).toEqual(["one: 4", "three: 4"]);
});
