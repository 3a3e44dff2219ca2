/** What is surely a mistake is said once, on the console; a reporter for all, even one that does nothing, keeps it quiet. */
import { hasReporter } from "./report.ts";

const said = new Set<string>();

/** Says `text` if nothing was said of this `kind` before, and nobody hears reports. */
export function warnOnce(kind: string, text: string): void {
  if (said.has(kind) || hasReporter()) return;
  said.add(kind);
  console.warn(`Sluice: ${text} (Said once; setReporter() hears more, and keeps this quiet.)`);
}

let unreleased: FinalizationRegistry<string> | undefined;

/** Watches a stage in use that has a `handleStop`: to be collected before that ran leaves open whatever it would have closed. */
export function watchForRelease(stage: object, name: string): void {
  unreleased ??= new FinalizationRegistry((collected) => {
    warnOnce("collected", `${collected} was forgotten before it ended, so its handleStop never ran: stop() it, or hold it with "await using".`);
  });
  unreleased.register(stage, name, stage);
}

/** Its `handleStop` runs. */
export function hasReleased(stage: object): void {
  unreleased?.unregister(stage);
}
