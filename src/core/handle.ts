/** What stands behind the interfaces of `stages.ts`: one class, with the halves that a kind of stage has. */
import { Batches, Events } from "./ahead-readers.ts";
import { within } from "./deadline.ts";
import type { DemandWindow } from "./demand-window.ts";
import { SluiceError } from "./errors.ts";
import type { InletHalf } from "./inlet.ts";
import { snapshotOf, type Snapshot } from "./inspect.ts";
import { Exact } from "./exact-reader.ts";
import { checkOption, isList, oneOf } from "./options.ts";
import type { DemandMode, OutletHalf } from "./outlet.ts";
import { ADOPT, OUTLET, type ExitReason, type Outlet, type Subscribable } from "./protocol.ts";
import type { Role, StageCore } from "./stage.ts";
import type { EventReader, ProducerConsumer, PushProducer, ReadOptions, Self, SubscribeOptions } from "./stages.ts";
import { parseLink } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";

/** All that the three kinds of stage have between them; the starter functions hide what a kind does not have. */
export interface AnyStage<In, Out> extends PushProducer<Out>, ProducerConsumer<In, Out> {}

export function handleOf<In, Out>(core: StageCore, inlet: InletHalf | undefined, outlet: OutletHalf<Out> | undefined, window: DemandWindow): AnyStage<In, Out> {
  return new StageHandle(core, inlet, outlet, window);
}

class StageHandle<In, Out> implements AnyStage<In, Out> {
  readonly #core: StageCore;
  readonly #inlet: InletHalf | undefined;
  readonly #outlet: OutletHalf<Out> | undefined;
  readonly #window: DemandWindow;

  constructor(core: StageCore, inlet: InletHalf | undefined, outlet: OutletHalf<Out> | undefined, window: DemandWindow) {
    this.#core = core;
    this.#inlet = inlet;
    this.#outlet = outlet;
    this.#window = window;
  }

  get [OUTLET](): Outlet<Out> {
    // A consumer has none; its type does not show the key.
    return this.#outlet as Outlet<Out>;
  }

  get #out(): OutletHalf<Out> {
    if (this.#outlet === undefined) throw new SluiceError("SLUICE_BAD_OPTION", `${this.name} is a consumer and has no events to give`);
    return this.#outlet;
  }

  get name(): string {
    return this.#core.name;
  }

  get role(): Role {
    return this.#core.role;
  }

  get closed(): Promise<ExitReason> {
    return this.#core.closed;
  }

  [ADOPT](owner: object): boolean {
    return this.#core.adopt(owner);
  }

  async stop(reason?: unknown): Promise<void> {
    this.#core.stop(reason);
    await this.#core.hasEnded();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(this.stop(), this.#core.stopWithinMs);
  }

  snapshot(): Snapshot {
    return snapshotOf(this.#core, this.#inlet, this.#outlet);
  }

  info(message: unknown): void {
    this.#core.note({ type: "info", message });
  }

  flushed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#core.note({ type: "flush", settle: (failure) => (failure === undefined ? resolve() : reject(failure.error)) });
    });
  }

  get bufferedCount(): number {
    return this.#out.buffered;
  }

  get demandMode(): DemandMode {
    return this.#out.demandMode;
  }

  setDemandMode(mode: DemandMode): void {
    // As in GenStage: the demand of a producerConsumer is its licence to handle input, not a call that could be held.
    checkOption("the demand mode", mode, this.role === "producer" ? oneOf("forward", "accumulate") : oneOf("forward"));
    this.#core.inTurn(() => this.#out.setDemandMode(mode));
  }

  events(options: ReadOptions = {}): EventReader<Out> {
    return new Events(this.#out, options);
  }

  batches(options: ReadOptions = {}): EventReader<readonly Out[]> {
    return new Batches(this.#out, options);
  }

  [Symbol.asyncIterator](): EventReader<Out> {
    return new Exact(this.#out);
  }

  emit(events: readonly Out[]): number {
    checkOption("events", events, isList);
    if (this.#out.isCompleted) throw new SluiceError("SLUICE_ENDED", `${this.name} has been completed or has ended: it takes no more events`);
    return this.#out.post(events);
  }

  complete(): void {
    this.#out.complete();
  }

  fail(error: unknown): void {
    this.#core.inTurn(() => this.#core.callbackFailed(error));
  }

  subscribe(producer: Subscribable<In>, options: SubscribeOptions = {}): Subscription {
    const inlet = this.#inlet;
    if (inlet === undefined) throw new SluiceError("SLUICE_BAD_OPTION", `${this.name} is a producer and subscribes to nobody`);
    const { target, settings, replaces } = parseLink(producer, options, this.#window);
    return inlet.subscribe(target, settings, replaces);
  }
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
