/** A Publisher that is written by hand: one that is asked by a producer, and one that signals into a stage. */
import { producerConsumer } from "sluice";
import { asSubscriber, fromPublisher, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import type { Source, Step } from "../source.ts";
import type { WayIn } from "../ways.ts";
import { plain, stageOptions } from "./stage-options.ts";

const PUBLISHER = {
  // Neither null nor undefined can be signalled, also as an error.
  carries: "objects",
  canFailWith: (error: unknown) => error !== null && error !== undefined,
  pace: "asked",
  canWait: true,
  cleanup: "thrown",
  cleansUpAfter: { end: false, failure: false },
  // `cancel()` takes no reason.
  hearsReason: false,
  hearsLate: true,
  failsLate: true,
} as const;

export const publisher: WayIn = {
  name: "Publisher",
  ...PUBLISHER,
  open(source, settings) {
    const { closeWithinMs, ...options } = stageOptions(settings);
    return { ...plain(fromPublisher(new Scripted(source), { ...options, stopWithinMs: closeWithinMs })), isClosed: () => isClosed(source) };
  },
};

export const subscriber: WayIn = {
  name: "asSubscriber",
  ...PUBLISHER,
  startsItself: true,
  open(source, settings) {
    const { closeWithinMs, ...options } = stageOptions(settings);
    const stage = producerConsumer({ ...options, stopWithinMs: closeWithinMs, handleEvents: (events: readonly unknown[]) => events });
    new Scripted(source).subscribe(asSubscriber(stage, { maxDemand: 4, minDemand: 2 }));
    // The window that it requests, and one more for the producerConsumer.
    return { ...plain(stage), windows: 8, isClosed: () => isClosed(source) };
  },
};

function isClosed({ opens, ended, releases }: Source): boolean {
  return opens === 0 || ended !== undefined || releases.length > 0;
}

class Scripted implements Publisher<unknown> {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  subscribe(receiver: Subscriber<unknown>): void {
    this.#source.open();
    const signals = new Signals(this.#source, receiver);
    receiver.onSubscribe(signals);
    signals.run();
  }
}

/** Signals in the call of `request`, and one at a time; it ends unasked. */
class Signals implements Subscription {
  readonly #source: Source;
  readonly #subscriber: Subscriber<unknown>;
  #open = 0;
  /** In a signal, or waiting for what comes next. */
  #isBusy = true;
  #isOver = false;

  constructor(source: Source, receiver: Subscriber<unknown>) {
    this.#source = source;
    this.#subscriber = receiver;
  }

  request(demand: number): void {
    if (!(demand >= 1)) throw new RangeError(`expected a demand of at least 1 (rule 3.9), got: ${demand}`);
    this.#open += demand;
    if (!this.#isBusy) this.run();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#source.release();
  }

  run(): void {
    this.#isBusy = true;
    while (!this.#isOver && (this.#open > 0 || this.#endsUnasked)) {
      const step = this.#source.take();
      if (step instanceof Promise) {
        void step.then((settled) => this.#settle(settled));
        return;
      }
      this.#play(step);
    }
    this.#isBusy = false;
  }

  get #endsUnasked(): boolean {
    const { ending } = this.#source.script;
    return this.#source.isAtEnd && !(ending?.type === "fail" && ending.isThrown === true);
  }

  #settle(step: Step): void {
    if (this.#isOver) {
      this.#source.hasKeptSilent = true;
      if (step.type === "fail") this.#subscriber.onError(step.error);
      return;
    }
    this.#play(step);
    this.run();
  }

  #play(step: Step): void {
    if (step.type === "event") {
      this.#open -= 1;
      this.#subscriber.onNext(step.event);
      return;
    }
    this.#isOver = true;
    if ("isThrown" in step && step.isThrown) throw step.error;
    this.#signal(step);
    while (this.#source.hasAfterword) this.#signal(this.#source.take() as Step);
  }

  #signal(step: Step): void {
    if (step.type === "event") this.#subscriber.onNext(step.event);
    else if (step.type === "end") this.#subscriber.onComplete();
    else this.#subscriber.onError(step.error);
  }
}
