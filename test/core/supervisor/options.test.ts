import { BadOptionError, producer, supervisor } from "sluice";
import { describe, expect, test } from "vitest";

/** The error of a call that is given something wrong. */
function refusal(call: () => unknown): BadOptionError {
  try {
    call();
  } catch (error) {
    if (error instanceof BadOptionError) return error;
    throw error;
  }
  throw new Error("expected it to be refused");
}

const start = () => producer<number>();

describe("a bad option", () => {
  test.each<[option: string, expected: string, value: unknown, shown: string]>([
    ["strategy", 'one of "oneForOne", "oneForAll", "restForOne"', "one_for_one", '"one_for_one"'],
    ["strategy", 'one of "oneForOne", "oneForAll", "restForOne"', null, "null"],
    ["maxRestarts", "an integer of at least 0, or Infinity", -1, "-1"],
    ["maxRestarts", "an integer of at least 0, or Infinity", 1.5, "1.5"],
    ["maxRestarts", "an integer of at least 0, or Infinity", Number.NaN, "NaN"],
    ["maxRestarts", "an integer of at least 0, or Infinity", "3", '"3"'],
    ["withinMs", "an integer of at least 1", 0, "0"],
    ["withinMs", "an integer of at least 1", Infinity, "Infinity"],
    ["withinMs", "an integer of at least 1", 0.5, "0.5"],
    ["name", "a string", 7, "7"],
    ["signal", "an AbortSignal", new AbortController(), "an instance of AbortController"],
    ["whenDone", 'one of "end", "wait"', "stop", '"stop"'],
    ["handleReport", "a function", {}, "an object"],
    ["the options of backoff", "a plain object", 100, "100"],
    ["the options of backoff", "a plain object", null, "null"],
  ])("of a supervisor: %s must be %s", (option, expected, value, shown) => {
    const name = option === "the options of backoff" ? "backoff" : option;
    expect(refusal(() => supervisor({ [name]: value })).message).toBe(`expected ${option} to be ${expected}, got: ${shown}`);
  });

  test.each<[option: string, expected: string, value: unknown, shown: string]>([
    ["initialMs", "a number of ms above 0 that timers can keep", 0, "0"],
    ["initialMs", "a number of ms above 0 that timers can keep", 2 ** 31, "2147483648"],
    ["initialMs", "a number of ms above 0 that timers can keep", Number.NaN, "NaN"],
    ["maxMs", "a number of ms above 0 that timers can keep", -1, "-1"],
    ["maxMs", "a number of ms above 0 that timers can keep", Infinity, "Infinity"],
    ["maxMs", "a number of ms above 0 that timers can keep", "30", '"30"'],
    ["factor", "a number of at least 1", 0.5, "0.5"],
    ["factor", "a number of at least 1", Infinity, "Infinity"],
    ["factor", "a number of at least 1", Number.NaN, "NaN"],
    ["jitter", "a boolean or a function", 0.5, "0.5"],
    ["the options of backoff", "among initialMs, maxMs, factor, jitter", "initial", '"initial"'],
  ])("of a back-off: %s must be %s", (option, expected, value, shown) => {
    const given = option === "the options of backoff" ? { [String(value)]: 1 } : { [option]: value };
    expect(refusal(() => supervisor({ backoff: given })).message).toBe(`expected ${option} to be ${expected}, got: ${shown}`);
  });

  test.each<[option: string, expected: string, args: readonly unknown[], shown: string]>([
    ["the name of a child", "a string", [7, start], "7"],
    ["the name of a child", "a string", [Symbol("a"), start], "Symbol(a)"],
    ["the start of a", "a function", ["a", producer<number>()], "an instance of ProducerHandle"],
    ["the start of a", "a function", ["a"], "undefined"],
    ["restart", 'one of "permanent", "transient", "temporary"', ["a", start, { restart: "always" }], '"always"'],
    ["stopWithinMs", "an integer from 0 to 2147483647", ["a", start, { stopWithinMs: -1 }], "-1"],
    ["stopWithinMs", "an integer from 0 to 2147483647", ["a", start, { stopWithinMs: Infinity }], "Infinity"],
    ["the options of the child a", "among restart, stopWithinMs", ["a", start, { restarts: 3 }], '"restarts"'],
    ["the options of the child a", "a plain object", ["a", start, "permanent"], '"permanent"'],
    ["the name of a child", "one that no other child has", ["taken", start], '"taken"'],
  ])("of a child: %s must be %s", async (option, expected, args, shown) => {
    const message = `expected ${option} to be ${expected}, got: ${shown}`;
    const builder = supervisor().child("taken", start);
    const call = builder.child.bind(builder) as (...given: readonly unknown[]) => unknown;
    expect(refusal(() => call(...args)).message).toBe(message);
    // At run time it rejects, as all calls of one do.
    await using tree = builder.start();
    const add = tree.startChild.bind(tree) as (...given: readonly unknown[]) => Promise<unknown>;
    await expect(add(...args)).rejects.toThrow(message);
    expect(Object.keys(tree.children)).toEqual(["taken"]);
  });

  test.each([
    ["an unknown one", { maxRestart: 3 }, 'expected the options of supervisor to be among strategy, maxRestarts, withinMs, name, signal, backoff, whenDone, handleReport, got: "maxRestart"'],
    ["no plain object", [], "expected the options of supervisor to be a plain object, got: an array of 0"],
    ["null", null, "expected the options of supervisor to be a plain object, got: null"],
    ["a signal in their place", AbortSignal.abort(), "expected the options of supervisor to be a plain object, got: an instance of AbortSignal"],
  ])("is %s", (_, options, message) => {
    expect(refusal(() => supervisor(options as never)).message).toBe(message);
  });
});

describe("an option that is undefined", () => {
  test("counts as not given", async () => {
    await using tree = supervisor({ strategy: undefined, maxRestarts: undefined, withinMs: undefined, name: undefined, signal: undefined, backoff: undefined, whenDone: undefined, handleReport: undefined })
      .child("a", start, { restart: undefined, stopWithinMs: undefined })
      .start();
    expect(tree.snapshot()).toMatchObject({ strategy: "oneForOne", children: [{ restart: "permanent" }] });
  });

  test("counts as not given in a back-off", async () => {
    await using tree = supervisor({ backoff: { initialMs: undefined, maxMs: undefined, factor: undefined, jitter: undefined } }).start();
    expect(tree.snapshot().state).toBe("running");
  });
});
