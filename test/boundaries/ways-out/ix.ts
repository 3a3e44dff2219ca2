/** An AsyncIterableX that a loop reads through operators of IxJS. */
import { isThenable, type EventReader, type Producer } from "sluice";
import { toIx } from "sluice/ix";
import { filter, map, withAbort } from "ix/asynciterable/operators";
import type { Sink } from "../sink.ts";
import type { OutSettings, WayOut } from "../ways.ts";
import { Loop, one } from "./reading.ts";

export const ix: WayOut = {
  name: "AsyncIterableX",
  carries: "anything",
  canWait: true,
  // By the signal. A loop that is left, or whose body throws, says nothing.
  tellsReason: true,
  tellsFailure: false,
  atOnce: 1,
  abortsAt: "out",
  abortShows: "reason",
  leaveShowsCleanup: true,
  // An async generator unwraps what it yields.
  canCarry: (event) => !isThenable(event),
  iterate: (producer, { closeWithinMs }) => plainReader(producer, closeWithinMs),
  open: (producer, sink, settings) => new IxLoop(producer, sink, settings),
};

/** Without operators it is a reader as any other. */
function plainReader(producer: Producer<unknown>, closeWithinMs: number): EventReader<unknown> {
  return toIx(producer, { closeWithinMs })[Symbol.asyncIterator]() as EventReader<unknown>;
}

/** Operators are async generators, whose `return()` waits behind a `next()` that is stuck: he who would leave from outside aborts. */
class IxLoop extends Loop {
  readonly #sink: Sink;
  readonly #controller: AbortController;
  readonly #leaveUnread: (reason: unknown) => Promise<unknown>;
  #hasStarted = false;

  constructor(producer: Producer<unknown>, sink: Sink, { signal, closeWithinMs }: OutSettings) {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    const chain = toIx(producer, { closeWithinMs }).pipe(
      withAbort(controller.signal),
      map((event: unknown) => event),
      filter(() => true),
    );
    super(chain[Symbol.asyncIterator]() as EventReader<unknown>, { windows: 1, sink, eventsOf: one });
    this.#sink = sink;
    this.#controller = controller;
    this.#leaveUnread = (reason) => plainReader(producer, closeWithinMs).return(reason);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort);
    void this.outcome.then(() => signal?.removeEventListener("abort", abort));
  }

  override start(): void {
    this.#hasStarted = true;
    super.start();
  }

  override async leave(reason?: unknown): Promise<unknown> {
    if (!this.#hasStarted) {
      // A generator that has not begun tells nobody that it is left.
      await this.#leaveUnread(reason);
      this.settle({ type: "left" });
    } else this.#controller.abort(reason);
    return undefined;
  }

  protected override over(failure?: { readonly error: unknown }): void {
    const { signal } = this.#controller;
    // His own reason comes back to him.
    super.over(this.#sink.hasLeft && signal.aborted && failure?.error === signal.reason ? undefined : failure);
  }
}
