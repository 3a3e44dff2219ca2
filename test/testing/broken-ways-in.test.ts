/** The contract is worth what it catches: ways in that are broken in one place, each with the case that says what is wrong. */
import { describe, expect, test } from "vitest";
import { OUTLET, causeOf, inNextTurn, type ExitReason, type Outlet, type Producer, type Self } from "sluice";
import { ContractViolation, wayInContract, type ContractCase, type WayInContractOptions, type WayInSettings, type WayInStep } from "sluice/testing";
import { Bell, FromBell, FromTap, Tap } from "./support/honest-way-in.ts";

const RANDOM = "keeps all of that whatever comes, is asked for, and ends, in random order";

type Options = WayInContractOptions<unknown>;

interface Row {
  readonly what: string;
  /** Broken, on a tap or on a bell. */
  readonly tap?: new (tap: Tap, settings: WayInSettings) => { readonly stage: Producer<unknown> };
  readonly bell?: new (bell: Bell, settings: WayInSettings) => { readonly stage: Producer<unknown> };
  readonly options?: Partial<Options>;
  /** The case that names it. */
  readonly caught: string;
  readonly says: RegExp;
}

const DEFAULTS = {
  event: (n: number) => n,
  can: ["end", "error", "wait"],
  odd: () => true,
  // Nothing here waits for the world outside.
  patienceMs: 5,
} as const;

function contractOf({ tap, bell = FromBell, options }: Pick<Row, "tap" | "bell" | "options">): readonly ContractCase[] {
  return wayInContract<unknown>({
    ...DEFAULTS,
    ...(tap === undefined ? { prefetch: Infinity } : { prefetch: 0, awaitsRelease: true }),
    open: (source, settings) => (tap === undefined ? new bell(new Bell(source), settings).stage : new tap(new Tap(source), settings).stage),
    ...options,
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

/** Pulls four steps at a time, and keeps what was not demanded yet: a prefetch of 3. */
class FromTapByFours extends FromTap {
  readonly kept: unknown[] = [];

  override demand(demand: number): void {
    this.wanted += demand;
    this.serve();
    if (this.wanted > 0) this.pull();
  }

  override pull(): void {
    if (this.isPulling || this.isOver) return;
    this.isPulling = true;
    this.next(4);
  }

  next(left: number): void {
    this.tap.pull((step) => {
      if (this.hasStopped) return;
      if (step.type !== "event") {
        this.isPulling = false;
        this.last(step);
        return;
      }
      this.kept.push(step.event);
      this.serve();
      if (left > 1) this.next(left - 1);
      else {
        this.isPulling = false;
        if (this.wanted > 0) this.pull();
      }
    });
  }

  /** What is kept comes first: the stage has it in its buffer. */
  last(step: WayInStep<unknown>): void {
    this.emit(this.kept.splice(0));
    this.hear(step);
  }

  serve(): void {
    const events = this.kept.splice(0, this.wanted);
    this.wanted -= events.length;
    this.emit(events);
  }
}

/** Whoever subscribes when it has ended hears nothing. */
function deafenAtEnd(stage: Producer<unknown>): void {
  const outlet = stage[OUTLET];
  const deaf: Outlet<unknown> = {
    name: outlet.name,
    dispatchOptions: outlet.dispatchOptions,
    connect: (subscriber, replaces) => (stage.snapshot().state === "ended" ? { receive: () => undefined } : outlet.connect(subscriber, replaces)),
    released: () => outlet.released(),
  };
  Object.defineProperty(stage, OUTLET, { value: deaf });
}

const rows: readonly Row[] = [
  // ---- demand
  {
    what: "asks its native side as soon as it is made",
    tap: class extends FromTap {
      override options(): object {
        this.tap.pull((step) => queueMicrotask(() => this.hear(step)));
        return super.options();
      }
    },
    caught: "does not touch its native side before the first demand",
    says: /expected the native side to give at most its prefetch of 0 events before the first demand, got: 1 events/,
  },
  {
    what: "listens to its native side as soon as it is made",
    bell: class extends FromBell {
      constructor(bell: Bell, settings: WayInSettings) {
        super(bell, settings);
        this.start();
      }
    },
    caught: "does not touch its native side before the first demand",
    says: /expected the native side to give at most its prefetch of 0 events before the first demand, got: 5 events/,
  },
  {
    what: "asks for one more than was demanded",
    tap: class extends FromTap {
      override demand(demand: number, self: Self<unknown>): void {
        super.demand(demand + 1, self);
      }
    },
    caught: "asks its native side for no more than was demanded and its prefetch",
    says: /expected the native side to be asked for no more than 1 events and its prefetch of 0 at a demand of 1, got: 2 produced/,
  },
  {
    what: "reads its native side to the end at the first demand",
    tap: class extends FromTap {
      override demand(_: number, self: Self<unknown>): void {
        super.demand(100_000, self);
      }
    },
    caught: "is never ahead of a slow consumer by more than its window and the prefetch",
    says: /expected the native side to be at most 8 events ahead \(a window of 8 and a prefetch of 0\), got: \d\d/,
  },
  {
    what: "replaces open demand by the next instead of adding to it",
    tap: class extends FromTap {
      override demand(demand: number): void {
        this.wanted = demand;
        inNextTurn(() => this.pull());
      }
    },
    caught: "adds up the asks of one turn",
    says: /expected it to deliver 10 events to who has asked for 10, got: 4, and no more/,
  },
  {
    what: "forgets what was demanded when an event comes late",
    tap: class extends FromTap {
      override late(): void {}
    },
    caught: "delivers events that come later than the demand for them",
    says: /expected it to deliver 5 events to who has asked for 10, got: 1, and no more/,
  },
  {
    what: "throws away what comes beyond the demand",
    tap: class extends FromTapByFours {
      override serve(): void {
        super.serve();
        this.kept.length = 0;
      }
    },
    options: { prefetch: 3 },
    caught: "keeps what comes beyond the demand for the next",
    says: /expected it to deliver the events of its native side, each once, in order, and as they are, got: event 4 in the place of event 3/,
  },
  {
    what: "delivers an event twice",
    tap: class extends FromTap {
      override event(event: unknown): void {
        super.event(event);
        if (event === 20) super.event(event);
      }
    },
    caught: "delivers all that was demanded, each event once, in order",
    says: /as they are, got: event 20 in the place of event 21/,
  },
  {
    what: "loses an event",
    tap: class extends FromTap {
      override event(event: unknown): void {
        if (event !== 20) super.event(event);
      }
    },
    caught: "delivers all that was demanded, each event once, in order",
    says: /as they are, got: event 21 in the place of event 20/,
  },
  {
    what: "changes the order",
    tap: class extends FromTap {
      #held: unknown[] = [];
      override event(event: unknown): void {
        this.#held.push(event);
        if (event === 20) return;
        this.stage.emit(this.#held.toReversed());
        this.#held = [];
      }
    },
    caught: "delivers all that was demanded, each event once, in order",
    says: /as they are, got: event 21 in the place of event 20/,
  },
  {
    what: "loses an event in a list of four when the demand is less",
    tap: class extends FromTapByFours {
      override demand(demand: number): void {
        if (this.wanted === 0 && this.kept.length > 2) this.kept.pop();
        super.demand(demand);
      }
    },
    options: { prefetch: 3 },
    caught: RANDOM,
    says: /\(seed \d+\)/,
  },
  // ---- ends
  {
    what: "never tells of the end",
    tap: class extends FromTap {
      override end(): void {
        this.isOver = true;
      }
    },
    caught: "ends normally, behind the last event",
    says: /expected it to tell its consumer of its end \(normal\), got: nothing, it hangs/,
  },
  {
    what: "stops at the end, and so loses what is in its buffer",
    bell: class extends FromBell {
      override hear(step: WayInStep<unknown>): void {
        if (step.type === "end") void this.stage.stop();
        else super.hear(step);
      }
    },
    caught: "ends normally, behind the last event",
    says: /expected it to (?:deliver|not end before)/,
  },
  {
    what: "takes a stop for the end",
    tap: class extends FromTap {
      override end(): void {
        this.isOver = true;
        void this.stage.stop();
      }
    },
    caught: "ends normally, behind the last event",
    says: /expected it to (?:deliver \d+ events to who has asked for \d+, got: \d, then its end \(shutdown\)|tell its consumer of its end: normal, got: shutdown)/,
  },
  {
    what: "takes nothing for a failure",
    tap: class extends FromTap {
      #count = 0;
      override event(event: unknown): void {
        this.#count += 1;
        super.event(event);
      }
      override end(): void {
        if (this.#count === 0) this.fail(new Error("nothing came"));
        else super.end();
      }
    },
    caught: "ends normally when there is nothing",
    says: /expected it to tell its consumer of its end: normal, got: error: Error: nothing came/,
  },
  {
    what: "wraps an error in one of its own",
    tap: class extends FromTap {
      override fail(cause: unknown): void {
        super.fail(new Error("the tap has failed", { cause }));
      }
    },
    caught: "fails with the same error, behind what came before it",
    says: /expected it to tell its consumer of its end: error: Error: the native side is broken, with the same error, got: error: Error: the tap has failed/,
  },
  {
    what: "throws away what came before an error",
    tap: class extends FromTapByFours {
      override last(step: WayInStep<unknown>): void {
        if (step.type === "error") this.kept.length = 0;
        super.last(step);
      }
    },
    options: { prefetch: 3 },
    caught: "fails with the same error, behind what came before it",
    says: /expected it to deliver all that came before the end first, got: its end behind 1 of 2 events/,
  },
  {
    what: "does not say that it has failed when nothing came before",
    tap: class extends FromTap {
      #hasCome = false;
      override event(event: unknown): void {
        this.#hasCome = true;
        super.event(event);
      }
      override fail(error: unknown): void {
        if (this.#hasCome) super.fail(error);
      }
    },
    caught: "fails with the same error before the first event",
    says: /expected it to tell its consumer of its end \(error: Error: the native side is broken\), got: nothing, it hangs/,
  },
  {
    what: "takes an error that is false for an end",
    tap: class extends FromTap {
      override fail(error: unknown): void {
        if (error) super.fail(error);
        else this.end();
      }
    },
    caught: "passes on an error that is none, or that does not like to be looked at",
    says: /expected it to tell its consumer of its end: error: undefined, with the same error, got: normal/,
  },
  {
    what: "makes an error of what is none",
    tap: class extends FromTap {
      override fail(error: unknown): void {
        super.fail(error instanceof Error ? error : new Error("failed", { cause: error }));
      }
    },
    caught: "passes on an error that is none, or that does not like to be looked at",
    says: /expected it to tell its consumer of its end: error: undefined, with the same error, got: error: Error: failed/,
  },
  {
    what: "looks at an error that does not like it",
    tap: class extends FromTap {
      override fail(error: unknown): void {
        try {
          if (typeof error === "object" && error !== null && "code" in error && String(error.code) === "7") super.fail(error);
          else super.fail(error);
        } catch (thrown) {
          super.fail(thrown);
        }
      }
    },
    caught: "passes on an error that is none, or that does not like to be looked at",
    says: /with the same error, got: error: Error: it was looked at/,
  },
  {
    what: "passes on the error that comes behind the end",
    bell: class extends FromBell {
      override hear(step: WayInStep<unknown>): void {
        if (step.type === "error") this.stage.fail(step.error);
        else if (step.type === "end") inNextTurn(() => this.stage.complete());
        else super.hear(step);
      }
    },
    caught: "counts the first end only: a second one changes nothing",
    says: /expected it to tell its consumer of its end: normal, got: error: Error: behind the end/,
  },
  {
    what: "ends normally for an end that comes behind an error",
    bell: class extends FromBell {
      override hear(step: WayInStep<unknown>): void {
        if (step.type === "end") this.stage.complete();
        else if (step.type === "error") inNextTurn(() => this.stage.fail(step.error));
        else super.hear(step);
      }
    },
    caught: "counts the first end only: an end behind an error changes nothing",
    says: /expected it to tell its consumer of its end: error: Error: the first, with the same error, got: normal/,
  },
  {
    what: "throws at its native side when that says more behind its end",
    bell: class extends FromBell {
      override hear(step: WayInStep<unknown>): void {
        this.isOver = false;
        super.hear(step);
      }
      override emit(event: unknown): void {
        this.stage.emit([event]);
      }
    },
    caught: "delivers nothing from behind the end",
    says: /expected it to throw nothing at its native side, got: SluiceError: .* has been completed or has ended/,
  },
  {
    what: "delivers what comes behind the end",
    bell: class extends FromBell {
      override hear(step: WayInStep<unknown>): void {
        if (step.type === "end") inNextTurn(() => super.hear(step));
        else super.hear(step);
      }
    },
    caught: "delivers nothing from behind the end",
    says: /expected it to deliver 2 events, got: 5/,
  },
  // ---- values
  {
    what: "awaits its events",
    tap: class extends FromTap {
      override event(event: unknown): void {
        void Promise.resolve(event).then(
          (settled) => super.event(settled),
          (error: unknown) => super.fail(error),
        );
      }
    },
    caught: "delivers every event as it is, whatever it looks like, or refuses it with an error that says so",
    says: /as they are, got: event 1 in the place of event 0[^]*the event is a thenable[^]{0,200}$/,
  },
  {
    what: "takes a list for several events",
    tap: class extends FromTap {
      override event(event: unknown): void {
        if (Array.isArray(event)) this.stage.emit(event);
        else super.event(event);
      }
    },
    caught: "delivers every event as it is, whatever it looks like, or refuses it with an error that says so",
    says: /as they are, got: event 1 in the place of event 0[^]*the event is an array[^]{0,200}$/,
  },
  {
    what: "takes undefined for nothing",
    tap: class extends FromTap {
      override event(event: unknown): void {
        if (event !== undefined) super.event(event);
      }
    },
    caught: "delivers every event as it is, whatever it looks like, or refuses it with an error that says so",
    says: /as they are, got: event 1 in the place of event 0|expected it to deliver undefined, and the event behind it/,
  },
  // ---- release
  {
    what: "does not release its native side",
    tap: class extends FromTap {
      override close(): void {}
    },
    caught: "releases its native side once, with the reason, when it is stopped",
    says: /expected it to release its native side, got: nothing, it hangs/,
  },
  {
    what: "releases its native side twice",
    tap: class extends FromTap {
      override close(reason: ExitReason): unknown {
        void super.close(reason);
        return super.close(reason);
      }
    },
    caught: "releases its native side once, with the reason, when it is stopped",
    says: /expected it to release its native side once, got: 2 times/,
  },
  {
    what: "releases its native side at each call of stop",
    tap: class extends FromTap {
      constructor(tap: Tap, settings: WayInSettings) {
        super(tap, settings);
        const stop = this.stage.stop.bind(this.stage);
        this.stage.stop = (reason?: unknown) => {
          if (!this.isOver) void this.tap.close(reason);
          return stop(reason);
        };
      }
      override close(): void {}
    },
    caught: "is released once, however often it is stopped",
    says: /expected it to release its native side once, got: 2 times/,
  },
  {
    what: "does not tell its native side why it is released",
    tap: class extends FromTap {
      override close(): unknown {
        return this.tap.close(undefined);
      }
    },
    caught: "releases its native side once, with the reason, when it is stopped",
    says: /expected it to tell its native side why it is released: Error: enough, by identity, got: undefined/,
  },
  {
    what: "does not tell its native side the error of a consumer",
    tap: class extends FromTap {
      override close(reason: ExitReason): unknown {
        return this.tap.close(reason.type === "shutdown" && !(reason.reason instanceof Error && reason.reason.message.includes("consumer")) ? causeOf(reason) : undefined);
      }
    },
    caught: "releases its native side once, with the error, when its consumer fails",
    says: /expected it to tell its native side why it is released: Error: the consumer is broken, by identity, got: undefined/,
  },
  {
    what: "lives on when its consumer has left",
    tap: class extends FromTap {
      override options(): object {
        return { ...super.options(), whenUnused: "wait" };
      }
    },
    caught: "releases its native side once when its consumer leaves early",
    says: /expected the stage to end \(shutdown\), got: nothing, it hangs/,
  },
  {
    what: "goes on asking when its consumer has left before the first event",
    tap: class extends FromTap {
      override pull(): void {
        this.tap.pull((step) => {
          if (!this.hasStopped) this.hear(step);
          this.pull();
        });
      }
    },
    caught: "lets go of its native side when its consumer leaves before the first event",
    says: /expected the native side to be asked for no more than 5 events and its prefetch of 0 by a consumer that has left, got: 20 produced/,
  },
  {
    what: "starts its native side for a consumer that has left",
    tap: class extends FromTap {
      override stop(reason: ExitReason): unknown {
        if (!this.isPulling && !this.isOver) this.tap.pull(() => undefined);
        return super.stop(reason);
      }
    },
    caught: "starts nothing for a consumer that leaves before it has demanded anything",
    says: /expected the native side to give at most 0 events for nobody, got: 1/,
  },
  {
    what: "waits for a call that is stuck before it releases",
    tap: class extends FromTap {
      override options(): object {
        return { ...super.options(), stopWithinMs: 10_000 };
      }
      override async close(reason: ExitReason): Promise<void> {
        if (this.isPulling) await new Promise(() => undefined);
        await super.close(reason);
      }
    },
    caught: "stops within closeWithinMs while its native side is stuck",
    says: /expected it to settle a stop within the closeWithinMs of 50 that it was given, got: nothing, it hangs/,
  },
  {
    what: "waits for its native side for as long as that takes",
    tap: class extends FromTap {
      override close(reason: ExitReason): unknown {
        return this.tap.close(causeOf(reason));
      }
    },
    caught: "stops within closeWithinMs while its native side is stuck",
    says: /expected it to settle a stop within the closeWithinMs of 50 that it was given, got: nothing, it hangs/,
  },
  {
    what: "does not wait for its native side",
    tap: class extends FromTap {
      override close(reason: ExitReason): void {
        this.tap.close(causeOf(reason)).catch(() => undefined);
      }
    },
    caught: "ends when its native side has closed, not before",
    says: /expected it to end when its native side has closed, got: an end before/,
  },
  {
    what: "keeps to itself that its native side could not be released",
    tap: class extends FromTap {
      override async close(reason: ExitReason): Promise<void> {
        await this.tap.close(causeOf(reason)).catch(() => undefined);
      }
    },
    caught: "ends for the reason that it was stopped for when its native side cannot be released, and reports that",
    says: /expected it to report once that the release has failed, with the same error, got: 0 reports/,
  },
  {
    what: "lets a loop wait for a call that is stuck",
    tap: class extends FromTap {
      override async close(reason: ExitReason): Promise<void> {
        if (this.isPulling) await new Promise(() => undefined);
        await super.close(reason);
      }
    },
    caught: "answers a loop that leaves while its native side is stuck",
    says: /expected it to release its native side, got: nothing, it hangs|expected the stage to end|expected a loop that leaves to get an answer/,
  },
  {
    what: "does not tell its native side the reason of a consumer that stops, if that is a text",
    tap: class extends FromTap {
      override close(reason: ExitReason): unknown {
        return super.close(reason.type === "shutdown" && typeof reason.reason === "string" ? { type: "shutdown" } : reason);
      }
    },
    caught: "delivers nothing more to a consumer that stops in its handler",
    says: /expected it to tell its native side why it is released: "enough", by identity, got: undefined/,
  },
  {
    what: "waits for its own end when it is left as its native side ends",
    tap: class extends FromTap {
      #isEnding = false;
      override end(): void {
        this.isOver = true;
        this.#isEnding = true;
        inNextTurn(() => this.stage.complete());
      }
      override stop(reason: ExitReason): unknown {
        return this.#isEnding && reason.type !== "normal" ? new Promise(() => undefined) : super.stop(reason);
      }
    },
    caught: "comes to one end when its native side ends as its consumer leaves, whichever is first",
    says: /expected the stage to end, got: nothing, it hangs/,
  },
  {
    what: "waits for its own end when it is stopped as its native side fails",
    tap: class extends FromTap {
      #isFailing = false;
      override fail(error: unknown): void {
        this.isOver = true;
        this.#isFailing = true;
        inNextTurn(() => this.stage.fail(error));
      }
      override stop(reason: ExitReason): unknown {
        return this.#isFailing && reason.type === "shutdown" ? new Promise(() => undefined) : super.stop(reason);
      }
    },
    caught: "comes to one end when its native side fails as it is stopped, whichever is first",
    says: /expected the stage to end, got: nothing, it hangs/,
  },
  {
    what: "does not answer who comes after its end",
    tap: class extends FromTap {
      constructor(tap: Tap, settings: WayInSettings) {
        super(tap, settings);
        deafenAtEnd(this.stage);
      }
    },
    caught: "ends a loop, and answers whoever comes after the end with it",
    says: /expected it to tell its consumer of its end \(normal\), got: nothing, it hangs/,
  },
  {
    what: "does not answer who comes after its error",
    tap: class extends FromTap {
      constructor(tap: Tap, settings: WayInSettings) {
        super(tap, settings);
        deafenAtEnd(this.stage);
      }
    },
    caught: "fails a loop with the same error, and whoever comes after it",
    says: /expected it to tell its consumer of its end \(error: Error: the native side is broken\), got: nothing, it hangs/,
  },
  {
    what: "wraps the error for a loop",
    tap: class extends FromTap {
      constructor(tap: Tap, settings: WayInSettings) {
        super(tap, settings);
        const iterate = this.stage[Symbol.asyncIterator].bind(this.stage);
        this.stage[Symbol.asyncIterator] = () => {
          const reader = iterate();
          const next = reader.next.bind(reader);
          reader.next = async () => next().catch((cause: unknown) => Promise.reject(new Error("a loop has failed", { cause })));
          return reader;
        };
      }
    },
    caught: "fails a loop with the same error, and whoever comes after it",
    says: /expected a loop to fail with the same error: Error: the native side is broken, got: Error: a loop has failed/,
  },
  {
    what: "releases at an end of its own, too, and again when it is left",
    tap: class extends FromTap {
      override end(): void {
        void this.tap.close();
        void this.tap.close();
        super.end();
      }
    },
    caught: "ends normally, behind the last event",
    says: /expected it to release its native side once, got: 2 times/,
  },
  {
    what: "releases twice at an error before the first event",
    tap: class extends FromTap {
      #hasCome = false;
      override event(event: unknown): void {
        this.#hasCome = true;
        super.event(event);
      }
      override fail(error: unknown): void {
        if (!this.#hasCome) for (const _ of [1, 2]) void this.tap.close(error);
        super.fail(error);
      }
    },
    caught: "fails with the same error before the first event",
    says: /expected it to release its native side once, got: 2 times/,
  },
  {
    what: "releases twice when nobody has come",
    tap: class extends FromTap {
      override stop(reason: ExitReason): unknown {
        if (!this.isPulling && this.wanted === 0 && !this.isOver) void this.tap.close();
        return super.stop(reason);
      }
    },
    caught: "starts nothing for a consumer that leaves before it has demanded anything",
    says: /expected it to release its native side once, got: 2 times/,
  },
  // ---- signals, and what is left
  {
    what: "does not heed its signal",
    tap: class extends FromTap {
      override options(): object {
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "ends, and releases its native side once with the reason, when its signal aborts",
    says: /expected it to tell its consumer of its end \(shutdown\), got: nothing, it hangs/,
  },
  {
    what: "does not look whether its signal has aborted before",
    tap: class extends FromTap {
      override options(): object {
        const { signal } = this.settings;
        signal?.addEventListener("abort", () => void this.stage.stop(signal.reason), { once: true });
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "never starts when its signal has aborted before",
    says: /expected it to (?:tell its consumer of its end|deliver nothing when)/,
  },
  {
    what: "forgets the reason of an abort",
    tap: class extends FromTap {
      override options(): object {
        const { signal } = this.settings;
        signal?.addEventListener("abort", () => void this.stage.stop(), { once: true });
        return { ...super.options(), signal: undefined };
      }
    },
    caught: "ends, and releases its native side once with the reason, when its signal aborts",
    says: /expected it to end for the reason of the abort: Error: enough, by identity, got: shutdown/,
  },
  {
    what: "goes on listening to its signal",
    tap: class extends FromTap {
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
    tap: class extends FromTap {
      override end(): void {
        setInterval(() => undefined, 1000);
        super.end();
      }
    },
    caught: "leaves nothing behind after many short runs: no timer, and no native side that was not released",
    says: /expected it to leave no timer behind at its end, got: 1 after 3 runs/,
  },
];

describe("the honest ways in keep the contract, on", () => {
  describe("a tap: it", () => {
    for (const { name, run } of contractOf({ tap: FromTap })) test(name, run);
  });
  describe("a tap, by fours: it", () => {
    for (const { name, run } of contractOf({ tap: FromTapByFours, options: { prefetch: 3 } })) test(name, run);
  });
  describe("a bell: it", () => {
    for (const { name, run } of contractOf({})) test(name, run);
  });
});

describe("the contract catches a way in that", () => {
  test.each(rows)("$what", async ({ caught, says, ...row }) => {
    const violation = await violationOf(contractOf(row), caught);
    expect(violation.message).toMatch(says);
  });
});
