/** Who holds what, before a dispatcher of any make: all else is as the dispatcher says. */
import { describe, expect, test } from "vitest";
import { Holders, type Dispatcher, type DispatcherHost, type Recipient } from "sluice";

const host: DispatcherHost = { bufferSize: 10, dropped: () => undefined, report: () => undefined };

function recipientOf(name: string, sent: (readonly number[])[] = []): Recipient<number> {
  return { name, identity: {}, options: {}, seat: undefined, send: (events) => void sent.push(events), askAgain: () => undefined };
}

/** What was said to a dispatcher. */
function heard(others: Partial<Dispatcher<number>> = {}): { readonly said: unknown[]; readonly inner: Dispatcher<number> } {
  const said: unknown[] = [];
  const inner: Dispatcher<number> = {
    capacity: 3,
    subscribe: ({ name }) => void said.push(["subscribe", name]),
    ask: ({ name }, demand) => void said.push(["ask", name, demand]),
    cancel: ({ name }) => void said.push(["cancel", name]),
    dispatch: (events) => said.push(["dispatch", events]),
    ...others,
  };
  return { said, inner };
}

function over(inner: Dispatcher<number>): Dispatcher<number> {
  return new Holders(() => "numbers", () => undefined).over<number>(() => inner)(host);
}

describe("a dispatcher behind holders", () => {
  test("says of itself what it is", () => {
    expect(over(heard().inner)).toMatchObject({ options: [], redelivers: false, givesAllToOne: false, capacity: 3, isFull: false, queued: 0 });
    const full = heard({ options: ["partition"], redelivers: true, givesAllToOne: true, isFull: true, queued: 2 }).inner;
    expect(over(full)).toMatchObject({ options: ["partition"], redelivers: true, givesAllToOne: false, isFull: true, queued: 2 });
    expect(over(heard({ isFull: false, redelivers: false }).inner)).toMatchObject({ redelivers: false, isFull: false });
  });

  test("hears of its consumers by their names, and of no others", () => {
    const { said, inner } = heard();
    const dispatcher = over(inner);
    const [ann, stranger] = [recipientOf("ann"), recipientOf("stranger")];
    dispatcher.subscribe(ann);
    dispatcher.ask(ann, 1);
    dispatcher.ask(stranger, 1);
    dispatcher.cancel(stranger);
    dispatcher.cancel(ann);
    dispatcher.ask(ann, 1);
    expect(said).toEqual([
      ["subscribe", "ann"],
      ["ask", "ann", 1],
      ["cancel", "ann"],
    ]);
  });

  test("has its queues marked and thrown away, if it has any", () => {
    const calls: unknown[] = [];
    const reached = (): void => undefined;
    const dispatcher = over(heard({ mark: (given) => void calls.push(given), clear: () => void calls.push("clear") }).inner);
    dispatcher.mark?.(reached);
    dispatcher.clear?.();
    expect(calls).toEqual([reached, "clear"]);
    const without = over(heard().inner);
    without.mark?.(reached);
    without.clear?.();
  });

  test("has consumers that ask for one at a time: who asks for more is told why not", () => {
    const dispatcher = over(heard().inner);
    const ann = recipientOf("ann");
    dispatcher.subscribe(ann);
    expect(() => dispatcher.ask(ann, 2)).toThrow(
      "expected each consumer of numbers to ask for one event at a time, got: an ask for 2 (a write waits until its event has been processed (processed: true), and who asks for one at a time shows when that is",
    );
  });
});

test("holders are none when the last of them asks again: not before, and not when somebody asks who held nothing", () => {
  let handled = 0;
  const holders = new Holders(() => "numbers", () => void (handled += 1));
  const [ann, bob, cat] = [{}, {}, {}];
  holders.given(ann);
  holders.given(bob);
  holders.asks(ann, 1);
  expect([handled, holders.isEmpty]).toEqual([0, false]);
  holders.asks(cat, 1);
  expect(handled).toBe(0);
  holders.asks(bob, 1);
  expect([handled, holders.isEmpty]).toEqual([1, true]);
  holders.asks(cat, 1);
  expect(handled).toBe(1);
});
