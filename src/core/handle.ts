/** What stands behind the interfaces of `stages.ts`. */
import { Batches, Events } from "./ahead-readers.ts";
import { within } from "./deadline.ts";
import type { DemandWindow } from "./demand-window.ts";
import { BadOptionError, SluiceError } from "./errors.ts";
import type { InletHalf } from "./inlet.ts";
import { snapshotOf, type Snapshot } from "./inspect.ts";
import { Exact } from "./exact-reader.ts";
import { checkOption, integer, isList, oneOf } from "./options.ts";
import type { DemandMode, OutletHalf } from "./outlet.ts";
import { ADOPT, OUTLET, type ExitReason, type Outlet, type Subscribable } from "./protocol.ts";
import type { Role, StageCore } from "./stage.ts";
import type { Consumer, EventReader, Producer, ProducerConsumer, PushProducer, ReadOptions, Self, Stage, SubscribeOptions } from "./stages.ts";
import { parseLink } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";
import { INSPECT, summaryOf } from "./summary.ts";

/** All that the three kinds of stage have between them: what `makeHandle` gives, each kind its own part of it. */
export interface AnyStage<In, Out> extends PushProducer<Out>, ProducerConsumer<In, Out> {}

export function makeHandle<In, Out>(core: StageCore, inlet: InletHalf | undefined, outlet: OutletHalf<Out> | undefined, window: DemandWindow): AnyStage<In, Out> {
  if (outlet === undefined) return new ConsumerHandle<In>(core, inlet as InletHalf, window) as Consumer<In> as AnyStage<In, Out>;
  if (inlet === undefined) return new ProducerHandle<Out>(core, outlet) as PushProducer<Out> as AnyStage<In, Out>;
  return new ProducerConsumerHandle<In, Out>(core, inlet, outlet, window) as ProducerConsumer<In, Out> as AnyStage<In, Out>;
}

abstract class StageHandle implements Stage {
  protected readonly core: StageCore;

  constructor(core: StageCore) {
    this.core = core;
  }

  get name(): string {
    return this.core.name;
  }

  get role(): Role {
    return this.core.role;
  }

  get closed(): Promise<ExitReason> {
    return this.core.closed;
  }

  [ADOPT](owner: object): boolean {
    return this.core.adopt(owner);
  }

  async stop(reason?: unknown): Promise<void> {
    this.core.stop(reason);
    await this.core.hasEnded();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(this.stop(), this.core.stopWithinMs);
  }

  abstract snapshot(): Snapshot;

  [INSPECT](): string {
    return summaryOf(this.snapshot());
  }

  info(message: unknown): void {
    this.core.note({ type: "info", message });
  }

  flushed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.core.note({ type: "flush", settle: (failure) => (failure === undefined ? resolve() : reject(failure.error)) });
    });
  }
}

class ConsumerHandle<In> extends StageHandle implements Consumer<In> {
  readonly #inlet: InletHalf;
  readonly #window: DemandWindow;

  constructor(core: StageCore, inlet: InletHalf, window: DemandWindow) {
    super(core);
    this.#inlet = inlet;
    this.#window = window;
  }

  snapshot(): Snapshot {
    return snapshotOf(this.core, this.#inlet, undefined);
  }

  subscribe(producer: Subscribable<In>, options: SubscribeOptions = {}): Subscription {
    return subscribe(this.#inlet, this.#window, producer, options);
  }
}

abstract class ProducingHandle<Out> extends StageHandle implements Producer<Out> {
  protected readonly outlet: OutletHalf<Out>;

  constructor(core: StageCore, outlet: OutletHalf<Out>) {
    super(core);
    this.outlet = outlet;
  }

  get [OUTLET](): Outlet<Out> {
    return this.outlet;
  }

  get bufferedCount(): number {
    return this.outlet.buffered;
  }

  get demandMode(): DemandMode {
    return this.outlet.demandMode;
  }

  setDemandMode(mode: DemandMode): void {
    // As in GenStage: the demand of a producerConsumer is its licence to handle input, not a call that could be held.
    checkOption("the demand mode", mode, this.role === "producer" ? oneOf("forward", "accumulate") : oneOf("forward"));
    this.core.inTurn(() => this.outlet.setDemandMode(mode));
  }

  events(options: ReadOptions = {}): EventReader<Out> {
    return new Events(this[OUTLET], options);
  }

  batches(options: ReadOptions = {}): EventReader<readonly Out[]> {
    return new Batches(this[OUTLET], options);
  }

  [Symbol.asyncIterator](): EventReader<Out> {
    return new Exact(this[OUTLET]);
  }
}

class ProducerHandle<Out> extends ProducingHandle<Out> implements PushProducer<Out> {
  snapshot(): Snapshot {
    return snapshotOf(this.core, undefined, this.outlet);
  }

  emit(events: readonly Out[]): number {
    checkOption("events", events, isList);
    if (this.outlet.isCompleted) throw new SluiceError("SLUICE_ENDED", `${this.name} has been completed or has ended: it takes no more events`);
    return this.outlet.post(events);
  }

  discard(count: number): void {
    checkOption("the count of discarded events", count, integer(0));
    if (count > 0) this.core.inTurn(() => this.outlet.discard(count));
  }

  complete(): void {
    this.outlet.complete();
  }

  fail(error: unknown): void {
    this.core.inTurn(() => this.core.callbackFailed(error));
  }
}

class ProducerConsumerHandle<In, Out> extends ProducingHandle<Out> implements ProducerConsumer<In, Out> {
  readonly #inlet: InletHalf;
  readonly #window: DemandWindow;

  constructor(core: StageCore, inlet: InletHalf, outlet: OutletHalf<Out>, window: DemandWindow) {
    super(core, outlet);
    this.#inlet = inlet;
    this.#window = window;
  }

  snapshot(): Snapshot {
    return snapshotOf(this.core, this.#inlet, this.outlet);
  }

  subscribe(producer: Subscribable<In>, options: SubscribeOptions = {}): Subscription {
    return subscribe(this.#inlet, this.#window, producer, options);
  }
}

function subscribe(inlet: InletHalf, window: DemandWindow, producer: unknown, options: SubscribeOptions): Subscription {
  const { target, settings, replaces } = parseLink(producer, options, window);
  if (replaces !== undefined && !inlet.owns(replaces.subscription)) {
    throw new BadOptionError("replaces", "an object with a subscription of this consumer", replaces.subscription);
  }
  return inlet.subscribe(target, settings, replaces);
}

/** The handle that callbacks get as `self`. */
export function selfOf<Out>(core: StageCore, inlet: InletHalf | undefined, outlet: OutletHalf<Out> | undefined): Self<Out> {
  return {
    get signal() {
      return core.signal;
    },
    emit(events) {
      checkOption("events", events, isList);
      if (outlet === undefined) throw new SluiceError("SLUICE_BAD_OPTION", `${core.name} is a consumer and cannot emit`);
      if (!core.isAlive) throw new SluiceError("SLUICE_ENDED", `${core.name} has ended: it takes no more events`);
      if (events.length === 0) return outlet.room;
      // Behind what earlier calls of a single-event handler have returned.
      inlet?.flush();
      const room = outlet.emit(events);
      core.nudge();
      return room;
    },
    complete() {
      if (inlet !== undefined) inlet.finish();
      else core.finish();
    },
    fail(error) {
      core.callbackFailed(error);
    },
    stop(reason) {
      core.stop(reason);
    },
  };
}
