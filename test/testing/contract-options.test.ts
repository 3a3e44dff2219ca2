import { describe, expect, test } from "vitest";
import { BadOptionError, fromIterable, producer } from "sluice";
import { ContractViolation, wayInContract, wayOutContract, type ContractCase, type WayInContractOptions, type WayOutContractOptions } from "sluice/testing";
import { asyncIterable } from "./support/native-iterables.ts";

const wayIn: WayInContractOptions<unknown> = {
  event: (n) => n,
  can: ["end", "error", "wait"],
  prefetch: 0,
  open: (source, settings) => fromIterable(asyncIterable(source), settings),
};

const wayOut: WayOutContractOptions<unknown, AsyncIterator<unknown>> = {
  by: "reading",
  event: (n) => n,
  prefetch: 0,
  open: (stage) => stage[Symbol.asyncIterator](),
  read: (reader) => reader.next(),
};

const names = (cases: readonly ContractCase[]): readonly string[] => cases.map(({ name }) => name);

describe("the contract of a way in", () => {
  test.each([
    [{ event: undefined }, "expected event to be a function, got: undefined"],
    [{ can: undefined }, 'expected can to be a list of "end", "error" and "wait", got: undefined'],
    [{ can: ["end", "fly"] }, 'expected can to be a list of "end", "error" and "wait", got: an array of 2'],
    [{ prefetch: -1 }, "expected prefetch to be an integer of at least 0, or Infinity, got: -1"],
    [{ prefetch: undefined }, "expected prefetch to be an integer of at least 0, or Infinity, got: undefined"],
    [{ open: 1 }, "expected open to be a function, got: 1"],
    [{ runs: 0 }, "expected runs to be an integer of at least 1, got: 0"],
    [{ ends: ["end"] }, /expected the options of wayInContract to be among event, .*, got: "ends"/],
  ])("refuses %o", (wrong, message) => {
    const given = { ...wayIn, ...wrong } as WayInContractOptions<unknown>;
    expect(() => wayInContract(given)).toThrow(BadOptionError);
    expect(() => wayInContract(given)).toThrow(message);
  });

  test("has the cases of what the native side can do, and no others", () => {
    const all = names(wayInContract({ ...wayIn, awaitsRelease: true, odd: () => true }));
    expect(new Set(all).size).toBe(all.length);
    const less = (given: Partial<WayInContractOptions<unknown>>): readonly string[] => {
      const left = names(wayInContract({ ...wayIn, awaitsRelease: true, odd: () => true, ...given }));
      return all.filter((name) => !left.includes(name));
    };
    expect(less({})).toEqual([]);
    expect(less({ prefetch: Infinity })).toEqual(["asks its native side for no more than was demanded and its prefetch", "is never ahead of a slow consumer by more than its window and the prefetch"]);
    expect(less({ awaitsRelease: false })).toEqual([
      "ends when its native side has closed, not before",
      "ends for the reason that it was stopped for when its native side cannot be released, and reports that",
    ]);
    expect(less({ odd: undefined as never })).toEqual(["delivers every event as it is, whatever it looks like, or refuses it with an error that says so"]);
    expect(less({ can: ["end", "wait"] }).some((name) => name.includes("error"))).toBe(true);
    expect(less({ can: ["end", "error"] })).toContain("stops within closeWithinMs while its native side is stuck");
    expect(less({ can: [] }).length).toBeGreaterThan(10);
  });
});

describe("the contract of a way out", () => {
  test.each([
    [{ by: "magic" }, 'expected by to be one of "reading", "writing", "telling", got: "magic"'],
    [{ by: undefined }, 'expected by to be "reading", "writing" or "telling", got: undefined'],
    [{ by: "writing" }, "expected read to be left out by writing, got: function read"],
    [{ read: undefined }, "expected read to be a function, got: undefined"],
    [{ open: undefined }, "expected open to be a function, got: undefined"],
    [{ leave: true }, "expected leave to be a function, got: true"],
    [{ seed: 0.5 }, "expected seed to be an integer of at least 0, got: 0.5"],
    [{ close: () => undefined }, /expected the options of wayOutContract to be among by, .*, got: "close"/],
  ])("refuses %o", (wrong, message) => {
    const given = { ...wayOut, ...wrong } as unknown as WayOutContractOptions<unknown, unknown>;
    expect(() => wayOutContract(given)).toThrow(BadOptionError);
    expect(() => wayOutContract(given)).toThrow(message);
  });

  test("has the cases of what its user and its native side can do, and no others", () => {
    const all = names(wayOutContract({ ...wayOut, leave: () => undefined, cancel: () => undefined, fail: () => undefined, odd: () => true }));
    expect(new Set(all).size).toBe(all.length);
    const few = names(wayOutContract({ ...wayOut, isAbortable: false }));
    expect(all.filter((name) => !few.includes(name))).toEqual([
      "gives its native side every event as it is, whatever it looks like, or refuses it with an error that says so",
      "leaves its producer, once, when its user leaves early",
      "leaves its producer when its user leaves before the first event",
      "leaves its producer once, however often its user leaves",
      "settles when its user leaves behind the end",
      "comes to one end when its producer ends as its user leaves, whichever is first",
      "tells its producer the reason for which its user leaves, by identity",
      "tells its producer the error with which its native side breaks, by identity",
      "asks for nothing when its signal has aborted before",
      "leaves its producer, with the reason, when its signal aborts",
      "leaves no listener on a signal that lives longer",
    ]);
  });
});

describe("a violation of a random run", () => {
  test("names its seed, and comes again with that seed alone, word for word", async () => {
    const broken = (options: Partial<WayInContractOptions<unknown>> = {}): ContractCase =>
      wayInContract<unknown>({
        event: (n) => n,
        can: ["wait"],
        prefetch: Infinity,
        patienceMs: 5,
        ...options,
        open: (source, { signal, handleReport }) => {
          const stage = producer<unknown>({ name: "broken", bufferSize: Infinity, signal, handleReport, handleDemand: () => play() });
          let count = 0;
          const play = (): void => {
            for (;;) {
              const step = source.take(play);
              if (step.type !== "event") return;
              count += 1;
              // The thirtieth is lost.
              if (count !== 30) stage.emit([step.event]);
            }
          };
          return stage;
        },
      }).at(-1) as ContractCase;
    const failure = async (each: ContractCase): Promise<ContractViolation> => {
      const error = await each.run().then(() => undefined, (reason: unknown) => reason);
      expect(error).toBeInstanceOf(ContractViolation);
      return error as ContractViolation;
    };
    const first = await failure(broken());
    expect(first.seed).toBeGreaterThanOrEqual(1);
    expect(first.message).toContain(`(seed ${first.seed})`);
    const again = await failure(broken({ seed: first.seed as number, runs: 1 }));
    const withoutNumbers = (text: string): string => text.replace(/taker \d+/g, "taker");
    expect(withoutNumbers(again.message)).toBe(withoutNumbers(first.message));
  });
});
