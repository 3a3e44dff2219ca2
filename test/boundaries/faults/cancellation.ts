/** Cancellation: faults 15 to 28, 32 and 33. */
import { StoppedError } from "sluice";
import type { Fault, Pair } from "../fault.ts";
import { MAX_DEMAND, type Play, type Scene } from "../scene.ts";
import { LEAVE } from "../sink.ts";
import { turns, until } from "../turns.ts";
import { endless, failing, STUCK } from "./running.ts";
import { READING } from "./reading.ts";

/** A user who leaves at event `at`. */
const leavingAt = (at: number) => ({
  handle: (_: unknown, index: number): unknown => (index === at ? LEAVE : undefined),
});

function left(scene: Scene): void {
  scene.same("the user's run", scene.outcome?.type === "error" ? scene.outcome : scene.outcome?.type, "left");
}

const breaks: Fault = {
  code: 15,
  sentence: "the user takes k events, then breaks",
  async run(pair) {
    for (const count of [1, MAX_DEMAND - 1, MAX_DEMAND, MAX_DEMAND + 1]) {
      await pair.play(`after ${count}`, {
        script: { count: Infinity },
        taking: leavingAt(count - 1),
        after(scene) {
          scene.arrived(count);
          left(scene);
          scene.atMost("events that were produced", scene.account.produced - scene.account.discarded, count + scene.bound);
        },
      });
    }
  },
};

const breaksFirst: Fault = {
  code: 16,
  sentence: "the user breaks before the first next()",
  async run(pair) {
    await pair.play("at once", {
      script: { count: Infinity },
      async during(scene) {
        await scene.leave();
        await scene.ended();
      },
      after(scene) {
        scene.arrived(0);
        left(scene);
        // A reader that has not begun has asked for nothing.
        if (pair.wayOut.iterate === undefined || scene.movesFirst) return;
        scene.same("events that were produced", scene.account.produced, 0);
        scene.same("how often the source was started", scene.source.opens, 0);
      },
    });
  },
};

const leavesStuck: Fault = {
  code: 17,
  sentence: "the user leaves while next() is stuck",
  unfit: ({ canWait }) => (canWait ? undefined : "it answers in the call, and is never stuck"),
  async run(pair) {
    const late = new Error("behind the end");
    await pair.play("at once", {
      script: { count: 2, ending: STUCK },
      async during(scene) {
        scene.far.start();
        await scene.quiet();
        scene.arrived(2);
        scene.sink.leave();
        let isAnswered = false;
        scene.far.leave().then(
          () => (isAnswered = true),
          (error: unknown) => scene.miss("leaving", "an answer", error),
        );
        // No timer may be waited for.
        await scene.quiet();
        if (!isAnswered) scene.miss("leaving", "an answer at once", "none");
        await scene.ended();
        left(scene);
        await until(() => scene.isEnded);
        scene.source.free(failing(late));
        await scene.quiet();
        if (pair.wayIn.failsLate === true && !scene.isReported(late)) scene.miss("the late failure of the source", "reported", scene.reports);
      },
      after: (scene) => scene.arrived(2),
    });
  },
};

/** Leaves at the first event, when no `next()` is pending: what was demanded has come. */
function leavingQuietly({ wayOut }: Pair): Pick<Play, "taking" | "maxDemand"> {
  return {
    maxDemand: 1,
    taking: { handle: (_, index) => (index > 0 ? undefined : wayOut.canWait ? turns(6).then(() => LEAVE) : LEAVE) },
  };
}

const cleanupHangs: Fault = {
  code: 22,
  sentence: "the clean-up never settles",
  unfit: ({ cleanup }) => (cleanup === "awaited" ? undefined : "its clean-up is a call: there is nothing to wait for"),
  async run(pair) {
    await pair.play("when the user breaks", {
      script: { count: Infinity, cleanup: { type: "hangs" } },
      ...leavingQuietly(pair),
      closeWithinMs: 10,
      staysOpen: true,
      after(scene) {
        scene.arrived(1);
        // A loop hears of it.
        if (scene.outcome?.type !== "error" || !pair.wayOut.leaveShowsCleanup || !isTimeout(scene.outcome.error)) left(scene);
        const isTold = scene.reports.some((report) => report.kind === "cleanup-failed" && isTimeout(report.error));
        if (!isTold) scene.miss("the clean-up that is late", "reported as SLUICE_TIMEOUT", scene.reports);
      },
    });
  },
};

function isTimeout(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "SLUICE_TIMEOUT";
}

const cleanupRejects: Fault = {
  code: 23,
  sentence: "the clean-up fails when the user breaks",
  unfit: ({ cleanup }) => (cleanup === "none" ? "nothing of it could fail when it is released" : undefined),
  async run(pair) {
    const failure = new Error("could not close");
    const shows = pair.wayIn.cleanupShows?.(failure) ?? ((shown: unknown) => shown === failure);
    for (const isThrown of pair.wayIn.cleanup === "thrown" ? [true] : [false, true]) {
      await pair.play(isThrown ? "in the call" : "later", {
        script: { count: Infinity, cleanup: { type: "fails", error: failure, isThrown } },
        ...leavingQuietly(pair),
        after(scene) {
          scene.arrived(1);
          leavingFailed(scene, shows);
        },
      });
    }
  },
};

/** The loop hears of it, where there is one; and so does whoever listens to reports. */
function leavingFailed(scene: Scene, shows: (error: unknown) => boolean): void {
  const { outcome, reports } = scene;
  if (!reports.some((report) => report.kind === "cleanup-failed" && shows(report.error))) scene.miss("the error of the clean-up", "reported", reports);
  if (!scene.wayOut.leaveShowsCleanup || scene.wayIn.showsCleanup === false) left(scene);
  else if (outcome?.type !== "error" || !shows(outcome.error)) scene.miss("the user's run", "the error of the clean-up", outcome);
}

const noReturn: Fault = {
  code: 24,
  sentence: "return is none, or no function",
  needs: "an iterator in",
  async run(pair) {
    await pair.play("no return", {
      script: { count: Infinity, malformed: { type: "no return" } },
      taking: leavingAt(1),
      after(scene) {
        scene.arrived(2);
        left(scene);
      },
    });
    await pair.play("no function", {
      script: { count: Infinity, malformed: { type: "return is no function" } },
      taking: leavingAt(1),
      after(scene) {
        scene.arrived(2);
        leavingFailed(scene, (error) => error instanceof TypeError);
      },
    });
  },
};

/** The user's run after an abort. */
function aborted(scene: Scene, reason: unknown): void {
  const { outcome, wayOut } = scene;
  if (wayOut.abortsAt === "out" && wayOut.abortShows !== "as cause") {
    if (wayOut.abortShows === "nothing") left(scene);
    else if (outcome?.type !== "error" || outcome.error !== reason) scene.miss("the user's run", { type: "error", error: reason }, outcome);
    return;
  }
  // The stage was stopped, which is never shown as a normal end.
  scene.endedWith("a StoppedError with the reason as its cause", (error) => error instanceof StoppedError && error.cause === reason);
}

const abortedBefore: Fault = {
  code: 25,
  sentence: "the signal has aborted before the start",
  async run(pair) {
    const reason = new Error("not today");
    await pair.play("at once", {
      script: { count: Infinity },
      signal: AbortSignal.abort(reason),
      async during(scene) {
        scene.far.start();
        await scene.ended();
        // Nobody has come, so nobody has left: it goes on until somebody stops it.
        await Promise.all(scene.near.stages.map((stage) => stage.stop()));
      },
      after(scene) {
        scene.arrived(0);
        aborted(scene, reason);
        if (scene.movesFirst) return;
        scene.same("events that were produced", scene.account.produced, 0);
        scene.same("how often the source was started", scene.source.opens, 0);
      },
    });
  },
};

const aborts: Fault = {
  code: 26,
  sentence: "abort while next() is stuck, in the handler, with a full buffer",
  async run(pair) {
    const reason = new Error("enough");
    if (pair.wayIn.canWait) await playAbort(pair, "while next() is stuck", reason, { script: { count: 2, ending: STUCK } }, (scene) => scene.sink.count === 2);
    // Behind the first event the rest waits: in the buffers, and on the way.
    if (!pair.wayOut.canWait) return playAbortInCall(pair, reason);
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const handle = (): unknown => gate;
    await playAbort(pair, "while the handler runs", reason, { script: { count: Infinity }, taking: { handle } }, (scene) => scene.sink.count > 0, open);
  },
};

async function playAbort(pair: Pair, name: string, reason: unknown, play: Play, isReady: (scene: Scene) => boolean, open?: () => void): Promise<void> {
  const controller = new AbortController();
  let count = 0;
  await pair.play(name, {
    ...play,
    signal: controller.signal,
    async during(scene) {
      scene.far.start();
      await until(() => isReady(scene));
      await scene.quiet();
      count = scene.sink.count;
      controller.abort(reason);
      // No timer may be waited for.
      await turns(3);
      open?.();
      await scene.quiet();
      if (scene.outcome === undefined) scene.miss("the user's run", "over at once", "still going on");
    },
    after(scene) {
      // What the user has been given he may handle.
      scene.arrived(count, count - 1 + given(pair, scene));
      aborted(scene, reason);
      scene.releasedWith(scene.wayOut.tellsAbort === false ? undefined : reason);
    },
  });
}

/** How many events the user may have been given, or have left the stage that is stopped. */
function given({ wayOut: { atOnce, handsLists, abortsAt } }: Pair, { far }: Scene): number {
  if (abortsAt === "in" && far.stages.length > 0) return far.windows + far.marks;
  return handsLists === true ? MAX_DEMAND : atOnce;
}

async function playAbortInCall(pair: Pair, reason: unknown): Promise<void> {
  const controller = new AbortController();
  await pair.play("in the handler", {
    script: { count: Infinity },
    signal: controller.signal,
    taking: {
      handle(_, index) {
        if (index === 1) controller.abort(reason);
      },
    },
    after(scene) {
      scene.arrived(2, 1 + given(pair, scene));
      aborted(scene, reason);
      scene.releasedWith(scene.wayOut.tellsAbort === false ? undefined : reason);
    },
  });
}

/** How many runs one signal lives for, beside the cover: a listener that is left shows at the first, Node's warning at the eleventh. */
const RUNS = 12;
/** One for each so many events of a long run: a thousand in the cover. */
const EVENTS_OF_A_RUN = 200;

const longSignal: Fault = {
  code: 27,
  sentence: "one long-lived signal, many runs",
  async run(pair) {
    const { signal } = new AbortController();
    const runs = Math.max(RUNS, pair.long / EVENTS_OF_A_RUN);
    for (let run = 0; run < runs; run += 1) {
      await pair.play(`run ${run + 1}`, {
        script: run % 3 === 0 ? { count: Infinity } : { count: 2, ...(run % 3 === 1 && { ending: failing(new Error("lost")) }) },
        taking: run % 3 === 0 ? leavingAt(1) : {},
        signal,
        after: (scene) => (run % 3 === 1 ? scene.arrivedBeforeFailure(2) : scene.arrived(2)),
      });
    }
  },
};

const cancelsWithReason: Fault = {
  code: 28,
  sentence: "the user cancels with a reason",
  async run(pair) {
    const reason = new Error("seen enough");
    await pair.play("an error", {
      script: endless(pair, 2),
      async during(scene) {
        scene.far.start();
        await until(() => scene.sink.count >= 2);
        await scene.leave(reason);
        await scene.ended();
      },
      after(scene) {
        left(scene);
        const { tellsReason } = pair.wayOut;
        if (tellsReason !== "as cause") scene.releasedWith(tellsReason ? reason : undefined);
        else if (pair.wayIn.hearsReason) scene.same("the cause of what the native side is told", (scene.source.releases[0] as Error | undefined)?.cause, reason);
      },
    });
  },
};

const reentrantCancel: Fault = {
  code: 32,
  sentence: "the user cancels in his own handler",
  async run(pair) {
    await pair.play("event 2", {
      script: { count: Infinity },
      async during(scene) {
        Object.assign(scene.sink.taking, reentrant(scene, 2));
        scene.far.start();
        await scene.ended();
      },
      taking: {},
      after(scene) {
        // Those that he had at once were begun before.
        scene.arrived(3, 2 + pair.wayOut.atOnce);
        left(scene);
      },
    });
  },
};

/** Leaves as it would be done from outside, but in the handler of event `at`. */
function reentrant(scene: Scene, at: number): { handle(event: unknown, index: number): void } {
  return {
    handle(_, index) {
      if (index !== at) return;
      scene.sink.leave();
      scene.far.leave().catch((error: unknown) => scene.miss("leaving", "an answer", error));
    },
  };
}

const cancelAndEnd: Fault = {
  code: 33,
  sentence: "cancel and end race in one turn",
  async run(pair) {
    const end = { type: "end" } as const;
    if (!pair.wayIn.canWait || pair.wayIn.cannotEndLate !== undefined) {
      // It ends where it is asked once more: that is on its way as the user leaves.
      await pair.play("at its last event", {
        script: { count: 3 },
        taking: leavingAt(2),
        mayRace: true,
        after(scene) {
          scene.arrived(3);
          left(scene);
        },
      });
      return;
    }
    for (const order of ["end first", "cancel first"] as const) {
      await pair.play(order, {
        script: { count: 2, ending: STUCK },
        mayRace: true,
        async during(scene) {
          scene.far.start();
          await scene.quiet();
          if (order === "end first") scene.source.free(end);
          const leaving = scene.leave();
          if (order === "cancel first") scene.source.free(end);
          await leaving;
          await scene.ended();
        },
        after: (scene) => scene.arrived(2),
      });
    }
  },
};

export const CANCELLATION: readonly Fault[] = [
  breaks,
  breaksFirst,
  leavesStuck,
  ...READING,
  cleanupHangs,
  cleanupRejects,
  noReturn,
  abortedBefore,
  aborts,
  longSignal,
  cancelsWithReason,
  reentrantCancel,
  cancelAndEnd,
];
