/** The Subscribers of a broadcast ask together; a stage forgets the producers that have left. */
import { describe, expect, test } from "vitest";
import type { Subscription } from "sluice";
import { settle } from "sluice/testing";
import { Asking } from "../../../src/adapters/reactive-streams/asking.ts";
import { Audience } from "../../../src/adapters/reactive-streams/audience.ts";

class Member {
  readonly asks: boolean[] = [];
  readonly missing: number;

  constructor(missing = 0) {
    this.missing = missing;
  }

  ask(isAll: boolean): void {
    this.asks.push(isAll);
  }
}

function audienceOf(...members: readonly Member[]): Audience {
  const audience = new Audience();
  for (const member of members) audience.add(member);
  return audience;
}

describe("an audience", () => {
  test("waits for as many events as the one that waits for most", () => {
    expect([audienceOf().missing, audienceOf(new Member(2), new Member(5), new Member(3)).missing]).toEqual([0, 5]);
  });

  test("asks once for what is requested in one turn: for all of it, if any request says so", async () => {
    const [ann, ben] = [new Member(), new Member()];
    const both = audienceOf(ann, ben);
    both.askLater(false);
    both.askLater(true);
    both.askLater(false);
    expect([ann.asks, ben.asks]).toEqual([[], []]);
    await settle();
    expect([ann.asks, ben.asks]).toEqual([[true], [true]]);
  });

  test("asks for what is worth a list where nobody wants all, before and after somebody did", async () => {
    const [ann, ben] = [new Member(), new Member()];
    const both = audienceOf(ann, ben);
    for (const isAll of [false, true, false]) {
      both.askLater(isAll);
      await settle();
    }
    expect([ann.asks, ben.asks]).toEqual([[false, true, false], [false, true, false]]);
  });

  test("of one leaves it to that one to ask for what is requested in its signals", async () => {
    const ann = new Member();
    const alone = audienceOf(ann);
    alone.askLater(false);
    await settle();
    expect(ann.asks).toEqual([]);
    alone.askLater(true);
    await settle();
    expect(ann.asks).toEqual([true]);
  });

  test("forgets who leaves", async () => {
    const [ann, ben] = [new Member(7), new Member(2)];
    const both = audienceOf(ann, ben);
    both.delete(ann);
    both.askLater(true);
    await settle();
    expect([both.missing, ann.asks, ben.asks]).toEqual([2, [], [true]]);
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
