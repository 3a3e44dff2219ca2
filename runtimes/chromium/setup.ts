/** What the tests, not Sluice, take of Node, in a page. Sluice is loaded first, and so finds none of it. */
// oxlint-disable-next-line import/no-unassigned-import -- it is loaded, no more
import "sluice";
// oxlint-disable-next-line import/no-unassigned-import -- it counts listeners from now on
import "./events.ts";
import * as fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_123 });

/** A turn of the event loop that no clock delays. */
function turn(run: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", () => {
    port1.close();
    run();
  });
  port1.start();
  port2.postMessage(undefined);
}

let capture: ((error: unknown) => void) | null = null;

// Before vitest hears of them.
globalThis.addEventListener("error", (event) => {
  if (capture === null) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  capture(event.error);
}, { capture: true });

Object.assign(globalThis, {
  setImmediate: turn,
  process: {
    env: {},
    setUncaughtExceptionCaptureCallback: (callback: typeof capture) => void (capture = callback),
    on: () => undefined,
    off: () => undefined,
  },
});
