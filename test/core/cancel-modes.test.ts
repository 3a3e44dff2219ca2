import { SluiceError, consumer, producerConsumer, type CancelInfo, type CancelMode, type Consumer, type ExitReason, type Subscription } from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { watch, type Outcome } from "./life/outcome.ts";
import { downNormally, downWith, same } from "./life/same.ts";
import { deferred } from "./support/deferred.ts";

const error = new Error("source gone");
const REASONS = {
  normal: { type: "normal" },
  shutdown: { type: "shutdown", reason: "enough" },
  error: { type: "error", error },
} as const satisfies Record<string, ExitReason>;
type Type = keyof typeof REASONS;

/** What the stage does: it goes on, or ends with the reason that its producer gave. */
type Fate = "goes on" | Type;

const fateOf = ({ value }: Outcome<ExitReason>): Fate => value?.type ?? "goes on";

/** A stage under test, and what was seen of it. */
interface Actors {
  readonly stage: Consumer<number>;
  readonly producers: readonly ProducerProbe<number>[];
  readonly subscriptions: readonly Subscription[];
  readonly end: Outcome<ExitReason>;
  readonly cancels: readonly (readonly [from: string, CancelInfo])[];
  readonly handled: readonly number[];
  readonly log: readonly string[];
}

type Role = "consumer" | "producerConsumer";

/** A stage with one subscription for each mode, to producers that are called a, b, c. */
async function subscribed(modes: readonly (CancelMode | undefined)[], role: Role = "consumer"): Promise<Actors> {
  const cancels: (readonly [string, CancelInfo])[] = [];
  const handled: number[] = [];
  const log: string[] = [];
  const options = {
    handleCancel: (info: CancelInfo, from: { readonly name: string }) => void cancels.push([from.name, info]),
    handleEvents: (events: readonly number[]) => void handled.push(...events),
    handleComplete: () => void log.push("complete"),
  };
  const stage: Consumer<number> = role === "consumer" ? consumer<number>(options) : producerConsumer<number, number>(options);
  const producers = modes.map((_, place) => new ProducerProbe<number>({ name: "abc".charAt(place) }));
  const subscriptions = producers.map((each, place) => stage.subscribe(each.producer, { cancel: modes[place] }));
  await settle();
  return { stage, producers, subscriptions, end: watch(stage.closed), cancels, handled, log };
}

const ended = (producers: readonly ProducerProbe<number>[], place: number, reason: ExitReason, kind: "cancel" | "down" = "down"): Promise<void> =>
  (producers[place] as ProducerProbe<number>).wire.end(kind, reason);

/** For each mode: what the stage does at each end of its only producer, and of the first of two. */
const TABLE: Readonly<Record<CancelMode, { readonly only: Readonly<Record<Type, Fate>>; readonly first: Readonly<Record<Type, Fate>> }>> = {
  last: {
    only: { normal: "normal", shutdown: "shutdown", error: "error" },
    first: { normal: "goes on", shutdown: "goes on", error: "error" },
  },
  permanent: {
    only: { normal: "normal", shutdown: "shutdown", error: "error" },
    first: { normal: "normal", shutdown: "shutdown", error: "error" },
  },
  transient: {
    only: { normal: "goes on", shutdown: "goes on", error: "error" },
    first: { normal: "goes on", shutdown: "goes on", error: "error" },
  },
  temporary: {
    only: { normal: "goes on", shutdown: "goes on", error: "goes on" },
    first: { normal: "goes on", shutdown: "goes on", error: "goes on" },
  },
};

const ROWS = (Object.keys(TABLE) as CancelMode[]).flatMap((mode) =>
  (Object.keys(REASONS) as Type[]).flatMap((type) => (["cancel", "down"] as const).map((kind) => ({ mode, type, kind, only: TABLE[mode].only[type], first: TABLE[mode].first[type] }))),
);

describe.each(["consumer", "producerConsumer"] as const)("a %s", (role) => {
  test.each(ROWS)("with one $mode subscription that ends by $kind with $type: $only", async ({ mode, type, kind, only }) => {
    const { stage, producers, end, cancels, log } = await subscribed([mode], role);
    await ended(producers, 0, REASONS[type], kind);
    expect(cancels).toEqual([["a", { kind, reason: REASONS[type] }]]);
    expect(fateOf(end)).toBe(only);
    if (only !== "goes on") expect(end.value).toEqual(REASONS[type]);
    if (only === "error") expect((end.value as { readonly error: unknown }).error).toBe(error);
    expect(log).toEqual(only === "normal" ? ["complete"] : []);
    // A partner that has ended, or has cancelled, hears nothing more.
    expect(producers[0]?.cancels).toEqual([]);
    await stage.stop();
  });

  test.each(ROWS)("with two $mode subscriptions, the first of which ends by $kind with $type: $first", async ({ mode, type, kind, first }) => {
    const { stage, producers, end, cancels, log } = await subscribed([mode, mode], role);
    await ended(producers, 0, REASONS[type], kind);
    expect(cancels).toEqual([["a", { kind, reason: REASONS[type] }]]);
    expect(fateOf(end)).toBe(first);
    expect(log).toEqual(first === "normal" ? ["complete"] : []);
    expect(producers[0]?.cancels).toEqual([]);
    expect(producers[1]?.cancels).toEqual(first === "goes on" ? [] : [{ type: "cancel", kind: "down", reason: REASONS[first] }]);
    await stage.stop();
  });
});

test("last is the default", async () => {
  const { stage, producers, end } = await subscribed([undefined, undefined]);
  await ended(producers, 0, REASONS.normal);
  expect(fateOf(end)).toBe("goes on");
  await ended(producers, 1, REASONS.normal);
  expect(fateOf(end)).toBe("normal");
  await stage.stop();
});

describe("with several last subscriptions the stage ends with the last of them:", () => {
  const rows: readonly (readonly [ends: readonly Type[], fate: Fate])[] = [
    [["normal", "normal"], "normal"],
    [["normal", "shutdown"], "shutdown"],
    [["shutdown", "normal"], "shutdown"],
    [["shutdown", "shutdown"], "shutdown"],
    [["normal", "error"], "error"],
    [["shutdown", "error"], "error"],
    [["normal", "normal", "normal"], "normal"],
    [["normal", "shutdown", "normal"], "shutdown"],
  ];

  test.each(rows)("%j: %s", async (ends, fate) => {
    const { stage, producers, end, log } = await subscribed(ends.map(() => "last"));
    for (const [place, type] of ends.entries()) {
      expect(fateOf(end)).toBe("goes on");
      await ended(producers, place, REASONS[type]);
    }
    expect(fateOf(end)).toBe(fate);
    expect(end.value).toEqual(REASONS[fate as Type]);
    expect(log).toEqual(fate === "normal" ? ["complete"] : []);
    await stage.stop();
  });
});

describe("with subscriptions of different modes", () => {
  /** Ends the producers with the given reasons, in order, and says what the stage does at the end of it. */
  async function fate(modes: readonly CancelMode[], ...ends: readonly (readonly [place: number, type: Type])[]): Promise<Fate> {
    const { stage, producers, end } = await subscribed(modes);
    for (const [place, type] of ends) await ended(producers, place, REASONS[type]);
    const result = fateOf(end);
    await stage.stop();
    return result;
  }

  test("the stage ends when no last one remains, though a temporary one does", async () => {
    expect(await fate(["last", "temporary"], [0, "normal"])).toBe("normal");
    expect(await fate(["last", "temporary"], [0, "shutdown"])).toBe("shutdown");
    expect(await fate(["temporary", "last"], [0, "error"])).toBe("goes on");
    expect(await fate(["temporary", "last"], [0, "shutdown"], [1, "normal"])).toBe("normal");
  });

  test("the stage ends when no last one remains, though a transient one does", async () => {
    expect(await fate(["last", "transient"], [0, "normal"])).toBe("normal");
    expect(await fate(["transient", "last"], [0, "normal"])).toBe("goes on");
    expect(await fate(["transient", "last"], [0, "error"])).toBe("error");
  });

  test("a permanent one ends the stage, though a last one remains", async () => {
    expect(await fate(["permanent", "last"], [0, "normal"])).toBe("normal");
    expect(await fate(["last", "permanent"], [0, "normal"])).toBe("normal");
    expect(await fate(["last", "last", "permanent"], [0, "shutdown"], [2, "normal"])).toBe("normal");
  });
});

describe("the partners of a stage that ends", () => {
  test("its other producers are told at once, though queued events are still to be handled", async () => {
    const call = deferred();
    const handled: number[][] = [];
    const first = new ProducerProbe<number>();
    const second = new ProducerProbe<number>();
    const stage = consumer({
      subscribeTo: [
        { to: first.producer, cancel: "permanent" },
        { to: second.producer, cancel: "permanent", maxDemand: 2, minDemand: 1 },
      ],
      handleEvents(events) {
        handled.push([...events]);
        return call.promise;
      },
    });
    await settle();
    await second.emit(1, 2);
    await first.complete();
    call.resolve();
    await settle();
    expect(handled.flat()).toEqual([1, 2]);
    expect(second.cancels).toEqual([downNormally]);
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("events that came before the end of their producer are handled before it counts", async () => {
    const { stage, producers, end, handled } = await subscribed(["last"]);
    const [up] = producers;
    void up?.emit(1, 2);
    void up?.emit(3);
    await up?.fail(error);
    expect(handled).toEqual([1, 2, 3]);
    expect(end.value).toEqual({ type: "error", error: same(error) });
    expect(stage.snapshot().input).toMatchObject({ received: 3, handled: 3, lost: 0 });
  });

  test("an error is passed on by identity, to the other producers as well", async () => {
    const { producers, end } = await subscribed(["last", "temporary"]);
    await ended(producers, 0, REASONS.error);
    expect(producers[1]?.cancels).toEqual([downWith(error)]);
    expect(end.value).toEqual({ type: "error", error: same(error) });
  });
});

describe("a stage without subscriptions waits", () => {
  test("when it has never had one", async () => {
    const { stage, end } = await subscribed([]);
    expect(fateOf(end)).toBe("goes on");
    expect(stage.snapshot()).toMatchObject({ state: "running", waitingFor: "events" });
    await stage.stop();
  });

  test("when all were temporary, and can subscribe again", async () => {
    const { stage, producers, end, handled } = await subscribed(["temporary"]);
    await ended(producers, 0, REASONS.error);
    expect(stage.snapshot().input?.subscriptions).toEqual([]);
    const next = new ProducerProbe<number>();
    stage.subscribe(next.producer);
    await settle();
    await next.emit(7);
    expect(handled).toEqual([7]);
    await next.complete();
    expect(fateOf(end)).toBe("normal");
  });
});

describe("a stage's own cancel", () => {
  test.each(Object.keys(REASONS) as Type[])("never stops it under last, with the reason %s; the producer confirms", async (type) => {
    const { stage, producers, subscriptions, end, cancels } = await subscribed(["last"]);
    const cancelled = watch((subscriptions[0] as Subscription).cancel(REASONS[type]).then(() => "cancelled"));
    await settle();
    expect(producers[0]?.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: REASONS[type] }]);
    expect(cancelled).toEqual({});
    await ended(producers, 0, REASONS[type], "cancel");
    expect(cancelled.value).toBe("cancelled");
    expect(await subscriptions[0]?.closed).toEqual(REASONS[type]);
    expect(cancels).toEqual([["a", { kind: "cancel", reason: REASONS[type] }]]);
    expect(fateOf(end)).toBe("goes on");
    await stage.stop();
  });

  test("is a shutdown where no reason is given", async () => {
    const { stage, producers, subscriptions } = await subscribed(["last"]);
    void subscriptions[0]?.cancel();
    await settle();
    expect(producers[0]?.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown" } }]);
    await stage.stop();
  });

  test("does not count as an end under last: the end of the others decides, and how", async () => {
    const { producers, subscriptions, end } = await subscribed(["last", "last"]);
    void subscriptions[0]?.cancel({ type: "shutdown" });
    await ended(producers, 0, { type: "shutdown" }, "cancel");
    expect(fateOf(end)).toBe("goes on");
    await ended(producers, 1, REASONS.normal);
    expect(fateOf(end)).toBe("normal");
  });

  test("of the last that remains under last leaves the stage waiting, though another has ended", async () => {
    const { stage, producers, subscriptions, end } = await subscribed(["last", "last"]);
    await ended(producers, 0, REASONS.normal);
    void subscriptions[1]?.cancel();
    await ended(producers, 1, { type: "shutdown" }, "cancel");
    expect(fateOf(end)).toBe("goes on");
    expect(stage.snapshot()).toMatchObject({ state: "running", input: { subscriptions: [] } });
    await stage.stop();
  });

  test("twice is one cancel", async () => {
    const { stage, producers, subscriptions } = await subscribed(["last"]);
    void subscriptions[0]?.cancel();
    void subscriptions[0]?.cancel();
    await settle();
    expect(producers[0]?.cancels).toHaveLength(1);
    await ended(producers, 0, { type: "shutdown" }, "cancel");
    await subscriptions[0]?.cancel();
    expect(producers[0]?.cancels).toHaveLength(1);
    await stage.stop();
  });

  const GENSTAGE: readonly (readonly [mode: CancelMode, type: Type, fate: Fate])[] = [
    ["permanent", "normal", "normal"],
    ["permanent", "shutdown", "shutdown"],
    ["permanent", "error", "error"],
    ["transient", "normal", "goes on"],
    ["transient", "shutdown", "goes on"],
    ["transient", "error", "error"],
    ["temporary", "normal", "goes on"],
    ["temporary", "shutdown", "goes on"],
    ["temporary", "error", "goes on"],
  ];

  test.each(GENSTAGE)("under %s with %s counts as the producer's, as in GenStage: the stage %s", async (mode, type, fate) => {
    const { stage, producers, subscriptions, end } = await subscribed([mode]);
    void subscriptions[0]?.cancel(REASONS[type]);
    await settle();
    expect(fateOf(end)).toBe("goes on");
    await ended(producers, 0, REASONS[type], "cancel");
    expect(fateOf(end)).toBe(fate);
    await stage.stop();
  });

  test("lets the events through that were sent before it was confirmed, and asks for none", async () => {
    const { stage, producers, subscriptions, handled } = await subscribed(["last"]);
    const [up] = producers;
    void subscriptions[0]?.cancel();
    await up?.emit(...Array.from({ length: 600 }, (_, event) => event));
    expect(handled).toHaveLength(600);
    expect(up?.asks).toEqual([1000]);
    await ended(producers, 0, { type: "shutdown" }, "cancel");
    expect(stage.snapshot().input).toMatchObject({ received: 600, handled: 600, lost: 0 });
    await stage.stop();
  });
});

describe("a subscription that is replaced by a new one", () => {
  test("of the same producer ends in the same message, and does not count as an end", async () => {
    const { stage, producers, subscriptions, end, cancels } = await subscribed(["last"]);
    const [up] = producers as [ProducerProbe<number>];
    const [old] = subscriptions as [Subscription];
    const next = stage.subscribe(up.producer, { maxDemand: 5, replaces: { subscription: old } });
    await settle();
    expect(up.wires).toHaveLength(2);
    expect(up.wires[1]?.replaces).toMatchObject({ port: up.wires[0], reason: { type: "shutdown" } });
    expect(up.wires[0]?.cancels).toEqual([]);
    await up.wires[0]?.end("cancel", { type: "shutdown" });
    expect(cancels).toEqual([["a", { kind: "cancel", reason: { type: "shutdown" } }]]);
    expect(await old.closed).toEqual({ type: "shutdown" });
    expect(up.asks).toEqual([5]);
    expect(fateOf(end)).toBe("goes on");
    await up.wires[1]?.end("down", REASONS.normal);
    expect(await next.closed).toEqual(REASONS.normal);
    expect(fateOf(end)).toBe("normal");
  });

  test("of another producer is cancelled, and does not count as an end", async () => {
    const { stage, producers, subscriptions, end } = await subscribed(["last"]);
    const [up] = producers as [ProducerProbe<number>];
    const other = new ProducerProbe<number>({ name: "other" });
    stage.subscribe(other.producer, { replaces: { subscription: subscriptions[0] as Subscription } });
    await settle();
    expect(up.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown" } }]);
    expect(other.wire.replaces).toBeUndefined();
    await up.wire.end("cancel", { type: "shutdown" });
    expect(fateOf(end)).toBe("goes on");
    await other.complete();
    expect(fateOf(end)).toBe("normal");
  });

  test("does not make the end of the next a shutdown", async () => {
    const { stage, producers, subscriptions, end } = await subscribed(["last", "last"]);
    const [up] = producers as [ProducerProbe<number>];
    stage.subscribe(up.producer, { replaces: { subscription: subscriptions[0] as Subscription } });
    await settle();
    await up.wires[0]?.end("cancel", { type: "shutdown" });
    await up.wires[1]?.end("down", REASONS.normal);
    expect(fateOf(end)).toBe("goes on");
    await ended(producers, 1, REASONS.normal);
    expect(fateOf(end)).toBe("normal");
  });
});

test.each(["last", "permanent", "transient"] as const)("a producer that fails with the refusal of somebody else ends the stage, under %s", async (mode) => {
  const { producers, end } = await subscribed([mode]);
  const refusal = new SluiceError("SLUICE_ALREADY_SUBSCRIBED", "again");
  await ended(producers, 0, { type: "error", error: refusal });
  expect(end.value).toEqual({ type: "error", error: refusal });
});

test.each(Object.keys(TABLE) as CancelMode[])("a producer that refuses a second subscription never stops the stage, under %s", async (mode) => {
  const { stage, producers, end } = await subscribed([mode, mode]);
  const refusal = new SluiceError("SLUICE_ALREADY_SUBSCRIBED", "again");
  await ended(producers, 1, { type: "error", error: refusal }, "cancel");
  expect(fateOf(end)).toBe("goes on");
  await stage.stop();
});
