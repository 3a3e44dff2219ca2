import { afterEach, describe, expect, test, vi } from "vitest";
import { consumer, demandDispatcher, fromIterable, producer, producerConsumer, setReporter, type Report } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { Uncaught } from "./support/uncaught.ts";

afterEach(() => void setReporter(undefined));

describe("a report", () => {
  test("goes to the stage's own handleReport, not to the reporter for all", async () => {
    const [own, all]: [Report[], Report[]] = [[], []];
    setReporter((report) => all.push(report));
    await using stage = producer<number>({ name: "stage", bufferSize: 1, bufferKeep: "first", handleReport: (report) => own.push(report) });
    stage.emit([1, 2, 3]);
    await settle();
    expect([own, all]).toEqual([[{ kind: "discarded", stage: "stage", count: 2 }], []]);
  });

  test("goes to the reporter for all, of stages that have none of their own", async () => {
    const all: Report[] = [];
    setReporter((report) => all.push(report));
    await using stage = producer<number>({ name: "stage", bufferSize: 1, bufferKeep: "last" });
    stage.emit([1, 2]);
    await settle();
    expect(all).toEqual([{ kind: "discarded", stage: "stage", count: 1 }]);
  });

  test("goes nowhere when nobody listens, and nothing is printed", async () => {
    const printed = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
    await using stage = producer<number>({ bufferSize: 1, bufferKeep: "last" });
    stage.emit([1, 2]);
    await settle();
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  test("that its reporter cannot bear is an uncaught exception, and changes nothing for the stage", async () => {
    using uncaught = new Uncaught();
    const failure = new Error("the reporter failed");
    await using stage = producer<number>({
      bufferSize: 1,
      bufferKeep: "first",
      handleReport() {
        throw failure;
      },
    });
    stage.emit([1, 2]);
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    stage.emit([3]);
    await settle();
    expect(probe.events).toEqual([1, 3]);
    expect(uncaught.errors).toEqual([failure]);
  });

  test("has one reporter for all at a time: setReporter gives back the one before", () => {
    const [first, second] = [(): void => undefined, (): void => undefined];
    expect(setReporter(first)).toBeUndefined();
    expect(setReporter(second)).toBe(first);
    expect(setReporter(undefined)).toBe(second);
  });
});

/** The reports of all stages of one test. */
function listen(): Report[] {
  const reports: Report[] = [];
  setReporter((report) => reports.push(report));
  return reports;
}

describe("is reported", () => {
  test("what a full buffer discards", async () => {
    const reports = listen();
    await using source = producer<number>({ name: "source", bufferSize: 2, bufferKeep: "last" });
    source.emit([1, 2, 3]);
    await settle();
    expect(reports).toEqual([{ kind: "discarded", stage: "source", count: 1 }]);
  });

  test("an ask over the dispatcher's maxDemand, with the names of both", async () => {
    const reports = listen();
    await using source = producer<number>({ name: "source", dispatcher: demandDispatcher({ maxDemand: 5 }) });
    await using sink = consumer({ name: "sink", subscribeTo: [{ to: source, maxDemand: 6 }], handleEvents: () => undefined });
    await settle();
    expect(reports).toEqual([{ kind: "ask-over-max", stage: "source", partner: "sink", count: 6, max: 5 }]);
    expect(sink.snapshot().state).toBe("running");
  });

  test("more events than were asked for, with the names of both", async () => {
    const reports = listen();
    const foreign = new ProducerProbe<number>({ name: "foreign" });
    await using sink = consumer({ name: "sink", subscribeTo: [{ to: foreign.producer, maxDemand: 2, minDemand: 0 }], handleEvents: () => undefined });
    await settle();
    await foreign.emit(1, 2, 3, 4);
    expect(reports.every((report) => report.kind === "excess-events" && report.stage === "sink" && report.partner === "foreign")).toBe(true);
    expect(reports.reduce((sum, report) => sum + ("count" in report ? report.count : 0), 0)).toBe(2);
    expect(sink.snapshot()).toMatchObject({ state: "running", input: { handled: 4 } });
  });

  test("an event after the end of its producer", async () => {
    const reports = listen();
    const foreign = new ProducerProbe<number>({ name: "foreign" });
    await using sink = consumer({ name: "sink", subscribeTo: [{ to: foreign.producer, cancel: "temporary" }], handleEvents: () => undefined });
    await settle();
    await foreign.complete();
    await foreign.emit(1);
    expect(reports).toMatchObject([{ kind: "late-signal", stage: "sink", partner: "foreign" }]);
    expect(sink.snapshot().state).toBe("running");
  });

  test("a second end of a producer", async () => {
    const reports = listen();
    const foreign = new ProducerProbe<number>({ name: "foreign" });
    await using sink = consumer({ name: "sink", subscribeTo: [{ to: foreign.producer, cancel: "temporary" }], handleEvents: () => undefined });
    await settle();
    await foreign.complete();
    await foreign.fail(new Error("an end after the end"));
    expect(reports).toMatchObject([{ kind: "late-signal", stage: "sink", partner: "foreign" }]);
    expect(sink.snapshot().state).toBe("running");
  });

  test("an ask on a subscription that its consumer has cancelled", async () => {
    const reports = listen();
    await using source = producer<number>({ name: "source", whenUnused: "wait" });
    const foreign = new ConsumerProbe(source, { name: "foreign" });
    await foreign.cancel();
    await foreign.ask(1);
    expect(reports).toMatchObject([{ kind: "late-signal", stage: "source", partner: "foreign" }]);
    expect(source.snapshot().state).toBe("running");
  });

  test("a consumer that ends because of its producer", async () => {
    const reports = listen();
    const foreign = new ProducerProbe<number>({ name: "foreign" });
    const failure = new Error("broken");
    const sink = consumer({ name: "sink", subscribeTo: [foreign.producer], handleEvents: () => undefined });
    const { closed } = sink;
    await settle();
    await foreign.fail(failure);
    expect(await closed).toEqual({ type: "error", error: failure });
    expect(reports).toEqual([{ kind: "consumer-stopping", stage: "sink", partner: "foreign", reason: { type: "error", error: failure } }]);
  });

  test("a subscription that a dispatcher refuses, to its consumer as an error", async () => {
    const reports = listen();
    const refused = new Error("no room");
    await using source = producer<number>({
      name: "source",
      whenUnused: "wait",
      dispatcher: () => ({
        capacity: 0,
        subscribe() {
          throw refused;
        },
        ask: () => undefined,
        cancel: () => undefined,
        dispatch: () => 0,
      }),
      handleSubscribe: () => expect.unreachable(),
    });
    const probe = new ConsumerProbe(source, { name: "probe" });
    await settle();
    expect(reports).toEqual([{ kind: "refused", stage: "source", partner: "probe", error: refused }]);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "error", error: refused } }]);
    expect(source.snapshot()).toMatchObject({ state: "running", output: { consumers: [] } });
  });

  test("events that a consumer returns", async () => {
    const reports = listen();
    await using source = fromIterable([1, 2]);
    await using sink = consumer({ name: "sink", subscribeTo: [source], handleEvents: (events) => events });
    await sink.closed;
    expect(reports.filter((report) => report.kind !== "consumer-stopping")).toEqual([{ kind: "consumer-cannot-emit", stage: "sink", count: 2 }]);
  });

  test("the failure of a callback whose stage has been stopped meanwhile", async () => {
    const reports = listen();
    const [gate, late] = [deferred<readonly number[]>(), new Error("too late")];
    const source = producer<number>({ name: "source", handleDemand: () => gate.promise });
    await new ConsumerProbe(source).ask(1);
    const stopped = source.stop();
    gate.reject(late);
    await stopped;
    expect(reports).toEqual([{ kind: "late-failure", stage: "source", error: late }]);
  });

  test("the failure of handleStop after a shutdown", async () => {
    const reports = listen();
    const failure = new Error("cannot close");
    const stage = producer<number>({
      name: "stage",
      handleStop() {
        throw failure;
      },
    });
    await stage.stop();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: failure }]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("nothing of a callback that was aborted and rejects with the reason", async () => {
    const reports = listen();
    const stage = producer<number>({
      handleDemand: (_demand, self) => new Promise((_, reject) => self.signal.addEventListener("abort", () => reject(self.signal.reason as Error))),
    });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop();
    expect(reports).toEqual([]);
  });

  test("nothing of the error with which a stage ends, told once more", async () => {
    const reports = listen();
    const boom = new Error("boom");
    const stage = producer<number>();
    const { closed } = stage;
    stage.fail(boom);
    stage.fail(boom);
    await closed;
    stage.fail(boom);
    await settle();
    expect(reports).toEqual([]);
  });

  test("nothing of what is in order: two stages that run, end and are cancelled", async () => {
    const reports = listen();
    const source = fromIterable(Array.from({ length: 5000 }, (_, index) => index));
    const middle = producerConsumer({ subscribeTo: [source], handleEvents: (events) => events });
    let count = 0;
    for await (const _ of middle.events()) if ((count += 1) === 3000) break;
    await source.closed;
    expect(reports.filter((report) => report.kind !== "consumer-stopping")).toEqual([]);
  });
});
