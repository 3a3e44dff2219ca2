import { expect, test } from "vitest";

import { Account } from "../../bench/measures/truth.ts";

test("the most ahead is counted when the source makes an event, and stays", () => {
  const account = new Account();
  account.produceList(3);
  account.consumeNow(0);
  account.consumeNow(1);
  account.produce();
  expect(account.mostAhead).toBe(3);
  account.produceList(2);
  expect(account.mostAhead).toBe(4);
});

test("the consumer gets the events in order, or the bench fails", () => {
  const account = new Account();
  account.produceList(3);
  account.consumeNow(0);
  expect(() => account.consumeNow(2)).toThrow("expected event 1, got: 2");
});

test("the consumer wants no more when it has had 200 events", () => {
  const account = new Account();
  const wants = account.produceList(201).map((event) => account.consumeNow(event));
  expect(wants.indexOf(false)).toBe(199);
  expect(account.isDone).toBe(true);
});

test("the source ends after 100,000 events", () => {
  const account = new Account();
  expect(account.produceList(99_999)).toHaveLength(99_999);
  expect(account.isExhausted).toBe(false);
  expect(account.produceList(10)).toEqual([99_999]);
  expect(account.isExhausted).toBe(true);
});
