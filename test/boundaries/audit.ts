/** What every run of every cell must keep, whatever it is about. */
import { getEventListeners } from "node:events";
import type { Snapshot } from "sluice";
import { takeRunningTimers } from "./timers.ts";
import { RUNAWAY } from "./source.ts";
import type { Scene } from "./scene.ts";

export function auditScene(scene: Scene): void {
  auditProcess(scene);
  auditBothSides(scene);
  auditRelease(scene);
  auditTelling(scene);
  for (const stage of scene.stages) auditCounts(scene, stage.snapshot());
  if (scene.account.produced >= RUNAWAY && scene.source.script.isLong !== true) scene.miss("a source without end", "asked for what is demanded", `asked for ${RUNAWAY}`);
  if (scene.account.greatest > scene.bound) scene.miss("the most that is produced and not consumed", `at most ${scene.bound}`, scene.account.greatest);
}

function auditProcess(scene: Scene): void {
  const { watch, play } = scene;
  if (watch.rejections.length > 0) scene.miss("unhandled rejections", "none", watch.rejections);
  const thrown = watch.uncaught.filter((error) => play.uncaught?.(error) !== true);
  if (thrown.length > 0) scene.miss("uncaught exceptions", "none", thrown);
  if (watch.warnings.length > 0) scene.miss("process warnings", "none", watch.warnings);
  if (watch.violations.length > 0) scene.miss("breaches of the protocol", "none", watch.violations);
  if (watch.newHandles.length > 0) scene.miss("handles that are left", "none", watch.newHandles);
  const timers = takeRunningTimers();
  if (timers.length > 0) scene.miss("timers that are left, in ms", "none", timers);
  if (play.signal !== undefined) scene.same("abort listeners that are left", getEventListeners(play.signal, "abort").length, 0);
}

function auditBothSides(scene: Scene): void {
  if (scene.outcome === undefined) scene.miss("the user's run", "over", "still going on");
  for (const stage of scene.stages) {
    const { name, state } = stage.snapshot();
    if (state !== "ended") scene.miss(`the stage ${name}`, "ended", state);
  }
  if (scene.play.staysOpen !== true && scene.near.isClosed?.() === false) scene.miss("the native side of the way in", "closed", "open");
  if (!scene.far.isClosed()) scene.miss("the native side of the way out", "closed", "open");
  const near = scene.play.staysOpen === true ? [] : scene.near.residue();
  for (const left of [...near, ...scene.far.residue()]) scene.miss("what is left behind", "nothing", left);
}

/** The native side is started at most once, and cleaned up once if there is something to clean up. */
function auditRelease(scene: Scene): void {
  const { source, wayIn } = scene;
  scene.atMost("how often the native side is started", source.opens, 1);
  const expected = cleanups(scene);
  if (scene.play.mayRace === true) scene.atMost("how often the native side is cleaned up", source.releases.length, 1);
  else if (source.releases.length !== expected) scene.miss("how often the native side is cleaned up", expected, source.releases.length);
  if (source.askedAfterEnd > 0 && source.script.afterwards === undefined && wayIn.pace === "asked") scene.miss("asks behind the end of the native side", "none", source.askedAfterEnd);
}

function cleanups({ source: { opens, ended, script }, wayIn: { isOpenFromStart, cleansUpAfter, pace, hasIterator } }: Scene): number {
  if (script.malformed !== undefined) return 0;
  if (opens === 0 && isOpenFromStart !== true) return 0;
  if (ended === undefined) return 1;
  // What throws in the call that starts it has not begun; an iterator whose next() throws is over.
  if ("isThrown" in ended &&  ended.isThrown && (pace === "pushes" || hasIterator === true)) return 0;
  return Number(ended.type === "end" ? cleansUpAfter.end : cleansUpAfter.failure);
}

function auditTelling(scene: Scene): void {
  const { sink } = scene;
  if (sink.told.length > 1) scene.miss("how often the far side is told of its end", "once", sink.told);
  if (sink.late > 0) scene.miss("events behind the end", "none", sink.late);
}

/** Law 7. */
function auditCounts(scene: Scene, { name, input, output }: Snapshot): void {
  if (input !== undefined) {
    const { received, queued, inCallback, handled, failed, lost, returned } = input;
    const sum = queued + inCallback + handled + failed + lost + returned;
    if (received !== sum) scene.miss(`what ${name} received`, `all accounted for (${sum})`, received);
  }
  if (output !== undefined) {
    const { emitted, delivered, buffered, discarded, dropped, lost } = output;
    const sum = delivered + buffered + discarded + dropped + lost;
    if (emitted !== sum) scene.miss(`what ${name} emitted`, `all accounted for (${sum})`, emitted);
  }
}
