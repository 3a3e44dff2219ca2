/** Plays a trace against Sluice: the stage through its public API, its partners as raw probes. */
import { consumer, producer, producerConsumer, SluiceError, type Consumer, type ExitReason, type Producer, type PushProducer, type Report, type SubscribeOptions, type Subscription } from "sluice";
import { ConsumerProbe, ProducerProbe, settle, type ProbeWire } from "sluice/testing";
import { dispatcherOf, selectorOf } from "./replay-dispatcher.ts";
import { Tape } from "./replay-tape.ts";
import { SupervisorUnderTest } from "./replay-supervisor.ts";
import type { ConsumerOptions, Event, Expectation, ModelledTrace, OnDemand, Reason, StageStep, StageSut, SupervisorExpectation, SupervisorStep, SupervisorSut } from "./trace.ts";

/** What Sluice does at each step of a trace; with `isAsync` every handler returns a promise, and children are stages. */
export async function replay(trace: ModelledTrace, isAsync = false): Promise<readonly Expectation[]> {
  const player = new Player(trace.sut, isAsync);
  const played: Expectation[] = [];
  for (const step of trace.steps) {
    const expectation = await player.play(step);
    played.push(expectation);
    if (expectation.stopped !== undefined || expectation.startError !== undefined) break;
  }
  await player.end();
  return played;
}

type AnyStage = Partial<PushProducer<Event>> & Partial<Consumer<Event>> & (Producer<Event> | Consumer<Event>);

/** A subscription of the stage to a producer that is a probe. */
interface Up {
  readonly probe: ProducerProbe<Event>;
  readonly wire: ProbeWire<Event>;
  readonly process: string;
  readonly subscription: Subscription | undefined;
  seenAsks: number;
  seenCancels: number;
  isSeen: boolean;
  isDead: boolean;
}

/** A subscription of a probe to the stage. */
interface Down {
  readonly probe: ConsumerProbe<Event>;
  readonly process: string;
  seenBatches: number;
  seenEnds: number;
  isDead: boolean;
}

const HIDDEN = "hidden";

class Player {
  readonly #sut: StageSut | SupervisorSut;
  readonly #isAsync: boolean;
  readonly #tape = new Tape();
  readonly #ups = new Map<string, Up[]>();
  readonly #downs = new Map<string, Down[]>();
  /** The name of each subscription to a probe; one at the start has the name of its producer. */
  readonly #names = new Map<unknown, string>();
  readonly #identities = new Map<string, object>();
  #emit: ((events: readonly Event[]) => void) | undefined;
  readonly #stage: AnyStage | undefined;
  readonly #supervisor: SupervisorUnderTest | undefined;
  readonly #startError: unknown;
  #stopped: ExitReason | undefined;
  #next = 0;

  constructor(sut: StageSut | SupervisorSut, isAsync: boolean) {
    this.#sut = sut;
    this.#isAsync = isAsync;
    try {
      if (sut.type === "consumerSupervisor") {
        this.#supervisor = new SupervisorUnderTest(sut, this.#tape, isAsync);
        this.#stage = this.#supervisor.stage;
      } else {
        const links = (sut.subscribeTo ?? []).map(({ producer: name, options }) => ({ name, options, probe: new ProducerProbe<Event>({ name }) }));
        this.#stage = this.#start(sut, links.map(({ probe, options }) => ({ to: probe.producer, ...subscribeOptions(options) })));
        for (const { name, probe } of links) this.#keep(name, name, probe, undefined);
      }
      void this.#stage?.closed.then((reason) => {
        this.#stopped = reason;
      });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#startError = error;
    }
  }

  async play(step: SupervisorStep): Promise<SupervisorExpectation> {
    if (this.#startError === undefined) {
      if (this.#supervisor?.do(step) !== true) this.#do(step as StageStep);
      await settle();
      this.#look();
    } else this.#tape.startError = { error: "bad_opts" };
    const { startError, ...seen } = this.#tape.take();
    const buffered = this.#stage?.snapshot().output?.buffered ?? 0;
    return {
      ...seen,
      ...(this.#stopped !== undefined ? { stopped: recordedReason(this.#stopped) } : { ...(buffered > 0 && { buffered }), ...this.#supervisor?.counts }),
      ...(startError && { startError }),
    };
  }

  async end(): Promise<void> {
    await this.#stage?.stop();
  }

  // ---- the stage under test

  #start(sut: StageSut, subscribeTo: readonly ({ readonly to: ProducerProbe<Event>["producer"] } & SubscribeOptions)[]): AnyStage {
    const tape = this.#tape;
    const common = {
      name: "sut",
      ...(sut.extraOptions as object | undefined),
      handleSubscribe: (from: { readonly name: string }) => this.#answer(tape.handleSubscribe.push(this.#names.get(from) ?? from.name) && undefined),
      handleCancel: ({ kind, reason }: { readonly kind: "cancel" | "down"; readonly reason: ExitReason }, from: { readonly name: string }) =>
        this.#answer(tape.handleCancel.push([this.#names.get(from) ?? from.name, kind, recordedReason(reason)]) && undefined),
      handleInfo: (message: unknown) => this.#answer(tape.infos.push(String(message)) && undefined),
      handleReport: (report: Report) => tape.report(report, sut.formatDiscarded),
    };
    if (sut.type === "consumer") return consumer<Event>({ ...common, ...givenToConsumer(sut), handleEvents: this.#handler(sut), ...onStart(subscribeTo) });
    const outlet = {
      ...common,
      bufferSize: bufferSizeOf(sut),
      bufferKeep: (sut.bufferKeep ?? "last") as "last",
      dispatcher: dispatcherOf(sut.dispatcher),
      whenUnused: "wait" as const,
      ...(sut.demand !== undefined && { demand: sut.demand as "forward" }),
      ...(sut.formatDiscarded !== "absent" && {
        handleDiscarded: (count: number) => this.#answer(tape.discarded.push(count) && undefined),
      }),
    };
    if (sut.type === "producer") {
      return producer<Event>({
        ...outlet,
        handleDemand: (demand) => {
          tape.demands.push(demand);
          return this.#answer(this.#made(sut.onDemand ?? "none", demand));
        },
      });
    }
    // Nobody emits from outside of a producerConsumer: a hidden subscription gets hold of its `self`.
    const hidden = { to: new ProducerProbe<Event>({ name: HIDDEN }).producer, cancel: "temporary", mode: "manual" } as const;
    return producerConsumer<Event, Event>({
      ...outlet,
      handleSubscribe: (from, self) => {
        if (from.name !== HIDDEN) return outlet.handleSubscribe(from);
        this.#emit = (events) => void self.emit(events);
        return undefined;
      },
      handleEvents: this.#handler(sut),
      // Options given only to be refused go first.
      ...onStart([hidden, ...subscribeTo]),
      ...(sut.extraOptions as object | undefined),
    });
  }

  #handler({ emits, onEvents }: StageSut) {
    return (events: readonly Event[], from: Subscription): readonly Event[] | Promise<readonly Event[]> => {
      this.#tape.handled.push([this.#names.get(from) ?? from.name, events]);
      return this.#answer(emits ?? outputOf(onEvents, events));
    };
  }

  #answer<Value>(value: Value): Value {
    return this.#isAsync ? (Promise.resolve(value) as Value) : value;
  }

  #made(onDemand: OnDemand, demand: number): readonly number[] {
    const count = onDemand === "none" ? 0 : onDemand === "counter" ? demand : "chunk" in onDemand ? onDemand.chunk : Math.min(demand, onDemand.atMost);
    return Array.from({ length: count }, () => this.#next++);
  }

  // ---- steps

  #do(step: StageStep): void {
    const stage = this.#stage as AnyStage;
    switch (step.do) {
      case "start":
        return;
      case "subscribe":
        if (step.duplicate === true) return;
        return this.#subscribe(step.consumer, step.process ?? step.consumer, step.options, undefined);
      case "resubscribe":
        return this.#subscribe(step.to, step.process, step.options, { from: step.from, reason: step.reason });
      case "ask":
        void this.#downs.get(step.consumer)?.at(-1)?.probe.ask(step.demand);
        return;
      case "cancel":
        void this.#downs.get(step.consumer)?.at(-1)?.probe.cancel(exitReason(step.reason));
        return;
      case "down":
        for (const down of this.#allDowns()) {
          if (down.process !== step.consumer || down.isDead) continue;
          void down.probe.down(exitReason(step.reason));
          down.isDead = true;
        }
        return;
      case "emit":
      case "emitCall":
        if (stage.emit === undefined) this.#emit?.(step.events);
        else stage.emit(step.events);
        return;
      case "demandMode":
        if (stage.role === "consumer") return;
        this.#try("demand-mode-not-a-producer", () => stage.setDemandMode?.(step.mode));
        return;
      case "getDemandMode":
        if (stage.role !== "consumer") this.#tape.reply = stage.demandMode;
        return;
      case "info":
        stage.info(step.message);
        return;
      case "stop":
        if (step.reason === "normal") stage.complete?.();
        else void stage.stop(typeof step.reason === "object" && "shutdown" in step.reason ? step.reason.shutdown : undefined);
        return;
      case "burst":
        for (const each of step.steps) this.#do(each);
        return;
      case "subscribeTo":
        return this.#subscribeTo(step);
      case "subscribeToDead":
        if (step.how === "name") return;
        this.#subscribeTo({ ...step, do: "subscribeTo" });
        for (const up of this.#ups.get(step.producer) ?? []) {
          void up.wire.end("down", exitReason("noproc"));
          up.isDead = true;
          up.isSeen = true;
        }
        return;
      case "events":
        void this.#wireOf(step.producer)?.send(step.events);
        return;
      case "producerCancel":
        void this.#wireOf(step.producer)?.end("cancel", exitReason(step.reason));
        return;
      case "producerDown":
        for (const ups of this.#ups.values()) {
          for (const up of ups) {
            if (up.process !== step.producer || up.isDead) continue;
            void up.wire.end("down", exitReason(step.reason));
            up.isDead = true;
          }
        }
        return;
      case "consumerAsk":
        this.#ups.get(step.producer)?.at(-1)?.subscription?.ask(step.demand);
        return;
      case "cancelSubscription":
        void this.#ups.get(step.producer)?.at(-1)?.subscription?.cancel(exitReason(step.reason));
    }
  }

  /** What Sluice refuses with an error, GenStage logs. */
  #try(kind: string, task: () => void): void {
    try {
      task();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#tape.log({ level: "error", kind });
    }
  }

  #subscribe(name: string, process: string, options: object | undefined, replaced: { readonly from: string; readonly reason: Reason } | undefined): void {
    const old = replaced && this.#downs.get(replaced.from)?.at(-1)?.probe;
    const probe = new ConsumerProbe<Event>(this.#stage as Producer<Event>, {
      name,
      identity: this.#identity(process),
      ...(options && { options: { ...options, ...("selector" in options && { selector: selectorOf(String(options.selector)) }) } }),
      ...(old && replaced && { replaces: { probe: old, reason: exitReason(replaced.reason) } }),
    });
    this.#downs.set(name, [...(this.#downs.get(name) ?? []), { probe, process, seenBatches: 0, seenEnds: 0, isDead: false }]);
  }

  #subscribeTo({ producer: name, process = name, options, current, reason }: Extract<StageStep, { do: "subscribeTo" }>): void {
    // A subscription that replaces another goes to the same producer.
    if (this.#sut.type === "producer") return;
    const old = current === undefined ? undefined : this.#ups.get(current)?.at(-1);
    const probe = old?.probe ?? new ProducerProbe<Event>({ name });
    try {
      const subscription = (this.#stage as Consumer<Event>).subscribe(probe.producer, {
        ...subscribeOptions(options ?? {}),
        ...(old?.subscription && reason !== undefined && { replaces: { subscription: old.subscription, reason: exitReason(reason) } }),
      });
      this.#names.set(subscription, name);
      this.#keep(name, process, probe, subscription);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#tape.reply = { error: { error: "bad_opts" } };
    }
  }

  #keep(name: string, process: string, probe: ProducerProbe<Event>, subscription: Subscription | undefined): void {
    const up = { probe, wire: probe.wire, process, subscription, seenAsks: 0, seenCancels: 0, isSeen: false, isDead: false };
    this.#ups.set(name, [...(this.#ups.get(name) ?? []), up]);
  }

  #wireOf(name: string): ProbeWire<Event> | undefined {
    return this.#ups.get(name)?.at(-1)?.wire;
  }

  #identity(process: string): object {
    const identity = this.#identities.get(process) ?? { process };
    this.#identities.set(process, identity);
    return identity;
  }

  #allDowns(): readonly Down[] {
    return [...this.#downs.values()].flat();
  }

  // ---- what the partners saw

  #look(): void {
    for (const [name, downs] of this.#downs) {
      for (const down of downs) {
        const { batches, ends } = down.probe;
        if (!down.isDead) {
          this.#tape.add("received", name, batches.slice(down.seenBatches));
          this.#tape.add("cancels", name, ends.slice(down.seenEnds).map(({ reason }) => recordedReason(reason)));
        }
        down.seenBatches = batches.length;
        down.seenEnds = ends.length;
      }
    }
    for (const [name, ups] of this.#ups) {
      for (const up of ups) {
        const { asks, cancels, replaces } = up.wire;
        if (!up.isSeen) this.#tape.add("subscribes", name, [replaces === undefined ? null : { current: this.#nameOf(replaces.port), reason: recordedReason(replaces.reason) }]);
        up.isSeen = true;
        if (!up.isDead) {
          this.#tape.add("asks", name, asks.slice(up.seenAsks));
          this.#tape.add("cancelsUp", name, cancels.slice(up.seenCancels).map(({ reason }) => recordedReason(reason)));
        }
        up.seenAsks = asks.length;
        up.seenCancels = cancels.length;
      }
    }
  }

  #nameOf(port: unknown): string {
    for (const [name, ups] of this.#ups) if (ups.some(({ wire }) => wire === port)) return name;
    return "unknown";
  }
}

/** What a consumer does not take: there only to be refused. */
function givenToConsumer({ dispatcher, bufferSize, bufferKeep, demand }: StageSut): object {
  return Object.fromEntries(Object.entries({ dispatcher, bufferSize, bufferKeep, demand }).filter(([, value]) => value !== undefined));
}

function onStart(subscribeTo: readonly unknown[]): { readonly subscribeTo?: undefined } {
  return (subscribeTo.length > 0 ? { subscribeTo } : {}) as { readonly subscribeTo?: undefined };
}

function bufferSizeOf({ bufferSize, type }: StageSut): number {
  if (bufferSize === "infinity") return Infinity;
  return (bufferSize ?? (type === "producer" ? 10_000 : Infinity)) as number;
}

export function outputOf(onEvents: StageSut["onEvents"], events: readonly Event[]): readonly Event[] {
  switch (onEvents) {
    case "identity":
      return events;
    case "double":
      return events.flatMap((event) => [event, event]);
    case "evens":
      return events.filter((event) => Number(event) % 2 === 0);
    default:
      return [];
  }
}

/** GenStage's defaults, given explicitly. */
export function subscribeOptions({ manual, ...options }: ConsumerOptions): SubscribeOptions {
  return { cancel: "permanent", ...(options as object), ...(manual === true && { mode: "manual" }) };
}

function exitReason(reason: Reason): ExitReason {
  if (reason === "normal") return { type: "normal" };
  if (reason === "shutdown") return { type: "shutdown" };
  if (typeof reason === "object" && "shutdown" in reason) return { type: "shutdown", reason: reason.shutdown };
  return { type: "error", error: reason };
}

const CODES: Readonly<Record<string, Reason>> = {
  SLUICE_BAD_OPTION: { error: "ArgumentError" },
  SLUICE_UNKNOWN_PARTITION: { error: "RuntimeError" },
  SLUICE_UNKNOWN_SUBSCRIPTION: "unknown_subscription",
  SLUICE_ALREADY_SUBSCRIBED: "already_subscribed",
};

export function recordedReason(reason: ExitReason): Reason {
  if (reason.type === "normal") return "normal";
  if (reason.type === "shutdown") return reason.reason === undefined ? "shutdown" : { shutdown: reason.reason as string };
  const { error } = reason;
  if (error instanceof SluiceError) return CODES[error.code] ?? { error: error.code };
  return error as Reason;
}
