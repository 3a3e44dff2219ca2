/** What no cell may cause in its process: unhandled rejections, uncaught exceptions, warnings; and what the stages report. */
import { setReporter, type Report } from "sluice";
import type { ProtocolViolation } from "sluice/testing";

export class Watch implements Disposable {
  rejections: unknown[] = [];
  uncaught: unknown[] = [];
  warnings: Error[] = [];
  reports: Report[] = [];
  /** Breaches of the protocol, where somebody listens for them. */
  violations: ProtocolViolation[] = [];
  /** How many events were discarded, by what the stages report. */
  discarded = 0;
  readonly #handles: ReadonlyMap<string, number> = handles();
  readonly #before = new Map<string, readonly ((...args: never) => void)[]>();

  constructor() {
    this.#listen("unhandledRejection", (error) => this.rejections.push(error));
    process.setUncaughtExceptionCaptureCallback((error: unknown) => this.uncaught.push(error));
    this.#listen("warning", (warning) => this.warnings.push(warning as Error));
    setReporter((report) => {
      if (report.kind === "discarded") this.discarded += report.count;
      else this.reports.push(report);
    });
  }

  /** Forgets what was heard. */
  clear(): void {
    this.rejections = [];
    this.uncaught = [];
    this.warnings = [];
    this.reports = [];
    this.violations = [];
    this.discarded = 0;
  }

  /** Handles and requests that the process has beside those that it began with. */
  get newHandles(): readonly string[] {
    return [...handles()].filter(([type, count]) => count > (this.#handles.get(type) ?? 0)).map(([type]) => type);
  }

  [Symbol.dispose](): void {
    setReporter(undefined);
    process.setUncaughtExceptionCaptureCallback(null);
    for (const [event, listeners] of this.#before) {
      process.removeAllListeners(event);
      // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- tsc does not know the event
      for (const listener of listeners) process.on(event, listener as () => void);
    }
  }

  /** Alone: whoever else listens (a test runner) would take it for a failure. */
  #listen(event: string, listener: (value: unknown) => void): void {
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- tsc does not know the event
    this.#before.set(event, process.listeners(event as "exit") as ((...args: never) => void)[]);
    process.removeAllListeners(event);
    process.on(event, listener);
  }
}

/** What keeps the process alive, but for immediates, of which one is always on its way here, and timers, which are counted. */
function handles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (type !== "Immediate" && type !== "Timeout") counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
