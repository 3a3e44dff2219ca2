/** What a reader owes its user: faults 18 to 21. */
import type { EventReader } from "sluice";
import type { Fault } from "../fault.ts";
import { MAX_DEMAND, MIN_DEMAND, type Scene } from "../scene.ts";
import { endless, failing, STUCK } from "./running.ts";

type Result = IteratorResult<unknown, undefined>;

/** The reader of the way out, for the case alone. */
function readerOf(scene: Scene): EventReader<unknown> {
  const reader = scene.wayOut.iterate?.(scene.near.producer, { maxDemand: MAX_DEMAND, minDemand: MIN_DEMAND, closeWithinMs: 1000, signal: undefined, highWaterMark: undefined });
  if (reader === undefined) throw new Error(`expected ${scene.wayOut.name} to have a reader`);
  return reader;
}

function isDone(scene: Scene, what: string, result: Result | undefined): void {
  const isRight = typeof result === "object" && result.done === true && result.value === undefined && Object.keys(result).length === 2;
  if (!isRight) scene.miss(what, { value: undefined, done: true }, result);
}

const twoPending: Fault = {
  code: 18,
  sentence: "return() with two next() pending",
  needs: "a reader out",
  unfit: ({ canWait }) => (canWait ? undefined : "it answers in the call: no next() is ever pending"),
  async run(pair) {
    await pair.play("stuck", {
      script: { count: 0, ending: STUCK },
      async during(scene) {
        const reader = readerOf(scene);
        const settled: string[] = [];
        const follow = (name: string, result: Promise<Result>): void => {
          result.then(
            (each) => {
              settled.push(name);
              isDone(scene, name, each);
            },
            (error: unknown) => scene.miss(name, "done", error),
          );
        };
        follow("the first next()", reader.next());
        follow("the second next()", reader.next());
        await scene.quiet();
        scene.same("what has settled before", settled.length, 0);
        follow("return()", reader.return());
        await scene.quiet();
        scene.same("what has settled", settled.join(", "), "the first next(), the second next(), return()");
        // A generator is released when it goes on.
        scene.source.free({ type: "end" });
      },
    });
  },
};

const returnsTwice: Fault = {
  code: 19,
  sentence: "return() twice, at once, behind the end, behind an error",
  needs: "a reader out",
  async run(pair) {
    const error = new Error("connection lost");
    await pair.play("twice", {
      script: { count: Infinity },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        isDone(scene, "return()", await reader.return());
        isDone(scene, "return() once more", await reader.return());
      },
    });
    await pair.play("at once", {
      script: { count: Infinity },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        for (const result of await Promise.all([reader.return(), reader.return()])) isDone(scene, "return()", result);
      },
    });
    await pair.play("behind the end", {
      script: { count: 1 },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        isDone(scene, "next() at the end", await reader.next());
        isDone(scene, "return()", await reader.return());
      },
    });
    await pair.play("behind an error", {
      script: { count: 1, ending: failing(error) },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        await fails(scene, "next() at the error", reader.next(), error);
        isDone(scene, "return()", await reader.return());
      },
    });
  },
};

async function fails(scene: Scene, what: string, result: Promise<unknown>, error: unknown): Promise<void> {
  try {
    scene.miss(what, { rejects: error }, await result);
  } catch (thrown) {
    scene.same(what, thrown, error);
  }
}

const throwsInto: Fault = {
  code: 20,
  sentence: "throw(error)",
  needs: "a reader out",
  async run(pair) {
    const error = new Error("of the reader");
    await pair.play("behind an event", {
      script: endless(pair, 1),
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        await fails(scene, "throw(error)", reader.throw(error), error);
      },
      after: (scene) => scene.releasedWith(error),
    });
  },
};

const nextBehind: Fault = {
  code: 21,
  sentence: "next() behind return(), end, error",
  needs: "a reader out",
  async run(pair) {
    const error = new Error("connection lost");
    const twice = async (scene: Scene, reader: EventReader<unknown>): Promise<void> => {
      isDone(scene, "next()", await reader.next());
      isDone(scene, "next() once more", await reader.next());
    };
    await pair.play("behind return()", {
      script: { count: Infinity },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        await reader.return();
        await twice(scene, reader);
      },
    });
    await pair.play("behind the end", {
      script: { count: 1 },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        await twice(scene, reader);
      },
    });
    await pair.play("behind an error", {
      script: { count: 1, ending: failing(error) },
      async during(scene) {
        const reader = readerOf(scene);
        await reader.next();
        await fails(scene, "next() at the error", reader.next(), error);
        await twice(scene, reader);
      },
    });
  },
};

export const READING: readonly Fault[] = [twoPending, returnsTwice, throwsInto, nextBehind];
