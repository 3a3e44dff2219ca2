/** The code of `docs/10-writing-an-adapter.md` runs here. */
import { BadOptionError, checkOption, consumer, fromIterable, fromPush, isFunction, producer, type Consumer, type ConsumerOptions, type FromPushOptions, type Producer, type ProducerOptions, type Target } from "sluice";
import { StoppedError, unbounded } from "sluice";
import { ConsumerProbe, ProducerProbe, settle, wayInContract, type WayInSource } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { range } from "../core/support/range.ts";

/** Rows of an API with pages: at most `limit` of them from `offset` on; an empty page is the end. */
type FetchPage<Row> = (offset: number, limit: number, signal: AbortSignal) => Promise<readonly Row[]>;

/**
 * Demand: a page of at most as many rows as are demanded, 100 at the most. Overflow: none. Completion and errors: an empty page
 * is the end; a rejection fails the stage, with the same object. Cancel: aborts the request. Acks: none.
 *
 * @throws BadOptionError
 */
export function fromPages<Row>(fetchPage: FetchPage<Row>, options: Omit<ProducerOptions<Row>, "handleDemand"> = {}): Producer<Row> {
  checkOption("fetchPage", fetchPage, isFunction);
  let offset = 0;
  return producer<Row>({
    name: "pages",
    ...options,
    async handleDemand(demand, self) {
      for (let owed = demand; owed > 0; ) {
        const rows = await fetchPage(offset, Math.min(owed, 100), self.signal);
        if (rows.length === 0) return self.complete();
        offset += rows.length;
        owed -= rows.length;
        self.emit(rows);
      }
    },
  });
}

/** What some client library gives. */
export interface Feed<Row> {
  listen(on: { row(row: Row): void; end(): void; error(error: unknown): void }): { close(): void };
}

/**
 * Demand: a feed cannot be asked; it is listened to from the first demand on. Overflow: by the policy, which is required.
 * Completion and errors: `end` and `error`, each behind what was kept. Cancel: `close`, once. Acks: none.
 *
 * @throws BadOptionError
 */
export function fromFeed<Row>(feed: Feed<Row>, options: FromPushOptions<Row>): Producer<Row> {
  if (typeof feed?.listen !== "function") throw new BadOptionError("the feed", "an object with listen", feed);
  return fromPush<Row>(
    (intake) => {
      const listener = feed.listen({ row: (row) => intake.next(row), end: () => intake.complete(), error: (error) => intake.error(error) });
      return () => listener.close();
    },
    { name: "feed", ...options },
  );
}

/** What some database gives. */
export interface Table<Row> {
  insert(rows: readonly Row[]): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Demand: the window of its subscriptions, 200 rows by default, inserted in lists of 100. Overflow: holds at most `maxDemand`
 * rows. Completion and errors: a normal end commits; what fails fails the stage, and so its producers' pipeline. Cancel: any
 * other end rolls back. Acks: a row counts as handled when its insert has settled.
 */
export function intoTable<Row>(table: Table<Row>, options: ConsumerOptions & { readonly subscribeTo: readonly Target<Row>[] }): Consumer<Row> {
  return consumer<readonly Target<Row>[]>({
    name: "table",
    maxDemand: 200,
    ...options,
    handleEvents: (rows) => table.insert(rows),
    handleComplete: () => table.commit(),
    handleStop: (reason) => (reason.type === "normal" ? undefined : table.rollback()),
  });
}

test("a demand is a page, and an empty page the end", async () => {
  const asked: (readonly [number, number])[] = [];
  const rows = range(250);
  const stage = fromPages(async (offset, limit) => {
    asked.push([offset, limit]);
    return rows.slice(offset, offset + limit);
  });
  const probe = new ConsumerProbe(stage);
  await probe.ask(3);
  expect(probe.batches).toEqual([[0, 1, 2]]);
  await probe.ask(200);
  expect(probe.batches.flat()).toHaveLength(203);
  await probe.ask(100);
  expect(probe.batches.flat()).toEqual(rows);
  expect(asked).toEqual([[0, 3], [3, 100], [103, 100], [203, 100], [250, 53]]);
  expect(await stage.closed).toEqual({ type: "normal" });
});

test("rows of earlier pages are delivered before an error", async () => {
  const error = new Error("no connection");
  const stage = fromPages<number>(async (offset, limit) => {
    if (offset > 0) throw error;
    return range(Math.min(limit, 2));
  });
  const probe = new ConsumerProbe(stage);
  await probe.ask(5);
  expect(probe.batches).toEqual([[0, 1]]);
  await probe.expectEvents([0, 1]);
  await probe.expectError(error);
});

function tableOf(calls: unknown[], commit = async (): Promise<void> => undefined): Table<number> {
  return {
    insert: async (rows) => void calls.push(rows),
    commit() {
      calls.push("commit");
      return commit();
    },
    rollback: async () => void calls.push("rollback"),
  };
}

test("a normal end commits", async () => {
  const calls: unknown[] = [];
  const table = intoTable(tableOf(calls), { subscribeTo: [fromIterable([1, 2, 3])] });
  expect(await table.closed).toEqual({ type: "normal" });
  expect(calls).toEqual([[1, 2, 3], "commit"]);
});

test("an error, a stop and a commit that fails roll back", async () => {
  const error = new Error("no disk");
  const calls: unknown[] = [];
  const source = new ProducerProbe<number>();
  const table = intoTable(tableOf(calls), { subscribeTo: [source.producer] });
  const end = table.closed;
  await source.expectDemand(200);
  await source.fail(error);
  expect(await end).toEqual({ type: "error", error });

  const stopped = intoTable(tableOf(calls), { subscribeTo: [new ProducerProbe<number>().producer] });
  await settle();
  await stopped.stop(new StoppedError("test", undefined));

  const failing = intoTable(tableOf(calls, () => Promise.reject(error)), { subscribeTo: [fromIterable<number>([])] });
  expect(await failing.closed).toEqual({ type: "error", error });
  expect(calls).toEqual(["rollback", "rollback", "commit", "rollback"]);
});

/** A feed that does what the contract says. */
const scripted = (source: WayInSource<number>): Feed<number> => ({
  listen(on) {
    const listener = { isOpen: true };
    const play = (): void => {
      while (listener.isOpen) {
        const step = source.take(play);
        if (step.type === "wait") return;
        if (step.type === "event") on.row(step.event);
        else if (step.type === "end") on.end();
        else on.error(step.error);
      }
    };
    play();
    return {
      close() {
        listener.isOpen = false;
        void source.release();
      },
    };
  },
});

describe("fromFeed", () => {
  const cases = wayInContract<number>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: Infinity,
    open: (source, settings) => fromFeed(scripted(source), { ...settings, overflow: unbounded }),
  });
  for (const { name, run } of cases) test(name, run);
});
