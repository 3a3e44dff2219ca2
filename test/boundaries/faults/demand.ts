/** Demand and buffering: faults 35, 36, 42 and 48. */
import type { Fault } from "../fault.ts";
import { MAX_DEMAND, type Scene } from "../scene.ts";
import { LEAVE } from "../sink.ts";
import { turns } from "../turns.ts";
import { failing, holdingFirst } from "./running.ts";

const neverPulls: Fault = {
  code: 35,
  sentence: "the user never asks",
  async run(pair) {
    let most = 0;
    await pair.play("for anything", {
      script: { count: Infinity },
      taking: { isIdle: true },
      async during(scene) {
        // A reader who asks for nothing has not begun.
        if (pair.wayOut.iterate === undefined) scene.far.start();
        await scene.quiet();
        const { prefetches } = scene.far;
        const isTouched = prefetches > 0 || scene.movesFirst;
        most = isTouched ? scene.near.ahead + ((scene.near.windows ?? 0) + prefetches) * (scene.near.joins ?? 1) : 0;
        scene.atMost("events that were produced", scene.account.produced - scene.account.discarded, most);
      },
      after: (scene) => scene.arrived(0),
    });
    if (!pair.wayOut.canWait) return;
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    await pair.play("for a second one", {
      script: { count: Infinity },
      taking: { handle: () => gate.then(() => LEAVE) },
      async during(scene) {
        scene.far.start();
        await scene.quiet();
        await turns(20);
        // The audit holds the account against the bound: here nothing is consumed.
        scene.atMost("events that came", scene.sink.count, pair.wayOut.atOnce);
        open?.();
        await scene.ended();
      },
    });
  },
};

/** So many events are taken one in a turn, then so many. */
const ONE_BY_ONE = 200;
const IN_A_TURN = 100;
/** From so many events on the heap is looked at. */
const MEASURED = 100_000;
/** How much the heap may grow by, collected, in bytes. */
const GROWTH = 5 * 1024 * 1024;

const slowUser: Fault = {
  code: 36,
  sentence: "the user is far slower than the source, for very many events",
  async run(pair) {
    const count = pair.long / 2;
    // To collect takes longer than the run: where that is a short one it would show little.
    const isMeasured = count >= MEASURED;
    const before = isMeasured ? heap() : 0;
    await pair.play(`${count} events`, {
      script: { count, isLong: true },
      taking: {
        isLong: true,
        handle(_, index) {
          if (!pair.wayOut.canWait) return spin(index < ONE_BY_ONE ? 20 : 0);
          return index < ONE_BY_ONE || index % IN_A_TURN === 0 ? turns(1) : undefined;
        },
      },
      withinMs: 60_000,
      during: longRun,
      after(scene) {
        const { discarded } = scene.account;
        scene.same("events that arrive and that are discarded", scene.sink.count + discarded, count);
        // Chunks of several events that are handled at once are mixed by their handlers.
        const isMixed = pair.isBytes && pair.wayOut.atOnce > 1;
        if (scene.sink.disorder !== undefined && !isMixed) scene.miss("the order", "as produced", scene.sink.disorder);
        scene.endedNormally();
        const growth = isMeasured ? heap() - before : 0;
        if (growth > GROWTH) scene.miss("what the heap has grown by, in bytes", `at most ${GROWTH}`, growth);
      },
    });
  },
};

/** After a collection, where there is one. */
function heap(): number {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) return 0;
  gc();
  return process.memoryUsage().heapUsed;
}

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

export async function longRun(scene: Scene): Promise<void> {
  scene.far.start();
  await scene.ended();
}

const marks: Fault = {
  code: 42,
  sentence: "high-water marks of 0, 1 and 16",
  needs: "a high-water mark",
  async run(pair) {
    const { wayIn, wayOut } = pair;
    for (const mark of [0, 1, 16]) {
      await pair.play(`a mark of ${mark}`, {
        script: { count: 40 },
        taking: { handle: holdingFirst(pair) },
        ...(wayIn.hasMark && { markIn: mark }),
        ...(wayOut.hasMark && { markOut: mark }),
        after(scene) {
          scene.arrived(40);
          scene.endedNormally();
        },
      });
    }
  },
};

const fullBuffer: Fault = {
  code: 48,
  sentence: "the buffer is full, then the source ends or fails",
  async run(pair) {
    const error = new Error("connection lost");
    for (const count of [MAX_DEMAND, 3 * MAX_DEMAND]) {
      for (const ending of [{ type: "end" } as const, failing(error)]) {
        await pair.play(`${count} events, then ${ending.type === "end" ? "the end" : "an error"}`, {
          script: { count, ending },
          taking: { handle: holdingFirst(pair) },
          after(scene) {
            if (ending.type === "end") {
              scene.arrived(count);
              scene.endedNormally();
            } else {
              scene.arrivedBeforeFailure(count);
              scene.endedWith(error);
            }
          },
        });
      }
    }
  },
};

export const DEMAND: readonly Fault[] = [neverPulls, slowUser, marks, fullBuffer];
