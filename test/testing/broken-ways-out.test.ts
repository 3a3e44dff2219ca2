/** The contract is worth what it catches: ways out that are broken in one place, each with the case that says what is wrong. */
import { describe, expect, test } from "vitest";
import { consumer, type Consumer, type ExitReason, type Producer } from "sluice";
import { ContractViolation, settle, wayOutContract, type ContractCase, type WayOutSettings, type WrittenSink } from "sluice/testing";
import { Cursor, Pen } from "./support/honest-way-out.ts";

interface Row {
  readonly what: string;
  /** Broken, as a reader or as a writer. */
  readonly cursor?: new (producer: Producer<unknown>, settings: WayOutSettings) => Cursor;
  readonly pen?: new (producer: Producer<unknown>, sink: WrittenSink<unknown>, settings: WayOutSettings) => Pen;
  /** The case that names it. */
  readonly caught: string;
  readonly says: RegExp;
}

// Nothing here waits for the world outside.
const DEFAULTS = { event: (n: number) => n, odd: () => true, patienceMs: 5 } as const;

function contractOf({ cursor, pen = Pen }: Pick<Row, "cursor" | "pen">): readonly ContractCase[] {
  if (cursor !== undefined) {
    return wayOutContract<unknown, Cursor>({
      ...DEFAULTS,
      by: "reading",
      prefetch: 0,
      open: (producer, settings) => new cursor(producer, settings),
      read: (each) => each.read(),
      leave: (each) => each.close(),
      cancel: (each, reason) => each.close(reason),
    });
  }
  return wayOutContract<unknown, Pen>({
    ...DEFAULTS,
    by: "writing",
    prefetch: 4,
    open: (producer, sink, settings) => new pen(producer, sink, settings),
    fail: (each, error) => each.break(error),
    stage: (each) => each.stage,
  });
}

async function violationOf(contract: readonly ContractCase[], name: string): Promise<ContractViolation> {
  const found = contract.find((each) => each.name === name);
  expect(found?.name).toBe(name);
  const error = await found?.run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ContractViolation);
  return error as ContractViolation;
}

const rows: readonly Row[] = [
  // ---- demand
  {
    what: "reads one ahead as soon as it is made",
    cursor: class extends Cursor {
      constructor(producer: Producer<unknown>, settings: WayOutSettings) {
        super(producer, settings);
        this.ask();
      }
    },
    caught: "asks for no more than its prefetch while its native side takes nothing",
    says: /expected it to ask for no more than the 0 events that its native side has taken and its prefetch of 0, got: 1 produced/,
  },
  {
    what: "asks for ten at each read",
    cursor: class extends Cursor {
      override ask(): void {
        this.subscription.ask(10);
      }
    },
    caught: "asks for no more than its native side takes and its prefetch",
    says: /expected it to ask for no more than the 1 events that its native side has taken and its prefetch of 0, got: 10 produced/,
  },
  {
    what: "writes without waiting",
    pen: class extends Pen {
      override async write(events: readonly unknown[]): Promise<void> {
        for (const event of events) this.sink.event(event, () => undefined);
      }
    },
    caught: "asks for no more than its prefetch while its native side takes nothing",
    says: /expected it to ask for no more than the 0 events that its native side has taken and its prefetch of 4, got: \d+ produced/,
  },
  {
    what: "loses an event",
    pen: class extends Pen {
      override async put(event: unknown): Promise<void> {
        if (event !== 20) await super.put(event);
      }
    },
    caught: "gives its native side all events, each once, in order, whatever the pace of the producer",
    says: /expected it to give its native side the events of its producer, each once, in order, and as they are, got: event 21 in the place of event 20/,
  },
  {
    what: "writes an event twice",
    pen: class extends Pen {
      override async put(event: unknown): Promise<void> {
        await super.put(event);
        if (event === 20) await super.put(event);
      }
    },
    caught: "gives its native side all events, each once, in order, whatever the pace of the producer",
    says: /as they are, got: event 20 in the place of event 21/,
  },
  {
    what: "writes a list from behind",
    pen: class extends Pen {
      override write(events: readonly unknown[]): Promise<void> {
        return super.write(events.toReversed());
      }
    },
    caught: "gives its native side all events, each once, in order, whatever the pace of the producer",
    says: /as they are, got: event 1 in the place of event 0/,
  },
  {
    what: "writes without saying when it wants to hear that the event was taken",
    pen: class extends Pen {
      override async put(event: unknown): Promise<void> {
        (this.sink.event as (event: unknown) => void)(event);
      }
    },
    caught: "gives its native side all events, each once, in order, whatever the pace of the producer",
    says: /expected it to give its native side each event with a function that is called when it was taken, got: undefined/,
  },
  {
    what: "hangs at an event that comes late",
    pen: class extends Pen {
      #count = 0;
      override async write(events: readonly unknown[]): Promise<void> {
        this.#count += 1;
        if (this.#count > 1 && events.length < 2) await new Promise(() => undefined);
        await super.write(events);
      }
    },
    caught: "gives its native side events that come later than the demand for them",
    says: /expected it to give its native side \d events, got: \d, and no more/,
  },
  {
    what: "asks only when it is read for the first time, and whenever something was kept",
    cursor: class extends Cursor {
      #hasAsked = false;
      override ask(): void {
        if (this.#hasAsked && this.kept.length === 0 && this.reads.length > 1) return;
        if (this.#hasAsked && this.kept.length === 0) this.#hasAsked = false;
        else {
          this.#hasAsked = true;
          super.ask();
        }
      }
    },
    caught: "goes on whenever its native side takes one more event",
    says: /expected it to give its native side 2 events, got: 1, and no more/,
  },
  {
    what: "loses its last event when there are just as many as its prefetch holds",
    pen: class extends Pen {
      #count = 0;
      override async put(event: unknown): Promise<void> {
        this.#count += 1;
        if (event !== 3 || this.#count !== 4) await super.put(event);
      }
    },
    caught: "serves its prefetch to its edges: as many events as it holds, one more, one less, twice as many",
    says: /expected it to give its native side (?:4 events, then the end, got: 3 events|the events of its producer)/,
  },
  // ---- ends
  {
    what: "never tells of the end",
    pen: class extends Pen {
      override finish(): void {}
    },
    caught: "tells its native side of the end behind the last event, and once",
    says: /expected it to tell its native side the end, got: nothing, it hangs/,
  },
  {
    what: "tells of the end twice",
    pen: class extends Pen {
      override stop(reason: ExitReason): void {
        if (reason.type === "normal") this.sink.end(() => undefined);
        else super.stop(reason);
      }
    },
    caught: "tells its native side of the end behind the last event, and once",
    says: /expected it to tell its native side of its end once, got: 2 times/,
  },
  {
    what: "hangs when there is nothing",
    cursor: class extends Cursor {
      #hasCome = false;
      override hear(events: readonly unknown[]): void {
        this.#hasCome = true;
        super.hear(events);
      }
      override finish(): void {
        if (this.#hasCome || this.isClosed || this.end?.type !== "normal") super.finish();
      }
    },
    caught: "tells its native side of the end when there is nothing",
    says: /expected it to tell its native side the end, got: nothing, it hangs/,
  },
  {
    what: "wraps an error in one of its own",
    cursor: class extends Cursor {
      override failureOf(end: ExitReason): { readonly error: unknown } | undefined {
        const failure = super.failureOf(end);
        return failure && { error: new Error("the cursor has failed", { cause: failure.error }) };
      }
    },
    caught: "tells its native side of the very error, behind what came before it",
    says: /expected it to tell its native side an error: Error: the producer is broken, the very same, got: an error: Error: the cursor has failed/,
  },
  {
    what: "throws away what it holds when there is an error",
    pen: class extends Pen {
      override async write(events: readonly unknown[]): Promise<void> {
        for (const event of events) {
          await this.put(event);
          if (event === 2) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      override async put(event: unknown): Promise<void> {
        if (typeof event !== "number" || event < 5) await super.put(event);
      }
    },
    caught: "tells its native side of the very error, behind what came before it",
    says: /expected it to (?:give its native side the 7 events before the error first, got: 5 events|tell its native side)/,
  },
  {
    what: "does not tell of an error before the first event",
    pen: class extends Pen {
      #hasCome = false;
      override write(events: readonly unknown[]): Promise<void> {
        this.#hasCome = true;
        return super.write(events);
      }
      override stop(reason: ExitReason): void {
        if (this.#hasCome) super.stop(reason);
      }
    },
    caught: "tells its native side of the very error before the first event",
    says: /expected it to tell its native side an error: Error: the producer is broken, got: nothing, it hangs/,
  },
  {
    what: "takes an error that is false for the end",
    cursor: class extends Cursor {
      override failureOf(end: ExitReason): { readonly error: unknown } | undefined {
        const failure = super.failureOf(end);
        return failure?.error ? failure : undefined;
      }
    },
    caught: "passes on an error that is none, or that does not like to be looked at",
    says: /expected it to tell its native side an error: undefined, the very same, got: the end/,
  },
  {
    what: "shows a stop as the end",
    cursor: class extends Cursor {
      override failureOf(end: ExitReason): { readonly error: unknown } | undefined {
        return end.type === "error" ? end : undefined;
      }
    },
    caught: "never shows a stop of the producer as a normal end",
    says: /expected it to tell its native side of a stop by an error: a StoppedError, whose cause is the reason undefined, got: the end/,
  },
  {
    what: "does not tell why the producer was stopped",
    cursor: class extends Cursor {
      override failureOf(end: ExitReason): { readonly error: unknown } | undefined {
        return super.failureOf(end.type === "shutdown" ? { type: "shutdown" } : end);
      }
    },
    caught: "never shows a stop of the producer as a normal end",
    says: /a StoppedError, whose cause is the reason Error: enough, got: an error: StoppedError/,
  },
  {
    what: "waits for a producer that has ended before",
    cursor: class extends Cursor {
      readonly #state: string;
      constructor(producer: Producer<unknown>, settings: WayOutSettings) {
        super(producer, settings);
        this.#state = producer.snapshot().state;
      }
      override finish(): void {
        if (this.#state !== "ended") super.finish();
      }
    },
    caught: "tells its native side how a producer has ended that ended before",
    says: /expected it to tell its native side the end, got: nothing, it hangs/,
  },
  {
    what: "awaits events",
    cursor: class extends Cursor {
      override serve(): void {
        while (this.reads.length > 0 && this.kept.length > 0) {
          const read = this.reads.shift();
          void Promise.resolve(this.kept.shift()).then((value) => read?.resolve({ value, done: false }), read?.reject);
        }
        if (this.kept.length === 0 && (this.end !== undefined || this.isClosed)) this.finish();
      }
    },
    caught: "gives its native side every event as it is, whatever it looks like, or refuses it with an error that says so",
    says: /expected it to give its native side a thenable as it is, or an error that says why not, got: Error: a thenable was awaited/,
  },
  {
    what: "takes null for the end",
    cursor: class extends Cursor {
      override hear(events: readonly unknown[]): void {
        if (events.includes(null)) this.stop({ type: "normal" });
        else super.hear(events);
      }
    },
    caught: "gives its native side every event as it is, whatever it looks like, or refuses it with an error that says so",
    says: /expected it to give its native side null as it is, or an error that says why not, got: the end/,
  },
  {
    what: "ends before its native side has taken all",
    pen: class extends Pen {
      override async write(events: readonly unknown[]): Promise<void> {
        for (const event of events) this.sink.event(event, () => undefined);
      }
    },
    caught: "ends when its native side has taken and finished all, not before",
    says: /expected it to give its native side its end when it has taken the last event, got: its end with 3 of 3 not taken/,
  },
  {
    what: "ends before its native side has finished",
    pen: class extends Pen {
      override finish(): void {
        this.sink.end(() => undefined);
      }
    },
    caught: "ends when its native side has taken and finished all, not before",
    says: /expected the stage to end when its native side has finished, got: an end before/,
  },
  {
    what: "waits for a write that is stuck when it is stopped",
    pen: class extends Pen {
      override options(): object {
        return { signal: this.settings.signal };
      }
    },
    caught: "stops within closeWithinMs while its native side is stuck, and leaves its producer",
    says: /expected it to settle a stop within the closeWithinMs of 50 that it was given, got: nothing, it hangs/,
  },
  // ---- leaving
  {
    what: "does not leave its producer",
    cursor: class extends Cursor {
      override close(): Promise<void> {
        this.isClosed = true;
        this.finish();
        return Promise.resolve();
      }
    },
    caught: "leaves its producer, once, when its user leaves early",
    says: /expected it to leave its producer, got: nothing, it hangs/,
  },
  {
    what: "asks on when its user has left",
    cursor: class extends Cursor {
      override async close(): Promise<void> {
        this.subscription.ask(20);
        await super.close();
      }
    },
    caught: "leaves its producer, once, when its user leaves early",
    says: /expected it to ask for no more than the 3 events that its native side has taken and its prefetch of 0, got: 23 produced/,
  },
  {
    what: "does not answer the read in flight of who leaves",
    cursor: class extends Cursor {
      override finish(): void {
        if (!this.isClosed) super.finish();
      }
    },
    caught: "leaves its producer when its user leaves before the first event",
    says: /expected it to answer a read in flight when its user leaves, got: nothing, it hangs/,
  },
  {
    what: "hangs when it is left twice",
    cursor: class extends Cursor {
      override async close(...reason: readonly [unknown?]): Promise<void> {
        if (this.isClosed) await new Promise(() => undefined);
        await super.close(...reason);
      }
    },
    caught: "leaves its producer once, however often its user leaves",
    says: /expected it to settle when its user leaves, got: nothing, it hangs/,
  },
  {
    what: "fails when it is left behind the end",
    cursor: class extends Cursor {
      override async close(...reason: readonly [unknown?]): Promise<void> {
        if (this.end !== undefined) await new Promise(() => undefined);
        await super.close(...reason);
      }
    },
    caught: "settles when its user leaves behind the end",
    says: /expected it to settle when its user leaves, got: nothing, it hangs/,
  },
  {
    what: "does not say why its user leaves",
    cursor: class extends Cursor {
      override close(): Promise<void> {
        return super.close();
      }
    },
    caught: "tells its producer the reason for which its user leaves, by identity",
    says: /expected it to leave its producer for the reason it was left for \(shutdown: Error: enough\), by identity, got: shutdown/,
  },
  {
    what: "goes on when its native side is broken",
    pen: class extends Pen {
      override break(): void {}
    },
    caught: "tells its producer the error with which its native side breaks, by identity",
    says: /expected it to give its native side nothing more when its user has left, or it is broken, got: 1/,
  },
  {
    what: "takes a native side that breaks for one that wants no more",
    pen: class extends Pen {
      override break(error: unknown): void {
        void this.stage.stop(error);
      }
    },
    caught: "tells its producer the error with which its native side breaks, by identity",
    says: /expected it to leave its producer for the reason it was left for \(error: Error: the native side is broken\), by identity, got: shutdown: Error: the native side is broken/,
  },
  {
    what: "wraps the error with which its native side breaks",
    pen: class extends Pen {
      override break(cause: unknown): void {
        super.break(new Error("the pen is broken", { cause }));
      }
    },
    caught: "tells its producer the error with which its native side breaks, by identity",
    says: /by identity, got: error: Error: the pen is broken/,
  },
  // ---- signals, and what is left
  {
    what: "does not heed its signal",
    pen: class extends Pen {
      override options(): object {
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "leaves its producer, with the reason, when its signal aborts",
    says: /expected it to leave its producer, got: nothing, it hangs/,
  },
  {
    what: "forgets the reason of an abort",
    pen: class extends Pen {
      override options(): object {
        this.settings.signal?.addEventListener("abort", () => void this.stage.stop(), { once: true });
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "leaves its producer, with the reason, when its signal aborts",
    says: /for the reason it was left for \(shutdown: Error: enough\), by identity, got: shutdown/,
  },
  {
    what: "shows an abort as the end",
    cursor: class extends Cursor {
      override failureOf(end: ExitReason): { readonly error: unknown } | undefined {
        return this.settings.signal?.aborted === true ? undefined : super.failureOf(end);
      }
    },
    caught: "leaves its producer, with the reason, when its signal aborts",
    says: /of a stop by an error: a StoppedError, whose cause is the reason Error: enough, got: the end/,
  },
  {
    what: "starts although its signal has aborted before",
    pen: class extends Pen {
      override options(): object {
        const { signal } = this.settings;
        signal?.addEventListener("abort", () => void this.stage.stop(signal.reason), { once: true });
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "asks for nothing when its signal has aborted before",
    says: /expected it to ask for nothing when its signal has aborted before, got: 10 produced/,
  },
  {
    what: "goes on listening to its signal",
    cursor: class extends Cursor {
      override options(): object {
        this.settings.signal?.addEventListener("abort", () => undefined, { once: true });
        return super.options();
      }
    },
    caught: "leaves no listener on a signal that lives longer",
    says: /expected it to leave no listener on its signal at its end, got: 1 after 1 runs/,
  },
  {
    what: "leaves a timer behind",
    cursor: class extends Cursor {
      override close(...reason: readonly [unknown?]): Promise<void> {
        setTimeout(() => undefined, 60_000);
        return super.close(...reason);
      }
    },
    caught: "leaves nothing behind after many short runs: no timer, and no producer that was not left",
    says: /expected it to leave no timer behind at its end, got: 1 after 3 runs/,
  },
];

describe("the honest ways out keep the contract:", () => {
  describe("a cursor", () => {
    for (const { name, run } of contractOf({ cursor: Cursor })) test(name, run);
  });
  describe("a pen", () => {
    for (const { name, run } of contractOf({})) test(name, run);
  });
});

describe("the contract catches a way out that", () => {
  test.each(rows)("$what", async ({ caught, says, ...row }) => {
    const violation = await violationOf(contractOf(row), caught);
    expect(violation.message).toMatch(says);
  });
});

test("the contract catches a way out that tells an observer the rest of a list", async () => {
  const contract = wayOutContract<unknown, Consumer<unknown>>({
    ...DEFAULTS,
    by: "telling",
    prefetch: Infinity,
    open(producer, sink) {
      const stage = consumer<unknown>({ handleEvents: (events) => events.forEach((event) => sink.event(event)) });
      stage.subscribe(producer);
      return stage;
    },
    leave: (stage) => stage.stop(),
  });
  const violation = await violationOf(contract, "gives its native side nothing more when its user leaves as an event comes");
  expect(violation.message).toMatch(/expected it to give its native side nothing more when its user has left, or it is broken, got: 3/);
});

test("the contract catches a way out that tells an observer who has left", async () => {
  const contract = wayOutContract<unknown, Consumer<unknown>>({
    ...DEFAULTS,
    by: "telling",
    prefetch: Infinity,
    open(producer, sink) {
      const stage = consumer<unknown>({ handleEvents: (events) => events.forEach((event) => sink.event(event)) });
      stage.subscribe(producer);
      return stage;
    },
    // Too late: what is on its way is told.
    leave: async (stage) => {
      await settle();
      await stage.stop();
    },
  });
  const violation = await violationOf(contract, "leaves its producer when its user leaves before the first event");
  expect(violation.message).toMatch(/expected it to give its native side nothing more when its user has left, or it is broken, got: 0/);
});
