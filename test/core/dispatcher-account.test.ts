/** Law 7 for dispatchers that drop, and that have queues of their own: each event they took is accounted for. */
import { describe, expect, test } from "vitest";
import { broadcastDispatcher, partitionDispatcher, producer, type Dispatcher, type DispatcherHost, type Recipient } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";

/** Gives even numbers to the only consumer, and drops the others. */
function evens(host: DispatcherHost): Dispatcher<number> {
  let recipient: Recipient<number> | undefined;
  let capacity = 0;
  return {
    subscribe: (each) => void (recipient = each),
    ask: (_each, demand) => void (capacity += demand),
    cancel: () => void (capacity = 0),
    get capacity() {
      return capacity;
    },
    dispatch(events) {
      const taken = events.slice(0, capacity);
      const even = taken.filter((event) => event % 2 === 0);
      if (even.length > 0) recipient?.send(even);
      host.dropped(taken.length - even.length);
      capacity -= even.length;
      return taken.length;
    },
  };
}

/** Queues what it is given for the second consumer, and sends that when the first one leaves: or drops it. */
function heir(isDropping: boolean, host: DispatcherHost): Dispatcher<number> {
  const recipients: Recipient<number>[] = [];
  let queue: readonly number[] = [];
  let open = 0;
  return {
    subscribe: (each) => void recipients.push(each),
    ask: (_each, demand) => void (open += demand),
    cancel(leaver) {
      if (leaver !== recipients[0]) return;
      if (isDropping) host.dropped(queue.length);
      else recipients[1]?.send(queue);
      open -= queue.length;
      queue = [];
    },
    get capacity() {
      return open - queue.length;
    },
    get queued() {
      return queue.length;
    },
    mark: (reached) => reached(),
    clear: () => void (queue = []),
    dispatch(events) {
      queue = [...queue, ...events];
      return events.length;
    },
  };
}

describe("the account of a stage", () => {
  test("knows what a dispatcher without queues has dropped", async () => {
    await using source = producer<number>({ dispatcher: evens });
    const probe = new ConsumerProbe(source);
    await probe.ask(10);
    source.emit(range(7));
    await settle();
    expect(probe.events).toEqual([0, 2, 4, 6]);
    expect(source.snapshot().output).toMatchObject({ emitted: 7, delivered: 4, dropped: 3, buffered: 0 });
  });

  test.each([
    [false, { emitted: 3, delivered: 3, dropped: 0, buffered: 0 }],
    [true, { emitted: 3, delivered: 0, dropped: 3, buffered: 0 }],
  ])("knows what left a dispatcher's queues in a cancel (dropped: %s)", async (isDropping, counts) => {
    await using source = producer<number>({ dispatcher: (host) => heir(isDropping, host) });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await bob.ask(5);
    source.emit([1, 2, 3]);
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 3, delivered: 0, buffered: 3 });
    await ann.cancel();
    expect(bob.events).toEqual(isDropping ? [] : [1, 2, 3]);
    expect(source.snapshot().output).toMatchObject(counts);
  });
});

describe("a selector", () => {
  test("is called with the event alone", async () => {
    const seen: unknown[][] = [];
    const record = (...given: unknown[]): boolean => {
      seen.push(given);
      return true;
    };
    await using source = producer<number>({ dispatcher: broadcastDispatcher() });
    await new ConsumerProbe(source, { options: { selector: record } }).ask(2);
    source.emit([5, 6]);
    await settle();
    expect(seen).toEqual([[5], [6]]);
  });
});

test.each([
  ["demand", {}],
  ["partition", { dispatcher: partitionDispatcher<number>({ partitions: 4, hash: (event) => event % 4 }) }],
])("the %s dispatcher serves those who stay when others have asked for as much as they can", async (name, options) => {
  await using source = producer<number>({ whenUnused: "wait", bufferSize: Infinity, ...options });
  const probes = range(3).map((partition) => new ConsumerProbe(source, { options: { partition } }));
  for (const probe of probes) await probe.ask(Number.MAX_SAFE_INTEGER);
  for (const count of range(60)) source.emit(range(1 + (count % 3)));
  await settle();
  for (const probe of probes) await probe.cancel();
  const last = new ConsumerProbe(source, { options: { partition: 3 } });
  await last.ask(2);
  source.emit([3, 7, 11]);
  await settle();
  expect(last.events, name).toEqual([3, 7]);
});
