/**
 * The places of a chain where inner observables begin and end, and who causes each of them.
 *
 * A value that comes to a flattening operator is held for its cause until RxJS begins with it, drops it, or ends; from then on
 * its inner observable is, until that ends in whatever way. So it is known when nothing of a cause is left.
 */
import { BadOptionError } from "../../../core/index.ts";
import type { Flattener } from "./flatteners.ts";
import { noRoomForParts, hiddenOperator } from "./hidden-operator.ts";
import { Inner, type Project } from "./inner.ts";
import { isObservable, listenedTo } from "./part.ts";
import type { Host } from "./passage.ts";
import { Receiver, type SubscriberLike } from "./receiver.ts";
import { Shaped, type SubscribableLike } from "./shaped.ts";

/** A flattening operator of RxJS, as we call it. */
export type FlatteningOperator = (...args: readonly unknown[]) => (source: Shaped<unknown>) => SubscribableLike<unknown>;

/** Where one flattening operator stands. */
export interface Site {
  /** The most inner observables at once. */
  readonly limit: number;
  active: number;
  /** Those of them that are parts of the input (groups, windows): they end with it, and mostly not before. */
  substreams: number;
  /** Values that have come, and that RxJS has not begun with. */
  waiting: number;
  /** Events come here as they are fed, and not only what other inner observables make of them. */
  isEntry: boolean;
}

export class Sites {
  readonly #host: Host<never>;
  /** Those of the chain as it was built. What is built while it runs, one for each group, does not hold the gate. */
  readonly #sites: Site[] = [];
  #isBuilt = false;

  constructor(host: Host<never>) {
    this.#host = host;
  }

  get most(): number | undefined {
    const sum = this.#sites.reduce((total, { limit }) => total + limit, 0);
    return sum > 0 && Number.isFinite(sum) ? sum : undefined;
  }

  /** At the sites that events come to first they would not have to wait; at the others nobody does. */
  get hasRoom(): boolean {
    for (const site of this.#sites) {
      const { active } = site;
      if (site.waiting > 0 || (site.isEntry && active >= site.limit && active > site.substreams)) return false;
    }
    return true;
  }

  built(): void {
    this.#isBuilt = true;
  }

  /** The operator as it is, with an ear on it. It throws a BadOptionError for a limit that is none. */
  heard(name: string, operator: FlatteningOperator, flattener: Flattener): FlatteningOperator {
    return (...args) => {
      const limit = flattener.limit(args) ?? Infinity;
      if (typeof limit !== "number" || !(limit >= 1)) throw new BadOptionError(`the limit of ${name}`, "a number of at least 1", limit);
      const site: Site = { limit, active: 0, substreams: 0, waiting: 0, isEntry: false };
      if (!this.#isBuilt) this.#sites.push(site);
      return (source) =>
        new Shaped((subscriber) => {
          const visit = new Visit(this.#host, site, flattener);
          subscriber.add(() => visit.close());
          operator(...visit.args(args))(visit.source(source)).subscribe(subscriber);
        });
    };
  }
}

/** One subscription of a flattening operator. */
export class Visit {
  readonly host: Host<never>;
  readonly site: Site;
  readonly #flattener: Flattener;
  /** Of the value that RxJS is being given: it begins with it at once, or keeps it, or drops it. */
  #arriving: Inner | undefined;
  /** Of those that RxJS keeps, in its order. */
  #first: Inner | undefined;
  #last: Inner | undefined;
  #isClosed = false;

  constructor(host: Host<never>, site: Site, flattener: Flattener) {
    this.host = host;
    this.site = site;
    this.#flattener = flattener;
  }

  /** What comes to the operator. */
  source(source: Shaped<unknown>): Shaped<unknown> {
    return new Shaped((subscriber) => {
      const arrivals = new Arrivals(this, subscriber);
      subscriber.add(arrivals);
      source.subscribe(arrivals);
    });
  }

  /** The arguments of the operator, with inner observables that are heard. */
  args(args: readonly unknown[]): readonly unknown[] {
    const { inner } = this.#flattener;
    const [given, ...others] = args;
    if (inner === "value" || given === undefined) return args;
    if (inner === "given") return [this.#begun(given), ...others];
    const project: Project = (first, second, third) => this.#begin().made(given as Project, first, second, third);
    return [project, ...others];
  }

  /** A value comes to the operator. */
  arrive(value: unknown, subscriber: SubscriberLike<unknown>): void {
    const { host, site } = this;
    if (host.cause === undefined) {
      host.failed(hiddenOperator());
      return;
    }
    if (host.isOpening && isObservable(value)) {
      host.failed(noRoomForParts(site.limit));
      return;
    }
    if (host.isDirect) site.isEntry = true;
    const inner = new Inner(this, host.cause);
    this.#arriving = inner;
    if (this.#flattener.inner === "value") subscriber.next(this.#begun(value));
    else subscriber.next(isObservable(value) ? listenedTo(value, host, inner) : value);
    if (this.#arriving === undefined) return;
    this.#arriving = undefined;
    if (this.#flattener.when === "merge" && !this.#isClosed) this.#keep(inner);
    else inner.unsubscribe();
  }

  /** An inner observable emits. */
  emitted(value: unknown, subscriber: SubscriberLike<unknown>): void {
    if (this.#flattener.isRecursive === true) this.arrive(value, subscriber);
    else subscriber.next(value);
  }

  close(): void {
    this.#isClosed = true;
    for (let inner = this.#first; inner !== undefined; inner = inner.behind) inner.unsubscribe();
    this.#first = undefined;
  }

  #keep(inner: Inner): void {
    if (this.#first === undefined) this.#first = inner;
    else if (this.#last !== undefined) this.#last.behind = inner;
    this.#last = inner;
    const { active, substreams, limit } = this.site;
    if (active > 0 && active === substreams) this.host.failed(noRoomForParts(limit));
  }

  /** RxJS begins with a value: the one that it is being given, or else the first that it keeps. */
  #begin(value?: unknown): Inner {
    const inner = this.#arriving ?? this.#first;
    if (inner === undefined) throw new TypeError("expected RxJS to begin with a value that has come, got: one that has not");
    if (this.#arriving === undefined) this.#first = inner.behind;
    this.#arriving = undefined;
    inner.behind = undefined;
    return inner.begin(value);
  }

  /** An inner observable that is there already: RxJS begins with it when it subscribes. */
  #begun(value: unknown): Shaped<unknown> {
    return new Shaped((subscriber) => this.#begin(value).subscribe(subscriber));
  }
}

/** What comes to a flattening operator, between its source and RxJS. */
class Arrivals extends Receiver<unknown> {
  readonly #visit: Visit;
  readonly #subscriber: SubscriberLike<unknown>;

  constructor(visit: Visit, subscriber: SubscriberLike<unknown>) {
    super();
    this.#visit = visit;
    this.#subscriber = subscriber;
  }

  next(value: unknown): void {
    if (this.isStopped) return;
    this.#visit.arrive(value, this.#subscriber);
  }

  protected failed(error: unknown): void {
    this.#subscriber.error(error);
  }

  protected completed(): void {
    this.#subscriber.complete();
  }
}
