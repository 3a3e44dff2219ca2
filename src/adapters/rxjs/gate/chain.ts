/** Operators that were subscribed once, for all events: where those go in, and where the outputs come out. */
import { SluiceError, show } from "../../../core/index.ts";
import { hiddenOperator, leftTooLate } from "./hidden-operator.ts";
import type { Host, Operator, Passage } from "./passage.ts";
import { Receiver, type SubscriberLike } from "./receiver.ts";
import { Shaped, type SubscribableLike } from "./shaped.ts";

/** Where the chain cannot take one more event. */
interface Places {
  /** How many events it takes at once, if that is known. */
  readonly most: number | undefined;
  readonly hasRoom: boolean;
}

/** How the input has ended. */
type End = { readonly error: unknown } | { readonly error?: undefined };

/** So often can an input that has ended be subscribed to. */
const MOST_LATE = 1000;

export class Chain<In, Out> implements Passage<In> {
  /** Somebody takes what is fed: not before the first subscription, nor while `retry` waits for its delay. */
  isAttached = false;
  readonly #host: Host<Out>;
  readonly #places: Places | undefined;
  readonly #output: SubscribableLike<Out>;
  readonly #receiver: Receiver<Out>;
  /** Never changed in place: who subscribes while an event is fed gets the next one. */
  #subscribers: readonly SubscriberLike<In>[] = [];
  #end: End | undefined;
  #late = 0;

  constructor(operator: Operator<In, Out>, host: Host<Out>, places?: Places) {
    this.#host = host;
    this.#places = places;
    this.#output = applied(operator, new Shaped((subscriber) => this.#admit(subscriber)));
    this.#receiver = new Outputs(host);
  }

  get most(): number | undefined {
    return this.#places?.most;
  }

  get hasRoom(): boolean {
    return this.isAttached && this.#places?.hasRoom !== false;
  }

  open(): void {
    this.#output.subscribe(this.#receiver);
  }

  next(event: In): void {
    const subscribers = this.#subscribers;
    if (subscribers.length === 1) subscribers[0]?.next(event);
    else for (const subscriber of subscribers) subscriber.next(event);
  }

  complete(): void {
    this.#tell({});
  }

  error(error: unknown): void {
    this.#tell({ error });
  }

  /** Throws what a teardown of the operators throws. */
  close(): void {
    this.#receiver.unsubscribe();
  }

  #admit(subscriber: SubscriberLike<In>): (() => void) | undefined {
    if (subscriber.closed) return undefined;
    if (this.#end !== undefined) {
      this.#tellLate(subscriber, this.#end);
      return undefined;
    }
    this.#subscribers = [...this.#subscribers, subscriber];
    this.isAttached = true;
    if (this.#host.cause === undefined) this.#host.touched();
    return () => {
      this.#subscribers = this.#subscribers.filter((each) => each !== subscriber);
      this.isAttached = this.#subscribers.length > 0;
    };
  }

  #tell(end: End): void {
    this.#end = end;
    for (const subscriber of this.#subscribers) tell(subscriber, end);
  }

  /** Somebody subscribes once more to an input that has ended. */
  #tellLate(subscriber: SubscriberLike<In>, end: End): void {
    this.#late += 1;
    if (this.#late > MOST_LATE) this.#host.failed(leftTooLate(MOST_LATE, end));
    else if (this.#host.cause === undefined) this.#host.byItself(() => tell(subscriber, end));
    else tell(subscriber, end);
  }
}

function tell(subscriber: SubscriberLike<never>, end: End): void {
  if ("error" in end) subscriber.error(end.error);
  else subscriber.complete();
}

/** What an operator makes of a source, which must be an Observable. */
export function applied<In, Out>(operator: Operator<In, Out>, source: Shaped<In>): SubscribableLike<Out> {
  const output: unknown = operator(source);
  if (typeof output === "object" && output !== null && "subscribe" in output && typeof output.subscribe === "function") return output as SubscribableLike<Out>;
  throw new SluiceError("SLUICE_BAD_RETURN", `expected an operator to return an Observable, got: ${show(output)}`);
}

/** What the operators give. */
class Outputs<Out> extends Receiver<Out> {
  readonly #host: Host<Out>;

  constructor(host: Host<Out>) {
    super();
    this.#host = host;
  }

  // On the hot path, and so without a detour.
  next(event: Out): void {
    if (this.isStopped) return;
    if (this.#host.cause === undefined) this.#host.failed(hiddenOperator());
    else this.#host.emitted(event);
  }

  protected failed(error: unknown): void {
    this.#host.failed(error);
  }

  protected completed(): void {
    this.#host.completed();
  }
}
