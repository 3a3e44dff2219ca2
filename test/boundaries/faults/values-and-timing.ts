/** Values and timing: faults 55, 57, 58 and 60. */
import type { Fault, Pair } from "../fault.ts";
import { numbered } from "../events.ts";
import type { Scene } from "../scene.ts";
import { LEAVE } from "../sink.ts";
import { LoopDelay } from "../loop-delay.ts";
import { isNamed } from "./running.ts";

/** A promise that rejects, and nobody has to look. */
function rejecting(): Promise<never> {
  const promise = Promise.reject(new Error("an event, not a failure"));
  promise.catch(() => undefined);
  return promise;
}

function values(): readonly unknown[] {
  return [
    undefined,
    null,
    NaN,
    0,
    "",
    false,
    { done: true },
    { value: 1, done: true },
    // oxlint-disable-next-line unicorn/no-thenable -- that is the case
    { then: (resolve: (value: string) => void) => resolve("unwrapped") },
    rejecting(),
    [1, 2][Symbol.iterator](),
    [1, [2]],
  ];
}

const oddValues: Fault = {
  code: 55,
  sentence: "events that look like something else",
  unfit: ({ carries }) => (carries === "bytes" ? "a stream of bytes has no other events" : undefined),
  async run(pair) {
    const given = values().filter((value) => isCarried(pair, value));
    const carried = pair.isBytes ? [] : given.filter((value) => !refuses(pair, value));
    if (carried.length > 0) {
      await pair.play("all that it carries", {
        script: { count: carried.length, events: carried },
        after(scene) {
          scene.arrived(carried.length);
          scene.endedNormally();
        },
      });
    }
    for (const [index, value] of given.filter((each) => refuses(pair, each)).entries()) {
      await pair.play(`one that it refuses (${index})`, {
        script: { count: 2, events: [value, value] },
        mayRace: true,
        after: (scene) => refused(scene),
      });
    }
  },
};

function isCarried({ wayIn, wayOut }: Pair, value: unknown): boolean {
  if (wayIn.carries === "objects" && (value === null || value === undefined)) return false;
  return wayIn.canCarry?.(value) !== false && wayOut.canCarry?.(value) !== false;
}

function refuses({ wayOut }: Pair, value: unknown): boolean {
  if (wayOut.refuses !== undefined) return wayOut.refuses(value);
  // An empty text is an empty chunk.
  if (wayOut.carries === "bytes") return value !== "";
  return wayOut.carries === "objects" && (value === null || value === undefined);
}

function refused(scene: Scene): void {
  const { outcome } = scene;
  if (outcome?.type !== "error" || !isNamed(outcome.error)) scene.miss("the user's run", "an error that says what is wrong", outcome);
  scene.arrived(0);
}

const identity: Fault = {
  code: 57,
  sentence: "frozen events, and the same one twice",
  unfit: ({ carries }, wayOut) => (carries === "bytes" || wayOut.carries === "bytes" ? "bytes are joined and copied: chunks have no identity" : undefined),
  async run(pair) {
    const twice = { mutable: true };
    const events = [twice, Object.freeze([1]), twice, numbered(1), twice];
    await pair.play("in a row", {
      script: { count: events.length, events },
      after(scene) {
        scene.arrived(events.length);
        scene.endedNormally();
      },
    });
  },
};

/** The longest that a timer may be kept waiting, in ms; and how long a run is watched. */
const LONGEST_MS = 20;
const WATCHED_MS = 60;
const ATTEMPTS = 5;

const eventLoop: Fault = {
  code: 58,
  sentence: "a source that is always ready: timers and immediates run",
  async run(pair) {
    // An outlier of a busy machine is measured again.
    for (let attempt = 1; ; attempt += 1) {
      const delay = new LoopDelay();
      const end = performance.now() + WATCHED_MS;
      const isLast = attempt === ATTEMPTS;
      let hasPassed = true;
      await pair.play("timers", {
        script: { count: pair.long, isLong: true },
        taking: { isLong: true, handle: (_, index) => ((index & 255) === 0 && performance.now() > end ? LEAVE : undefined) },
        async during(scene) {
          delay.start();
          scene.far.start();
          await scene.ended();
          delay.stop();
        },
        withinMs: 60_000,
        after(scene) {
          if (scene.sink.disorder !== undefined) scene.miss("the order", "as produced", scene.sink.disorder);
          hasPassed = delay.timer <= LONGEST_MS && delay.immediate <= LONGEST_MS;
          if (hasPassed || !isLast) return;
          scene.atMost("the longest that a timer waited, in ms", delay.timer, LONGEST_MS);
          scene.atMost("the longest that an immediate waited, in ms", delay.immediate, LONGEST_MS);
        },
      });
      if (hasPassed || isLast) return;
    }
  },
};

const eager: Fault = {
  code: 60,
  sentence: "it gives events in the call that starts it",
  unfit: ({ cannotBeEager }) => cannotBeEager,
  async run(pair) {
    await pair.play("all are taken", {
      script: { count: 3, isEager: true },
      after(scene) {
        scene.arrived(3);
        scene.endedNormally();
      },
    });
    await pair.play("the user leaves at the first", {
      script: { count: 3, isEager: true },
      taking: { handle: () => LEAVE },
      mayRace: true,
      after: (scene) => scene.arrived(1),
    });
  },
};

export const VALUES_AND_TIMING: readonly Fault[] = [oddValues, identity, eventLoop, eager];
