import { ADOPT, consumer, pipeline, producer, producerConsumer, type Stage, type Subscription } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { watch } from "./outcome.ts";

const isRunning = (stage: Stage): boolean => stage.snapshot().state === "running";

describe("a pipeline owns the stages that were given to it, or returned by its functions:", () => {
  test("they do not stop when they are unused", async () => {
    let fromNumbers: Subscription | undefined;
    let fromMiddle: Subscription | undefined;
    const controller = new AbortController();
    const numbers = producer<number>({ handleDemand: () => [] });
    const middle = producerConsumer<number, number>({ handleSubscribe: (from) => void (from.side === "producer" && (fromNumbers = from)), handleEvents: (events) => events, whenUnused: "stop" });
    const running = pipeline(numbers, () => (middle.subscribe(numbers), middle), consumer<number>({ handleSubscribe: (from) => void (fromMiddle = from), handleEvents: () => undefined }), { signal: controller.signal });
    await settle();
    await fromMiddle?.cancel();
    await fromNumbers?.cancel();
    await settle();
    expect(isRunning(numbers)).toBe(true);
    expect(isRunning(middle)).toBe(true);
    controller.abort("done");
    await expect(running).rejects.toBe("done");
  });

  test("a stop by hand is a shutdown like any other", async () => {
    const numbers = producer<number>({ name: "numbers" });
    const running = watch(pipeline(numbers, consumer<number>({ handleEvents: () => undefined })));
    await settle();
    await numbers.stop("by hand");
    await settle();
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: "by hand" });
    expect(running.error).toMatchObject({ code: "SLUICE_STOPPED", cause: "by hand" });
  });

  test("its end stops them all, consumers first", async () => {
    const log: string[] = [];
    const stops = (name: string) => ({ name, handleStop: () => void log.push(name) });
    const controller = new AbortController();
    const running = pipeline(
      producer<number>(stops("producer")),
      producerConsumer<number, number>({ ...stops("first"), handleEvents: (events) => events }),
      (from) => producerConsumer({ ...stops("second"), subscribeTo: [from], handleEvents: (events) => events }),
      consumer<number>({ ...stops("consumer"), handleEvents: () => undefined }),
      { signal: controller.signal },
    );
    await settle();
    controller.abort("done");
    await expect(running).rejects.toBe("done");
    await settle();
    expect(log).toEqual(["consumer", "second", "first", "producer"]);
  });
});

describe("a stage that has an owner already", () => {
  test("is adopted by nobody else", async () => {
    const owner = {};
    const numbers = producer<number>();
    expect(numbers[ADOPT](owner)).toBe(true);
    expect(numbers[ADOPT](owner)).toBe(true);
    expect(numbers[ADOPT]({})).toBe(false);
    const running = watch(pipeline(numbers, consumer<number>({ handleEvents: () => Promise.reject(new Error("bad row")) })));
    numbers.emit([1]);
    await settle();
    expect(running.error).toMatchObject({ message: "bad row" });
    expect(isRunning(numbers)).toBe(true);
    await numbers.stop();
  });

  test("is not stopped by a second pipeline that fails", async () => {
    const error = new Error("second");
    const numbers = producer<number>();
    const first = watch(pipeline(numbers, consumer<number>({ handleEvents: () => undefined })));
    const second = watch(
      pipeline(
        numbers,
        consumer<number>({
          handleSubscribe() {
            throw error;
          },
          handleEvents: () => undefined,
        }),
      ),
    );
    await settle();
    expect(second.error).toBe(error);
    expect(first).toEqual({});
    expect(isRunning(numbers)).toBe(true);
    await numbers.stop();
  });

  test("is not stopped by a second pipeline that is aborted", async () => {
    const controller = new AbortController();
    const numbers = producer<number>();
    const first = watch(pipeline(numbers, consumer<number>({ handleEvents: () => undefined })));
    const second = watch(pipeline(numbers, consumer<number>({ handleEvents: () => undefined }), { signal: controller.signal }));
    await settle();
    controller.abort("second");
    await settle();
    expect(second.error).toBe("second");
    expect(first).toEqual({});
    expect(isRunning(numbers)).toBe(true);
    await numbers.stop();
  });

  test("is not stopped by a second pipeline whose consumer has had enough", async () => {
    const numbers = producer<number>();
    const first = watch(pipeline(numbers, consumer<number>({ handleEvents: () => undefined })));
    void watch(pipeline(numbers, consumer<number>({ handleSubscribe: (_, self) => self.complete(), handleEvents: () => undefined })));
    await settle();
    expect(first).toEqual({});
    expect(isRunning(numbers)).toBe(true);
    await numbers.stop();
  });
});

test("a stage that a pipeline does not own stops on its own when the pipeline leaves it", async () => {
  const numbers = producer<number>({ handleDemand: () => [] });
  const doubled = producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events });
  const controller = new AbortController();
  const running = pipeline(doubled, consumer<number>({ handleEvents: () => undefined }), { signal: controller.signal });
  await settle();
  controller.abort("done");
  await expect(running).rejects.toBe("done");
  await settle();
  expect(await numbers.closed).toMatchObject({ type: "shutdown" });
});

test("a consumer that comes to a stage of a pipeline and goes again changes nothing", async () => {
  const got: number[] = [];
  const numbers = producer<number>({ whenUnused: "stop" });
  const running = pipeline(numbers, consumer<number>({ handleEvents: (events) => void got.push(...events) }));
  const guest = new ConsumerProbe(numbers);
  await settle();
  await guest.cancel();
  numbers.emit([1, 2]);
  numbers.complete();
  await running;
  expect(got).toEqual([1, 2]);
});
