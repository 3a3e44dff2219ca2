/** Dispatchers of the user's own that do what a dispatcher must not. */
import { describe, expect, test } from "vitest";
import { BadOptionError, demandDispatcher, producer, type Dispatcher, type DispatcherHost, type ProducerOptions, type PushProducer, type Recipient, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";

/** Sends all to its only consumer. */
function toOne(): Dispatcher<number> {
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
      const taken = Math.min(capacity, events.length);
      capacity -= taken;
      recipient?.send(events.slice(0, taken));
      return taken;
    },
  };
}

/** A stage whose dispatcher is another in these methods, and what it reports. */
function stageOf(others: Partial<Dispatcher<number>>, options: ProducerOptions<number> = {}): { readonly stage: PushProducer<number>; readonly reports: Report[] } {
  const reports: Report[] = [];
  const dispatcher = (_host: DispatcherHost): Dispatcher<number> => Object.defineProperties(toOne(), Object.getOwnPropertyDescriptors(others));
  const stage = producer<number>({ name: "numbers", dispatcher, whenUnused: "wait", handleReport: (report) => reports.push(report), ...options });
  // Who asks for the end receives its error.
  void stage.closed;
  return { stage, reports };
}

const broken = new Error("broken");
function breaks(): never {
  throw broken;
}

describe("a dispatcher", () => {
  test.each([-1, 3, Number.NaN, undefined])("that says that it took %s of two events ends its stage", async (taken) => {
    const { stage } = stageOf({ dispatch: () => taken as number });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    stage.emit([1, 2]);
    const { error } = (await stage.closed) as { error: Error & { code: string } };
    expect([error.code, error.message]).toEqual([
      "SLUICE_BAD_RETURN",
      `expected dispatch of the dispatcher of numbers to return how many of 2 events it took, got: ${taken}`,
    ]);
    await probe.expectError(error);
  });

  test("that takes none, or all, is believed", async () => {
    await using all = stageOf({}).stage;
    const probe = new ConsumerProbe(all);
    await probe.ask(2);
    all.emit([1, 2]);
    await probe.expectBatch([1, 2]);
    await using none = stageOf({ dispatch: () => 0 }).stage;
    const patient = new ConsumerProbe(none);
    await patient.ask(2);
    none.emit([1, 2]);
    await patient.expectNothing();
    expect(none.snapshot()).toMatchObject({ state: "running", output: { buffered: 2 } });
  });

  test("that throws at an ask ends its stage with that error, and tells the consumer", async () => {
    const { stage } = stageOf({ ask: breaks });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(await stage.closed).toEqual({ type: "error", error: broken });
    await probe.expectError(broken);
  });

  test("that throws when a consumer leaves ends its stage with that error", async () => {
    const { stage } = stageOf({ cancel: breaks });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await probe.cancel();
    expect(await stage.closed).toEqual({ type: "error", error: broken });
  });

  test("that throws when the stage makes a consumer leave ends the stage with that error", async () => {
    let end: (() => void) | undefined;
    const { stage } = stageOf({ cancel: breaks }, { handleSubscribe: (consumption) => void (end = () => consumption.cancel()) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    end?.();
    expect(await stage.closed).toEqual({ type: "error", error: broken });
  });

  test("that cannot throw its queues away is reported, and its stage ends all the same", async () => {
    const { stage, reports } = stageOf({ queued: 0, mark: (reached) => reached(), clear: breaks });
    await stage.stop();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: broken }]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test.each(["subscribe", "ask", "cancel", "dispatch"])("without %s is none", (method) => {
    const start = (): unknown => producer({ dispatcher: () => ({ ...toOne(), [method]: undefined }) });
    expect(start).toThrow(BadOptionError);
    expect(start).toThrow("expected dispatcher to be a factory of dispatchers, as demandDispatcher() returns one, got: an object");
  });

  test.each([null, undefined, 7, demandDispatcher()])("is not %s", (value) => {
    expect(() => producer({ dispatcher: () => value as never })).toThrow("expected dispatcher to be a factory of dispatchers");
  });
});

describe("a subscription", () => {
  test("is ended by its stage with a reason, and with none other", async () => {
    const ends: ((reason: unknown) => void)[] = [];
    await using stage = stageOf({}, { handleSubscribe: (consumption) => void ends.push((reason) => consumption.cancel(reason as never)) }).stage;
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(() => ends[0]?.(7)).toThrow("expected the reason of a cancel to be");
    ends[0]?.({ type: "error", error: broken });
    await probe.expectError(broken);
    expect(probe.ends).toMatchObject([{ kind: "cancel" }]);
  });

  test("that its consumer has left takes no ask: the consumer is told, and it is reported", async () => {
    const { stage, reports } = stageOf({});
    const probe = new ConsumerProbe(stage, { name: "leaver" });
    await probe.cancel();
    await probe.ask(1);
    expect(reports).toEqual([{ kind: "late-signal", stage: "numbers", partner: "leaver", signal: "ask" }]);
    expect(probe.ends.at(-1)).toMatchObject({ kind: "cancel", reason: { error: { code: "SLUICE_UNKNOWN_SUBSCRIPTION", message: "leaver is not subscribed to numbers" } } });
    await stage.stop();
  });
});
