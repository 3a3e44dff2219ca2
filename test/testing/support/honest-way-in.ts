/** Two small ways in that keep the contract, to be broken in one place each: of a tap that is asked, of a bell that is not. */
import { SluiceError, causeOf, producer, within, type ExitReason, type PushProducer, type Self } from "sluice";
import type { WayInSettings, WayInSource, WayInStep } from "sluice/testing";

/** Native: gives one step for each pull, now or later. */
export class Tap {
  readonly #source: WayInSource<unknown>;

  constructor(source: WayInSource<unknown>) {
    this.#source = source;
  }

  pull(back: (step: WayInStep<unknown>) => void): void {
    const go = (): void => {
      const step = this.#source.take(go);
      if (step.type !== "wait") back(step);
    };
    go();
  }

  close(...reason: readonly [unknown?]): Promise<void> {
    return this.#source.release(...reason);
  }
}

/** A producer of what a tap gives. */
export class FromTap {
  readonly tap: Tap;
  readonly settings: WayInSettings;
  readonly stage: PushProducer<unknown>;
  wanted = 0;
  isPulling = false;
  isOver = false;
  hasStopped = false;

  constructor(tap: Tap, settings: WayInSettings) {
    this.tap = tap;
    this.settings = settings;
    this.stage = producer<unknown>({
      ...this.options(),
      handleDemand: (demand, self) => this.demand(demand, self),
      handleStop: (reason) => this.stop(reason),
    });
  }

  options(): object {
    const { signal, handleReport } = this.settings;
    return { signal, handleReport, bufferSize: Infinity };
  }

  demand(demand: number, _self: Self<unknown>): void {
    this.wanted += demand;
    this.pull();
  }

  pull(): void {
    while (this.wanted > 0 && !this.isPulling && !this.isOver) {
      this.isPulling = true;
      let isAnswered = false;
      let isLate = false;
      this.tap.pull((step) => {
        isAnswered = true;
        this.isPulling = false;
        if (this.hasStopped) return;
        this.hear(step);
        if (isLate) this.late();
      });
      isLate = !isAnswered;
    }
  }

  /** A step has come later than it was asked for. */
  late(): void {
    this.pull();
  }

  hear(step: WayInStep<unknown>): void {
    if (step.type === "event") {
      this.wanted -= 1;
      this.event(step.event);
    } else if (step.type === "error") this.fail(step.error);
    else this.end();
  }

  event(event: unknown): void {
    this.emit([event]);
  }

  /** It may have been stopped in this turn: then it takes nothing any more. */
  emit(events: readonly unknown[]): void {
    try {
      if (events.length > 0) this.stage.emit(events);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
    }
  }

  end(): void {
    this.isOver = true;
    this.stage.complete();
  }

  fail(error: unknown): void {
    this.isOver = true;
    this.stage.fail(error);
  }

  stop(reason: ExitReason): unknown {
    this.hasStopped = true;
    if (this.isOver) return undefined;
    this.isOver = true;
    return this.close(reason);
  }

  close(reason: ExitReason): unknown {
    return within(this.tap.close(causeOf(reason)), this.settings.closeWithinMs);
  }
}

/** Native: says what it likes to who listens, also behind its end. */
export class Bell {
  readonly #source: WayInSource<unknown>;
  #hear: ((step: WayInStep<unknown>) => void) | undefined;

  constructor(source: WayInSource<unknown>) {
    this.#source = source;
  }

  listen(hear: (step: WayInStep<unknown>) => void): void {
    this.#hear = hear;
    this.#play();
  }

  leave(): void {
    this.#hear = undefined;
    void this.#source.release();
  }

  #play(): void {
    while (this.#hear !== undefined) {
      const step = this.#source.take(() => this.#play());
      if (step.type === "wait") return;
      this.#hear(step);
    }
  }
}

/** A producer of what a bell says, without a bound. */
export class FromBell {
  readonly bell: Bell;
  readonly stage: PushProducer<unknown>;
  hasStarted = false;
  isOver = false;

  constructor(bell: Bell, { signal, handleReport }: WayInSettings) {
    this.bell = bell;
    this.stage = producer<unknown>({
      signal,
      handleReport,
      bufferSize: Infinity,
      handleDemand: () => {
        if (!this.hasStarted) this.start();
      },
      handleStop: () => this.stop(),
    });
  }

  start(): void {
    this.hasStarted = true;
    this.bell.listen((step) => this.hear(step));
  }

  hear(step: WayInStep<unknown>): void {
    if (this.isOver) return;
    if (step.type === "event") this.emit(step.event);
    else {
      this.isOver = true;
      if (step.type === "error") this.stage.fail(step.error);
      else this.stage.complete();
    }
  }

  emit(event: unknown): void {
    try {
      this.stage.emit([event]);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
    }
  }

  stop(): void {
    this.isOver = true;
    if (this.hasStarted) this.bell.leave();
  }
}
