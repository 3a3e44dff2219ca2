/** Producers that are written by hand: sync, async, and one of each dispatcher. */
import { broadcastDispatcher, partitionDispatcher, producer, producerConsumer, type DispatcherFactory, type MaybePromise, type Self } from "sluice";
import type { Source, Step } from "../source.ts";
import type { InSettings, Near, WayIn } from "../ways.ts";
import { plain, stageOptions } from "./stage-options.ts";

const PRODUCER = {
  carries: "anything",
  pace: "asked",
  canWait: true,
  cleanup: "awaited",
  cleansUpAfter: { end: true, failure: true },
  hearsReason: true,
  isOpenFromStart: true,
} as const;

export const syncProducer: WayIn = {
  name: "producer, sync",
  ...PRODUCER,
  open: (source, settings) => written(source, settings, (demand, self, pump) => pump.demand(demand, self)),
};

export const asyncProducer: WayIn = {
  name: "producer, async",
  ...PRODUCER,
  cannotThrow: "an async function that throws has failed by its promise",
  cannotBeEager: "what an async function gives comes after it has returned",
  open: (source, settings) => written(source, settings, (demand, self) => list(source, demand, self)),
};

export const broadcastProducer: WayIn = {
  name: "producer, broadcast",
  ...PRODUCER,
  open: (source, settings) => written(source, settings, (demand, self, pump) => pump.demand(demand, self), broadcastDispatcher()),
};

/** With a producerConsumer behind it, as not all ways out can say which partition they are. */
export const partitionProducer: WayIn = {
  name: "producer, partition",
  ...PRODUCER,
  open(source, settings) {
    const dispatcher = partitionDispatcher<unknown>({ partitions: [0], hash: () => 0 });
    // The signal is that of the stage in front.
    const { producer: partitioned } = written(source, { ...settings, signal: undefined }, (demand, self, pump) => pump.demand(demand, self), dispatcher);
    const stage = producerConsumer({
      name: "behind the partition",
      stopWithinMs: settings.closeWithinMs,
      signal: settings.signal,
      subscribeTo: [{ to: partitioned, partition: 0, maxDemand: 4 }],
      handleEvents: (events: readonly unknown[]) => events,
    });
    return { ...plain(stage), stages: [stage, partitioned], windows: 8 };
  },
};

type HandleDemand = (demand: number, self: Self<unknown>, pump: Pump) => MaybePromise<readonly unknown[] | undefined>;

function written(source: Source, settings: InSettings, handleDemand: HandleDemand, dispatcher?: DispatcherFactory<unknown>): Near {
  const { closeWithinMs, ...options } = stageOptions(settings);
  const pump = new Pump(source);
  const stage = producer<unknown>({
    ...options,
    stopWithinMs: closeWithinMs,
    dispatcher,
    handleDemand(demand, self) {
      if (source.opens === 0) source.open();
      return handleDemand(demand, self, pump);
    },
    handleStop: (reason) => source.release(reason.type === "error" ? reason.error : reason.type === "shutdown" ? reason.reason : undefined),
  });
  return plain(stage);
}

/** Gives what is demanded as far as it is there; what has to be waited for is emitted later. */
class Pump {
  readonly #source: Source;
  #wanted = 0;
  #isWaiting = false;

  constructor(source: Source) {
    this.#source = source;
  }

  demand(demand: number, self: Self<unknown>): readonly unknown[] {
    this.#wanted += demand;
    const events: unknown[] = [];
    while (this.#wanted > 0 && !this.#isWaiting) {
      const step = this.#source.take();
      if (step instanceof Promise) this.#wait(step, self);
      else if (step.type === "event") {
        this.#wanted -= 1;
        events.push(step.event);
      } else return this.#end(step, events, self);
    }
    return events;
  }

  #end(step: Step, events: readonly unknown[], self: Self<unknown>): readonly unknown[] {
    this.#wanted = 0;
    if (step.type === "fail") {
      if ("isThrown" in step &&  step.isThrown) {
        if (events.length > 0) self.emit(events);
        throw step.error;
      }
      if (events.length > 0) self.emit(events);
      self.fail(step.error);
      this.#sayMore(self);
      return [];
    }
    self.complete();
    if (this.#source.hasAfterword) {
      // The list that is returned still belongs to the stream; what is said behind it does not.
      queueMicrotask(() => this.#sayMore(self));
    }
    return events;
  }

  /** What may not be said any more. */
  #sayMore(self: Self<unknown>): void {
    while (this.#source.hasAfterword) {
      const step = this.#source.take() as Step;
      try {
        if (step.type === "end") self.complete();
        else if (step.type === "fail") self.fail(step.error);
        else self.emit([step.event]);
      } catch {
        // `emit` says so itself: SLUICE_ENDED.
      }
    }
  }

  #wait(step: Promise<Step>, self: Self<unknown>): void {
    this.#isWaiting = true;
    void step.then((settled) => {
      this.#isWaiting = false;
      if (self.signal.aborted) {
        if (settled.type === "fail") self.fail(settled.error);
        return;
      }
      if (settled.type === "event") {
        this.#wanted -= 1;
        self.emit([settled.event]);
        const more = this.demand(0, self);
        if (more.length > 0) self.emit(more);
      } else if (settled.type === "end") self.complete();
      else self.fail(settled.error);
    });
  }
}

/** As an async function does it: all that is demanded, unless it ends before. What it has it emits before it waits. */
async function list(source: Source, demand: number, self: Self<unknown>): Promise<readonly unknown[]> {
  let events: unknown[] = [];
  for (let left = demand; left > 0; left -= 1) {
    let step = source.take();
    if (step instanceof Promise) {
      if (events.length > 0) self.emit(events);
      events = [];
      const settled = await orAborted(step, self.signal);
      if (settled === undefined) {
        source.hasKeptSilent = true;
        return [];
      }
      step = settled;
    }
    if (step.type === "event") events.push(step.event);
    else if (step.type === "end") {
      self.complete();
      return events;
    } else {
      if (events.length > 0) self.emit(events);
      throw step.error;
    }
  }
  return events;
}

/** Waits as one who heeds the signal of his stage. */
function orAborted(step: Promise<Step>, signal: AbortSignal): Promise<Step | undefined> {
  return new Promise((resolve) => {
    const leave = (): void => resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    void step.then((settled) => {
      signal.removeEventListener("abort", leave);
      resolve(settled);
    });
  });
}
