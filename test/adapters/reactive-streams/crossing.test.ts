import { afterEach, describe, expect, test, vi } from "vitest";
import { SluiceError, StoppedError, consumer, setReporter, type Consumer, type Report } from "sluice";
import { asSubscriber } from "sluice/reactive-streams";
import { settle } from "sluice/testing";
import { Uncaught } from "../../core/support/uncaught.ts";

afterEach(() => void setReporter(undefined));

/** The consumer is stopped, and hears of an error in the same turn. */
async function cross(error: unknown): Promise<readonly Report[]> {
  const reports: Report[] = [];
  setReporter((report) => reports.push(report));
  const stage: Consumer<number> = consumer<number>({ name: "sink", handleEvents: () => undefined });
  const subscriber = asSubscriber(stage);
  subscriber.onSubscribe({ request: () => undefined, cancel: () => undefined });
  await settle();
  const stopped = stage.stop();
  subscriber.onError(error);
  await stopped;
  await settle();
  return reports;
}

describe("an error that a Subscriber hears as its consumer is stopped", () => {
  test.each([
    ["", new Error("broken")],
    [", even one of this library", new SluiceError("SLUICE_TIMEOUT", "too late")],
    [", even one that looks like a stop", Object.assign(new Error("broken"), { code: "SLUICE_STOPPED" })],
  ])("is thrown, as nobody has received it%s", async (_, error) => {
    using uncaught = new Uncaught();
    await cross(error);
    await vi.waitFor(() => expect(uncaught.errors).toEqual([error]));
  });

  test("is reported when it is a stop upstream: that is no news", async () => {
    using uncaught = new Uncaught();
    const error = new StoppedError("source");
    const reports = await cross(error);
    expect(uncaught.errors).toEqual([]);
    expect(reports.filter(({ kind }) => kind === "late-failure")).toEqual([{ kind: "late-failure", stage: "the publisher of sink", error }]);
  });
});
