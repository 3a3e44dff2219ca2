/** A loop over several producers. */
import { anything, checkOption, checkOptions, isList, isSignal, milliseconds, oneOf } from "./options.ts";
import { consumer } from "./consumer.ts";
import { DemandWindow, type WindowOptions } from "./demand-window.ts";
import { BadOptionError } from "./errors.ts";
import { Exact } from "./exact-reader.ts";
import { causeOf } from "./exit-reason.ts";
import { InletLink } from "./inlet-link.ts";
import type { DemandMode } from "./outlet.ts";
import { NORMAL, OUTLET, type Downward, type Outlet, type Subscribable, type Subscriber, type Upward, type Wire } from "./protocol.ts";
import { post } from "./scheduler.ts";
import type { Consumer, EventOf, EventReader, KnownTargets, Producer, SubscribeOptions, Target } from "./stages.ts";
import { splitTarget, parseTargets } from "./subscribe-options.ts";
import type { CancelInfo, Subscription } from "./subscription.ts";

/** Options of {@link stream}. Its windows are those of the targets that give none of their own: by default one event of each. */
export interface StreamOptions extends WindowOptions {
  /** The demand mode that `producers` get as soon as the loop has subscribed to all. Default `forward`. */
  readonly demand?: DemandMode | undefined;
  /**
   * Whose demand mode is set. Default: those of the targets that are producers. A producerConsumer only forwards: in its
   * place, name the producers behind it that accumulate.
   */
  readonly producers?: readonly Producer<unknown>[] | undefined;
  /** Ends the loop: a pending and the next `next()` reject with its reason, the subscriptions are cancelled. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** How long `break` waits for the resources that it released. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** The events of several producers, for `for await`: each loop subscribes anew. */
export interface EventStream<out Event> extends AsyncIterable<Event> {
  /** One more consumer of all the producers. */
  [Symbol.asyncIterator](): EventReader<Event>;
}

/**
 * The events of several producers as one async iterable, in the order in which they come; the events of each stay in order.
 *
 * A loop is one consumer of all of them. It subscribes at its first `next()`, and what it asks of each producer is the window
 * of that target: by default one event, so that at most one of each waits. A list counts as handled when the loop comes back
 * for more. The cancel modes say what becomes of the loop when a producer goes: by default (`last`) an error ends it at once,
 * and it ends when all have ended; in any case when no subscription is left. GenStage's `stream`.
 *
 * @throws BadOptionError for a target or an option that is unknown or wrong, before anything is subscribed to
 */
export function stream<const Targets extends readonly Target<unknown>[]>(
  targets: Targets & KnownTargets<Targets>,
  options: StreamOptions = {},
): EventStream<EventOf<Targets>> {
  const { sources, signal, closeWithinMs } = parse(targets, options);
  return {
    [Symbol.asyncIterator]: () => new Exact<EventOf<Targets>>(new Merge(sources), { signal, closeWithinMs }),
  };
}

/** What a loop subscribes to, checked. */
interface Sources {
  readonly targets: readonly { readonly to: Subscribable<unknown>; readonly options: SubscribeOptions }[];
  readonly window: WindowOptions;
  readonly demand: DemandMode;
  readonly producers: readonly Producer<unknown>[];
}

function parse(targets: unknown, options: StreamOptions): { sources: Sources } & Pick<StreamOptions, "signal" | "closeWithinMs"> {
  checkOption("the targets of a stream", targets, isList);
  checkOptions("a stream", options, {
    maxDemand: anything,
    minDemand: anything,
    demand: oneOf("forward", "accumulate"),
    producers: (value) => (Array.isArray(value) && value.every(isProducer) ? undefined : "a list of producers (a producerConsumer only forwards)"),
    signal: isSignal,
    closeWithinMs: milliseconds,
  });
  const { demand = "forward", signal, closeWithinMs } = options;
  const { max, min } = new DemandWindow({ ...options, maxDemand: options.maxDemand ?? 1 });
  const window = { maxDemand: max, minDemand: min };
  for (const { settings } of parseTargets(targets, new DemandWindow(window))) {
    if (settings.mode === "manual") throw new BadOptionError("the mode of a stream's target", '"automatic": a loop asks by itself', settings.mode);
  }
  const split = (targets as readonly unknown[]).map(splitTarget);
  const producers = options.producers?.slice() ?? split.map(({ to }) => to as unknown).filter(isProducer);
  return { sources: { targets: split, window, demand, producers }, signal, closeWithinMs };
}

function isProducer(value: unknown): value is Producer<unknown> {
  return typeof value === "object" && value !== null && "role" in value && value.role === "producer" && "setDemandMode" in value;
}

/**
 * Several producers as one: a consumer of all, whose handler waits until the reader has taken the list.
 *
 * Made for one reader. It starts at the first ask, as who breaks before has touched no source.
 */
class Merge<Out> implements Outlet<Out>, Wire<Out> {
  readonly name: string;
  readonly dispatchOptions: readonly string[] = [];
  readonly #sources: Sources;
  #reader: Subscriber<Out> | undefined;
  #consumer: Consumer<unknown> | undefined;
  #hasStarted = false;
  /** The list that is being read, and how far. */
  #list: readonly Out[] = [];
  #index = 0;
  #demand = 0;
  /** Says that the list has been handled. */
  #handled: (() => void) | undefined;
  #left = 0;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.name = `a stream of ${sources.targets.map(({ to }) => to[OUTLET].name).join(", ")}`;
  }

  connect(reader: Subscriber<Out>): Wire<Out> {
    this.#reader = reader;
    return this;
  }

  receive(message: Upward): void {
    if (typeof message === "number") {
      this.#demand += message;
      this.#startOnce({});
      this.#serve();
    } else if (message.type === "cancel") {
      this.#reader = undefined;
      this.#list = [];
      // To leave before the first ask is to come and go.
      this.#startOnce({ mode: "manual" });
      void this.#consumer?.stop(causeOf(message.reason));
      this.#release();
    }
  }

  /** An event of the list at hand; the last of them goes as an answer to an ask, which says that the list is handled. */
  takeBuffered(): IteratorYieldResult<Out> | undefined {
    if (this.#index >= this.#list.length) return undefined;
    const value = this.#list[this.#index] as Out;
    this.#index += 1;
    return { value, done: false };
  }

  released(): Promise<void> {
    // Behind the message of the departure.
    return new Promise((resolve, reject) => {
      post({ receive: () => void this.#sourcesReleased().then(resolve, reject) }, undefined);
    });
  }

  async #sourcesReleased(): Promise<void> {
    await this.#consumer?.stop();
    await Promise.all(this.#sources.targets.map(({ to }) => to[OUTLET].released()));
  }

  #startOnce(override: SubscribeOptions): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    try {
      this.#start(override);
    } catch (error) {
      // A producer of another make that cannot be subscribed to: the loop gets the error.
      this.#tell({ type: "cancel", kind: "down", reason: { type: "error", error } });
      void this.#consumer?.stop(error);
    }
  }

  #start(override: SubscribeOptions): void {
    const { targets, window, demand, producers } = this.#sources;
    const stage = consumer<unknown>({
      ...window,
      name: this.name,
      handleEvents: (events) => this.#take(events as readonly Out[]),
      handleCancel: (info, from, self) => {
        this.#left += 1;
        if (this.#left === targets.length && outlives(info, from)) self.complete();
      },
    });
    this.#consumer = stage;
    void stage.closed.then((reason) => this.#tell({ type: "cancel", kind: "down", reason }));
    for (const { to, options } of targets) stage.subscribe(to, { ...options, ...override });
    if (override.mode === undefined) for (const producer of producers) producer.setDemandMode(demand);
    if (targets.length === 0) this.#tell({ type: "cancel", kind: "down", reason: NORMAL });
  }

  #tell(message: Downward<Out>): void {
    if (this.#reader !== undefined) post(this.#reader, message);
  }

  #take(events: readonly Out[]): Promise<void> | undefined {
    this.#list = events;
    this.#index = 0;
    this.#serve();
    // Who waits for more has handled these.
    if (this.#demand > 0 || this.#reader === undefined) return undefined;
    return new Promise((resolve) => {
      this.#handled = resolve;
    });
  }

  #serve(): void {
    const count = Math.min(this.#demand, this.#list.length - this.#index);
    if (count > 0) {
      const isWhole = count === this.#list.length;
      this.#tell(isWhole ? this.#list : this.#list.slice(this.#index, this.#index + count));
      this.#index += count;
      this.#demand -= count;
    }
    if (this.#demand > 0) this.#release();
  }

  #release(): void {
    this.#handled?.();
    this.#handled = undefined;
  }
}

/** Whether the loop goes on after the end of this subscription, of which its cancel mode takes no notice. */
function outlives({ reason }: CancelInfo, from: Subscription): boolean {
  if (!(from instanceof InletLink)) return false;
  const { cancel } = from.settings;
  return cancel === "temporary" || (cancel === "transient" && reason.type !== "error");
}
