import { describe, test } from "vitest";
import { consumer, errorOf, type Consumer, type EventReader } from "sluice";
import { wayOutContract, type WayOutContractOptions } from "sluice/testing";

function keeps<Event, Native>(title: string, options: WayOutContractOptions<Event, Native>): void {
  describe(`${title} keeps the contract: it`, () => {
    for (const { name, run } of wayOutContract(options)) test(name, run);
  });
}

/** How a loop ends its reading. */
const ENDS = {
  leave: (reader: EventReader<unknown>) => reader.return(),
  fail: (reader: EventReader<unknown>, error: unknown) => reader.throw(error),
};

keeps<unknown, EventReader<unknown>>("a loop", {
  by: "reading",
  event: (n) => n,
  prefetch: 0,
  isAbortable: false,
  odd: () => true,
  open: (producer) => producer[Symbol.asyncIterator](),
  read: (reader) => reader.next(),
  ...ENDS,
});

describe.each([
  [1, 0],
  [2, 1],
  [10, 5],
] as const)("with a window of %i/%i", (maxDemand, minDemand) => {
  keeps<unknown, EventReader<unknown>>("a loop that reads ahead", {
    by: "reading",
    event: (n) => n,
    prefetch: maxDemand,
    odd: () => true,
    open: (producer, { signal }) => producer.events({ maxDemand, minDemand, signal }),
    read: (reader) => reader.next(),
    ...ENDS,
  });
});

/** A loop over lists, read one by one. */
interface Lists {
  readonly reader: EventReader<readonly unknown[]>;
  readonly rest: unknown[];
}

async function readOne({ reader, rest }: Lists): Promise<IteratorResult<unknown, undefined>> {
  if (rest.length === 0) {
    const result = await reader.next();
    if (result.done === true) return result;
    rest.push(...result.value);
  }
  return { value: rest.shift(), done: false };
}

keeps<unknown, Lists>("a loop over lists", {
  by: "reading",
  event: (n) => n,
  prefetch: 10,
  odd: () => true,
  open: (producer, { signal }) => ({ reader: producer.batches({ maxDemand: 10, signal }), rest: [] }),
  read: readOne,
  leave: ({ reader }) => reader.return(),
  fail: ({ reader }, error) => reader.throw(error),
});

keeps<unknown, Consumer<unknown>>("a consumer that waits for each event", {
  by: "writing",
  event: (n) => n,
  prefetch: 8,
  odd: () => true,
  open: (producer, sink, { signal, closeWithinMs }) =>
    consumer({
      subscribeTo: [{ to: producer, maxDemand: 8 }],
      signal,
      stopWithinMs: closeWithinMs,
      handleEvent: (event: unknown) => new Promise<void>((done) => sink.event(event, done)),
      handleComplete: () => new Promise<void>((done) => sink.end(done)),
      handleStop: (reason) => {
        if (reason.type !== "normal") sink.error(errorOf(reason, "the consumer")?.error);
      },
    }),
  leave: (stage) => stage.stop(),
  cancel: (stage, reason) => stage.stop(reason),
  stage: (stage) => stage,
});
