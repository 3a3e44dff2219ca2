import { execFile } from "node:child_process";
import { ADOPT, consumer, pipeline, producer, producerConsumer, type Consumer, type Producer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { watch } from "./life/outcome.ts";
import { deferred } from "./support/deferred.ts";
import { Uncaught } from "./support/uncaught.ts";

const printer = (from: Producer<number>): Consumer<number> => consumer({ subscribeTo: [from], handleEvents: () => undefined });

/** The errors that are thrown where nobody can catch them, while `run` runs and until all is quiet. */
async function uncaughtIn(run: () => unknown): Promise<readonly unknown[]> {
  using uncaught = new Uncaught();
  await run();
  await settle();
  return uncaught.errors;
}

/** Says that these very values were thrown, each as often as it is named. */
function expectThrown(thrown: readonly unknown[], ...expected: readonly unknown[]): void {
  expect(thrown).toHaveLength(expected.length);
  for (const [place, value] of expected.entries()) expect(thrown[place]).toBe(value);
}

describe("an error that nobody receives is thrown once", () => {
  const error = new Error("nobody listens");

  test("for a producer without a consumer", async () => {
    expectThrown(await uncaughtIn(() => producer().fail(error)), error);
  });

  test("for a callback of a consumer", async () => {
    const numbers = producer<number>();
    const thrown = await uncaughtIn(async () => {
      consumer({
        subscribeTo: [numbers],
        handleEvents() {
          throw error;
        },
      });
      await settle();
      numbers.emit([1]);
    });
    expectThrown(thrown, error);
    await numbers.stop();
  });

  test("for a handleSubscribe that fails in the first turn", async () => {
    const numbers = producer<number>();
    expectThrown(await uncaughtIn(() => consumer({ subscribeTo: [numbers], handleSubscribe: () => Promise.reject(error), handleEvents: () => undefined })), error);
    await numbers.stop();
  });

  test("for a producer that has a temporary consumer only", async () => {
    const numbers = producer<number>();
    const survivor = consumer({ subscribeTo: [{ to: numbers, cancel: "temporary" }], handleEvents: () => undefined });
    const end = watch(survivor.closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown, error);
    expect(end).toEqual({});
    await survivor.stop();
  });

  test("for a chain of stages that all end with it", async () => {
    const numbers = producer<number>();
    const middle = producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events });
    printer(middle);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown, error);
  });

  test("for the consumer that nobody reads, though another one that ends with it is read", async () => {
    const numbers = producer<number>();
    const read = printer(numbers);
    printer(numbers);
    const end = watch(read.closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown, error);
    expect(end.value).toEqual({ type: "error", error });
  });

  test("for the one of three stages that nobody reads, though they end with one error and the others are read in time", async () => {
    const stages = [1, 2, 3].map(() => {
      const stopping = deferred();
      return { stopping, stage: producer({ handleStop: () => stopping.promise }) };
    });
    const thrown = await uncaughtIn(async () => {
      for (const { stage } of stages) stage.fail(error);
      await settle();
      // They end one after the other, in one macrotask.
      for (const { stopping, stage } of stages) {
        stopping.resolve();
        for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
        expect(stage.snapshot().state).toBe("ended");
      }
      void stages[0]?.stage.closed;
      void stages[2]?.stage.closed;
    });
    expectThrown(thrown, error);
  });

  test("for each of two errors", async () => {
    const other = new Error("nor here");
    const thrown = await uncaughtIn(() => {
      producer().fail(error);
      producer().fail(other);
    });
    expectThrown(thrown, error, other);
  });

  test.each([undefined, null, "a string", 42])("also where it is %s", async (value) => {
    expectThrown(await uncaughtIn(() => producer().fail(value)), value);
  });

  test("for a failed clean-up after a normal end", async () => {
    const numbers = producer({ handleStop: () => Promise.reject(error) });
    expectThrown(await uncaughtIn(() => numbers.complete()), error);
  });

  test("for a partner that does not receive errors", async () => {
    const numbers = producer<number>();
    const probe = new ConsumerProbe(numbers, { receivesErrors: false });
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown, error);
    expect(probe.end).toEqual({ type: "error", error });
  });

  test("though somebody awaits stop(), which never rejects", async () => {
    const numbers = producer<number>();
    numbers.emit([1]);
    const thrown = await uncaughtIn(async () => {
      numbers.fail(error);
      await settle();
      await numbers.stop();
    });
    expectThrown(thrown, error);
  });

  test("when closed is read in a later macrotask only", async () => {
    const numbers = producer();
    const thrown = await uncaughtIn(async () => {
      numbers.fail(error);
      await settle();
      expect(await numbers.closed).toEqual({ type: "error", error });
    });
    expectThrown(thrown, error);
  });

  test("when the consumer that would have received it leaves before the buffer is delivered", async () => {
    const numbers = producer<number>({ handleDemand: () => [] });
    const probe = new ConsumerProbe(numbers);
    const thrown = await uncaughtIn(async () => {
      numbers.emit([1]);
      numbers.fail(error);
      await settle();
      await probe.cancel();
    });
    expect(probe.ends.map((end) => end.kind)).toEqual(["cancel"]);
    expectThrown(thrown, error);
  });

  test("when the consumer's own cancel crosses it", async () => {
    const numbers = producer<number>();
    const subscription = consumer<number>({ handleEvents: () => undefined }).subscribe(numbers);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
      void subscription.cancel();
    });
    expectThrown(thrown, error);
  });

  test("when the consumer stops as it comes", async () => {
    const numbers = producer<number>();
    const stopped = printer(numbers);
    const end = watch(stopped.closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
      void stopped.stop();
    });
    expect(end.value).toEqual({ type: "shutdown" });
    expectThrown(thrown, error);
  });

  test("when the loop is left as it comes", async () => {
    const numbers = producer<number>();
    const reader = numbers[Symbol.asyncIterator]();
    const next = watch(reader.next());
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
      void reader.return?.();
    });
    expect(next.value).toEqual({ done: true, value: undefined });
    expectThrown(thrown, error);
  });
});

describe("an error is received, and not thrown,", () => {
  const error = new Error("somebody listens");

  test("by a pipeline", async () => {
    const numbers = producer<number>();
    const running = watch(pipeline(numbers, producerConsumer<number, number>({ handleEvents: (events) => events }), printer));
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown);
    expect(running.error).toBe(error);
  });

  test.each(["last", "permanent", "transient"] as const)("by a %s consumer that ends with it, when that one's end is read", async (cancel) => {
    const numbers = producer<number>();
    const reader = consumer({ subscribeTo: [{ to: numbers, cancel }], handleEvents: () => undefined });
    const end = watch(reader.closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown);
    expect(end.value).toEqual({ type: "error", error });
  });

  test("by a consumer that subscribes after the end, in the same turn", async () => {
    const numbers = producer<number>({ handleStop: () => void (end = watch(printer(numbers).closed)) });
    let end: ReturnType<typeof watch> | undefined;
    expectThrown(await uncaughtIn(() => numbers.fail(error)));
    expect(end?.value).toEqual({ type: "error", error });
  });

  test.each([
    ["a loop", (numbers: Producer<number>) => numbers[Symbol.asyncIterator]()],
    ["events", (numbers: Producer<number>) => numbers.events()],
    ["batches", (numbers: Producer<number>) => numbers.batches()],
  ])("by %s, which throws it", async (_, read) => {
    const numbers = producer<number>();
    const next = watch<unknown>(read(numbers).next());
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown);
    expect(next.error).toBe(error);
  });

  test("by an owner", async () => {
    const numbers = producer();
    numbers[ADOPT]({});
    expectThrown(await uncaughtIn(() => numbers.fail(error)));
    expect(numbers.snapshot().state).toBe("ended");
  });

  test("by whoever has read closed before", async () => {
    const numbers = producer();
    const end = watch(numbers.closed);
    expectThrown(await uncaughtIn(() => numbers.fail(error)));
    expect(end.value).toEqual({ type: "error", error });
  });

  test("by whoever reads closed before the next macrotask", async () => {
    const stopping = deferred();
    const numbers = producer({ handleStop: () => stopping.promise });
    const thrown = await uncaughtIn(async () => {
      numbers.fail(error);
      await settle();
      stopping.resolve();
      // The stage ends in the microtasks that follow.
      for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
      expect(numbers.snapshot().state).toBe("ended");
      void numbers.closed;
    });
    expectThrown(thrown);
  });

  test("by the consumers further down, when all between end with it", async () => {
    const numbers = producer<number>();
    const middle = producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events });
    const end = watch(printer(middle).closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown);
    expect(end.value).toEqual({ type: "error", error });
  });

  test("by one consumer, though a temporary one stands beside it", async () => {
    const numbers = producer<number>();
    const survivor = consumer({ subscribeTo: [{ to: numbers, cancel: "temporary" }], handleEvents: () => undefined });
    const end = watch(printer(numbers).closed);
    const thrown = await uncaughtIn(async () => {
      await settle();
      numbers.fail(error);
    });
    expectThrown(thrown);
    expect(end.value).toEqual({ type: "error", error });
    await survivor.stop();
  });
});

describe("what is no error end is never thrown:", () => {
  test("a normal end and a shutdown, whatever its reason", async () => {
    const thrown = await uncaughtIn(async () => {
      producer().complete();
      await producer().stop(new Error("a reason"));
      producer({ signal: AbortSignal.abort(new Error("a reason")) });
    });
    expectThrown(thrown);
  });

  test("a failure after the end, and a failed clean-up after a stop: they are reported", async () => {
    const reports: Report["kind"][] = [];
    const handleReport = ({ kind }: Report): void => void reports.push(kind);
    const thrown = await uncaughtIn(async () => {
      const numbers = producer({ handleReport, handleStop: () => Promise.reject(new Error("clean-up")) });
      await numbers.stop();
      numbers.fail(new Error("late"));
    });
    expectThrown(thrown);
    expect(reports).toEqual(["cleanup-failed", "late-failure"]);
  });

  test("a consumer that leaves with an error as its reason", async () => {
    const numbers = producer<number>({ handleDemand: () => [] });
    const thrown = await uncaughtIn(async () => {
      const reader = numbers[Symbol.asyncIterator]();
      const next = watch(reader.next());
      await settle();
      await reader.throw?.(new Error("mine")).catch(() => undefined);
      expect(next.value).toEqual({ done: true, value: undefined });
    });
    expectThrown(thrown);
    expect(numbers.snapshot().state).toBe("ended");
  });
});

test("a reporter that throws is an uncaught exception, and changes nothing for the stage", async () => {
  const error = new Error("reporter");
  const numbers = producer<number>({
    bufferSize: 1,
    bufferKeep: "first",
    handleReport() {
      throw error;
    },
  });
  expectThrown(await uncaughtIn(() => numbers.emit([1, 2])), error);
  expect(numbers.snapshot()).toMatchObject({ state: "running", output: { buffered: 1, discarded: 1 } });
  await numbers.stop();
});

describe("in a process of its own", { timeout: 30_000 }, () => {
  interface Result {
    readonly code: number;
    readonly stderr: string;
    readonly stdout: string;
  }

  /** Runs a program on the compiled library, as a user would. */
  function run(program: string): Promise<Result> {
    const library = new URL("../../dist/core/index.js", import.meta.url).href;
    const source = `import * as sluice from ${JSON.stringify(library)};\n${program}`;
    return new Promise((resolve) => {
      execFile(process.execPath, ["--input-type=module", "--eval", source], { timeout: 20_000 }, (failure, stdout, stderr) => {
        resolve({ code: failure === null ? 0 : Number(failure.code ?? -1), stdout, stderr });
      });
    });
  }

  test("an error that nobody receives ends the process, and says which it was", async () => {
    const { code, stderr, stdout } = await run(`
      const numbers = sluice.fromIterable((function* () { yield 1; throw new RangeError("row 2 is damaged"); })());
      sluice.consumer({ subscribeTo: [numbers], handleEvents: (events) => void console.log(events) });
    `);
    expect(stdout).toBe("[ 1 ]\n");
    expect(stderr).toContain("RangeError: row 2 is damaged");
    expect(code).toBe(1);
  });

  test("an error that is received does not, and nothing keeps the process alive", async () => {
    const { code, stderr, stdout } = await run(`
      const numbers = sluice.fromIterable((function* () { yield 1; throw new RangeError("row 2 is damaged"); })());
      const printer = sluice.consumer({ subscribeTo: [numbers], handleEvents: () => undefined });
      printer.closed.then((reason) => console.log(reason.type, reason.error.message));
    `);
    expect(stdout).toBe("error row 2 is damaged\n");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
});
