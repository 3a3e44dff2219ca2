/** Completion and errors: faults 1 to 14. */
import type { Fault, Pair } from "../fault.ts";
import { MAX_DEMAND, MIN_DEMAND, type Scene } from "../scene.ts";
import type { Afterword, Malformed, Source } from "../source.ts";
import { turns } from "../turns.ts";
import { failing, holdingFirst, paces, STUCK } from "./running.ts";

const noEvents: Fault = {
  code: 1,
  sentence: "the source ends with 0 events",
  async run(pair) {
    for (const { pace, isSlow } of paces(pair)) {
      await pair.play(pace, {
        script: { count: 0, isSlow },
        after(scene) {
          scene.arrived(0);
          scene.endedNormally();
        },
      });
    }
  },
};

const endsAtDemand: Fault = {
  code: 2,
  sentence: "it ends at the bounds of the demand",
  async run(pair) {
    const counts = new Set([MAX_DEMAND - 1, MAX_DEMAND, MAX_DEMAND + 1, MIN_DEMAND - 1, MIN_DEMAND, MIN_DEMAND + 1, 2 * MAX_DEMAND]);
    for (const { pace, isSlow } of paces(pair)) {
      for (const count of counts) {
        await pair.play(`${count} events ${pace}`, {
          script: { count, isSlow },
          after(scene) {
            scene.arrived(count);
            scene.endedNormally();
          },
        });
      }
    }
  },
};

const failsFirst: Fault = {
  code: 3,
  sentence: "it fails before the first event",
  async run(pair) {
    const error = new Error("connection refused");
    for (const { pace, isSlow } of paces(pair)) {
      await pair.play(pace, {
        script: { count: 0, isSlow, ending: failing(error) },
        after(scene) {
          scene.arrived(0);
          scene.endedWith(error);
        },
      });
    }
  },
};

const failsBehindEvents: Fault = {
  code: 4,
  sentence: "it fails after k events, some of them still buffered",
  async run(pair) {
    const error = new Error("connection lost");
    for (const { pace, isSlow } of paces(pair)) {
      for (const count of [1, 3, MAX_DEMAND + 2]) {
        await pair.play(`${count} events ${pace}`, {
          script: { count, isSlow, ending: failing(error) },
          taking: { handle: holdingFirst(pair) },
          after(scene) {
            scene.arrivedBeforeFailure(count);
            scene.endedWith(error);
          },
        });
      }
    }
  },
};

/** An object that nobody may look at. */
function hostile(): object {
  const thrower = {
    get(): never {
      throw new Error("nobody may look at this");
    },
    enumerable: false,
  };
  return Object.defineProperties({}, { message: thrower, stack: thrower, name: thrower, code: thrower, cause: thrower, constructor: thrower });
}

const oddErrors: Fault = {
  code: 5,
  sentence: "it fails with what is no error",
  async run(pair) {
    const errors: readonly (readonly [name: string, error: unknown])[] = [
      ["undefined", undefined],
      ["null", null],
      ["a string", "out of paper"],
      ["a frozen error", Object.freeze(new Error("frozen"))],
      ["an object that throws when it is looked at", hostile()],
    ];
    for (const [name, error] of errors) {
      if (pair.wayIn.canFailWith?.(error) === false) continue;
      await pair.play(name, {
        script: { count: 2, ending: failing(error) },
        after(scene) {
          scene.arrivedBeforeFailure(2);
          scene.endedWith(error);
        },
      });
    }
  },
};

const throwsInCall: Fault = {
  code: 6,
  sentence: "it throws in the call that asks",
  unfit: ({ cannotThrow }) => cannotThrow,
  async run(pair) {
    const error = new Error("thrown");
    // A source that pushes is called once: in the call that starts it.
    for (const count of pair.wayIn.pace === "asked" ? [0, 3] : [0]) {
      await pair.play(`behind ${count} events`, {
        script: { count, isEager: true, ending: { type: "fail", error, isThrown: true } },
        after(scene) {
          scene.arrivedBeforeFailure(count);
          scene.endedWith(error);
        },
      });
    }
  },
};

const isTypeError = (error: unknown): boolean => error instanceof TypeError;

async function playMalformed(pair: Pair, kinds: readonly Malformed[]): Promise<void> {
  for (const malformed of kinds) {
    await pair.play(malformed.type, {
      script: { count: 3, malformed },
      after(scene) {
        scene.arrived(0);
        if (malformed.type === "factory throws") scene.endedWith(malformed.error);
        else scene.endedWith("a TypeError", isTypeError);
      },
    });
  }
}

const badFactory: Fault = {
  code: 7,
  sentence: "what makes its iterator is wrong",
  needs: "an iterator in",
  run: (pair) => playMalformed(pair, [{ type: "factory throws", error: new Error("no iterator today") }, { type: "factory gives no object" }, { type: "no next" }]),
};

const badResult: Fault = {
  code: 8,
  sentence: "next() gives no object",
  needs: "an iterator in",
  run: (pair) => playMalformed(pair, [{ type: "next gives no object" }, { type: "next fulfils with no object" }]),
};

const endsTwice: Fault = {
  code: 9,
  sentence: "it says more behind its end",
  unfit: ({ saysMore, cannotSayMore }) => (saysMore?.("fail", "end") === false ? cannotSayMore : undefined),
  async run(pair) {
    const error = new Error("the first");
    const second = new Error("the second");
    const afterwords: readonly (readonly [name: string, afterword: Afterword])[] = [
      ["an end", "end"],
      ["an event", "event"],
      ["an error", { error: second }],
    ];
    for (const ending of [{ type: "end" } as const, failing(error)]) {
      for (const [name, afterword] of afterwords) {
        if (pair.wayIn.saysMore?.(ending.type === "end" ? "end" : "fail", afterword) === false) continue;
        await pair.play(`${name} behind ${ending.type === "end" ? "an end" : "an error"}`, {
          script: { count: 3, ending, afterwards: [afterword] },
          after(scene) {
            if (ending.type === "end") {
              scene.arrived(3);
              scene.endedNormally();
            } else {
              scene.arrivedBeforeFailure(3);
              scene.endedWith(error);
            }
            if (pair.wayIn.hearsLate === true && !scene.reports.some(({ kind }) => kind === "late-signal") && !scene.isReported(second)) scene.miss("reports of what comes late", "a late-signal, or the error", scene.reports);
          },
        });
      }
    }
  },
};

/** The user's own error is his run's; an observer's is thrown, as nobody could tell him. */
function failedWith(scene: Scene, error: unknown): void {
  const { outcome, wayOut, watch, sink } = scene;
  if (outcome?.type !== "error" || !Object.is(outcome.error, error)) scene.miss("the user's run", { type: "error", error }, outcome);
  if (wayOut.throwsUncaught === true && (watch.uncaught.length !== 1 || watch.uncaught[0] !== error)) scene.miss("uncaught exceptions", [error], watch.uncaught);
  if (sink.told.length > 0) scene.miss("what the far side is told", "nothing: it has failed itself", sink.told);
  scene.releasedWith(wayOut.tellsFailure ? error : undefined);
}

const handlerThrows: Fault = {
  code: 10,
  sentence: "the handler throws at event k",
  async run(pair) {
    const error = new Error("cannot handle this");
    for (const at of [0, 2]) {
      await pair.play(`event ${at}`, {
        script: { count: Infinity },
        taking: {
          handle(_, index) {
            if (index === at) throw error;
          },
        },
        uncaught: (each) => each === error,
        after(scene) {
          scene.arrived(at + 1);
          failedWith(scene, error);
        },
      });
    }
  },
};

const handlerRejects: Fault = {
  code: 11,
  sentence: "the handler rejects at event k, k + 1 in flight",
  unfit: (_, { canWait }) => (canWait ? undefined : "its handler is a call, and cannot reject"),
  async run(pair) {
    const error = new Error("could not handle this");
    await pair.play("event 2", {
      script: { count: Infinity },
      taking: {
        async handle(_, index) {
          await turns(1);
          if (index === 2) throw error;
        },
      },
      uncaught: (each) => each === error,
      after(scene) {
        scene.arrived(3, 2 + pair.wayOut.atOnce);
        failedWith(scene, error);
      },
    });
  },
};

const bothFail: Fault = {
  code: 12,
  sentence: "the source and the handler fail in one turn",
  unfit: ({ canWait }) => (canWait ? undefined : "it fails when it is asked, never while the handler runs"),
  async run(pair) {
    const ours = new Error("of the handler");
    const theirs = new Error("of the source");
    const fail = { type: "fail", error: theirs } as const;
    for (const order of ["the source first", "the handler first"] as const) {
      let source: Source | undefined;
      await pair.play(order, {
        script: { count: 3, ending: STUCK },
        taking: {
          handle(_, index) {
            if (index !== 2) return;
            if (order === "the source first") source?.free(fail);
            else queueMicrotask(() => source?.free(fail));
            throw ours;
          },
        },
        // An observer's own error is thrown; and so is one whose receiver has left as it came (law 8).
        uncaught: (each) => each === ours || each === theirs,
        async during(scene) {
          ({ source } = scene);
          scene.far.start();
          await scene.ended();
        },
        mayRace: true,
        after: (scene) => noneLost(scene, ours, theirs),
      });
    }
  },
};

/** One of them is the outcome; the other is attached to it, or told to somebody. */
async function noneLost(scene: Scene, ours: unknown, theirs: unknown): Promise<void> {
  const { outcome, source, watch } = scene;
  // A pipeline that has stopped calls no handler.
  if (scene.sink.failure === undefined) return;
  const primary = outcome?.type === "error" ? outcome.error : undefined;
  if (primary !== ours && primary !== theirs) scene.miss("the user's run", "one of the two errors", outcome);
  // Whoever looks at a stage sees with what it has ended: law 8 sees to it that somebody does, or that it is thrown.
  const ends = scene.isEnded ? await Promise.all(scene.stages.map((stage) => stage.closed)) : [];
  const isTold = (error: unknown): boolean =>
    error === primary || ends.some((end) => end.type === "error" && end.error === error) || scene.isReported(error) || scene.sink.overheard.includes(error) || source.releases.includes(error) || watch.uncaught.includes(error) || isAttached(primary, error) || scene.sink.told.some((told) => told.type === "error" && told.error === error);
  if (!isTold(ours)) scene.miss("the error of the handler", "told to somebody", scene.reports);
  const hasFailed = source.ended?.type === "fail" && !source.hasKeptSilent;
  if (hasFailed && !isTold(theirs)) scene.miss("the error of the source", "told to somebody", scene.reports);
}

function isAttached(primary: unknown, error: unknown): boolean {
  if (!(primary instanceof Error)) return false;
  return primary.cause === error || ("errors" in primary && Array.isArray(primary.errors) && primary.errors.includes(error));
}

const failsAndCleanupFails: Fault = {
  code: 13,
  sentence: "it fails, and its clean-up too",
  unfit: ({ cleanup, replacesErrors, cleanupIsItsOwn }) => (cleanup === "none" ? "nothing of it could fail when it is released" : (replacesErrors ?? cleanupIsItsOwn)),
  async run(pair) {
    const error = new Error("connection lost");
    const failure = new Error("could not close");
    for (const isThrown of pair.wayIn.cleanup === "thrown" ? [true] : [false, true]) {
      await pair.play(isThrown ? "in the call" : "later", {
        script: { count: 2, ending: failing(error), cleanup: { type: "fails", error: failure, isThrown } },
        after(scene) {
          scene.arrivedBeforeFailure(2);
          scene.endedWith(error);
          if (pair.wayIn.cleansUpAfter.failure && !scene.isReported(failure) && !isAttached(error, failure)) scene.miss("the error of the clean-up", "reported or attached", scene.reports);
        },
      });
    }
  },
};

const cleanupFails: Fault = {
  code: 14,
  sentence: "it ends normally, and its clean-up fails",
  unfit: (wayIn, { endCanFail }) => {
    if (endCanFail === true || cleansUpAtEnd(wayIn)) return undefined;
    return wayIn.cleanup === "none" ? "nothing of either side could fail at a normal end" : (wayIn.cleanupIsItsOwn ?? "neither side is cleaned up at a normal end");
  },
  async run(pair) {
    const failure = new Error("could not close");
    if (cleansUpAtEnd(pair.wayIn)) {
      for (const isThrown of pair.wayIn.cleanup === "thrown" ? [true] : [false, true]) {
        await pair.play(isThrown ? "of the source, in the call" : "of the source, later", {
          script: { count: 2, cleanup: { type: "fails", error: failure, isThrown } },
          after(scene) {
            scene.arrivedBeforeFailure(2);
            scene.endedWith(failure);
          },
        });
      }
    }
    if (pair.wayOut.endCanFail === true) {
      await pair.play("of the far side", {
        script: { count: 2 },
        taking: { endFailure: { error: failure } },
        after(scene) {
          scene.arrived(2);
          if (scene.outcome?.type !== "error" || scene.outcome.error !== failure) scene.miss("the user's run", { type: "error", error: failure }, scene.outcome);
        },
      });
    }
  },
};

function cleansUpAtEnd({ cleanup, cleansUpAfter, cleanupIsItsOwn }: Pair["wayIn"]): boolean {
  return cleanup !== "none" && cleansUpAfter.end && cleanupIsItsOwn === undefined;
}

export const COMPLETION: readonly Fault[] = [
  noEvents,
  endsAtDemand,
  failsFirst,
  failsBehindEvents,
  oddErrors,
  throwsInCall,
  badFactory,
  badResult,
  endsTwice,
  handlerThrows,
  handlerRejects,
  bothFail,
  failsAndCleanupFails,
  cleanupFails,
];
