/** The code of `docs/11-writing-a-dispatcher.md` runs here. */
import { BadOptionError, consumer, producer, type Consumer, type Dispatcher, type DispatcherFactory, type Recipient } from "sluice";
import { dispatcherContract, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("11-writing-a-dispatcher");
const quiet = settle;

interface Seat<Event> {
  readonly recipient: Recipient<Event>;
  readonly priority: number;
  open: number;
}

declare module "sluice" {
  interface SubscribeOptions {
    /** For a priority dispatcher. Default 0. */
    readonly priority?: number;
  }
}

/** Sends events to the consumers of the greatest `priority` (an option of the subscription, default 0) that have demand. */
export function priorityDispatcher<Event>(): DispatcherFactory<Event> {
  return () => {
    // By descending priority; among equals by their coming.
    let seats: readonly Seat<Event>[] = [];
    const dispatcher: Dispatcher<Event> = {
      options: ["priority"],
      givesAllToOne: true,
      redelivers: true,
      get capacity() {
        return seats.reduce((sum, { open }) => sum + open, 0);
      },
      subscribe(recipient) {
        const { priority = 0 } = recipient.options;
        if (typeof priority !== "number" || Number.isNaN(priority)) throw new BadOptionError("priority", "a number", priority);
        const seat: Seat<Event> = { recipient, priority, open: 0 };
        recipient.seat = seat;
        seats = [...seats, seat].toSorted((a, b) => b.priority - a.priority);
      },
      ask(recipient, demand) {
        const seat = recipient.seat as Seat<Event> | undefined;
        if (seat !== undefined) seat.open += demand;
      },
      cancel(recipient) {
        seats = seats.filter((seat) => seat.recipient !== recipient);
        recipient.seat = undefined;
      },
      dispatch(events) {
        let taken = 0;
        for (const seat of seats) {
          if (taken === events.length) break;
          const count = Math.min(seat.open, events.length - taken);
          if (count === 0) continue;
          seat.recipient.send(events.slice(taken, taken + count));
          seat.open -= count;
          taken += count;
        }
        return taken;
      },
    };
    return dispatcher;
  };
}

test("the worker of the higher priority is served first", async () => {
  const printed = printing();
  const jobs = producer<string>({ name: "jobs", dispatcher: priorityDispatcher() });
  const done: Record<string, readonly string[]> = {};
  const worker = (name: string, priority: number): Consumer<string> =>
    consumer({ name, subscribeTo: [{ to: jobs, maxDemand: 2, priority }], handleEvent: (job) => void (done[name] = [...(done[name] ?? []), job]) });
  const workers = [worker("spare", 0), worker("main", 1)];
  await quiet();
  jobs.emit(["a", "b", "c"]);
  jobs.complete();
  await Promise.all(workers.map(({ closed }) => closed));
  console.log(`main: ${done["main"]?.join(" ")}, spare: ${done["spare"]?.join(" ")}`);
  expect(printed()).toBe(outputs[0]);
});

describe("priorityDispatcher", () => {
  const cases = dispatcherContract<number>({
    dispatcher: () => priorityDispatcher(),
    event: (n) => n,
    consumerOptions: (place) => ({ priority: place }),
    refuses: [{ priority: "high" }],
    eachEventGoesTo: "one",
  });
  for (const { name, run } of cases) test(name, run);
});
