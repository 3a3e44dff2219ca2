/** Async iterables of IxJS by their shape: an iterator may be given a signal. */

/** What IxJS calls an AsyncIterableX: its own `instanceof` says so, by the tag. `AsyncIterableX.as` returns it as it is. */
export interface IxIterable<out Event> {
  readonly [Symbol.toStringTag]: "AsyncIterableX";
  /** A pending and the next `next()` reject with the reason of the signal when it aborts. */
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterableIterator<Event, undefined>;
  /** Awaits `action` for each event. */
  forEach(action: (event: Event, index: number, signal?: AbortSignal) => unknown, thisArg?: unknown, signal?: AbortSignal): Promise<void>;
  /** Applies operators, from left to right. What the last returns is the result. */
  pipe(): IxIterable<Event>;
  pipe<A>(a: IxOperator<IxIterable<Event>, A>): A;
  pipe<A, B>(a: IxOperator<IxIterable<Event>, A>, b: IxOperator<A, B>): B;
  pipe<A, B, C>(a: IxOperator<IxIterable<Event>, A>, b: IxOperator<A, B>, c: IxOperator<B, C>): C;
  pipe<A, B, C, D>(a: IxOperator<IxIterable<Event>, A>, b: IxOperator<A, B>, c: IxOperator<B, C>, d: IxOperator<C, D>): D;
  pipe<A, B, C, D, E>(a: IxOperator<IxIterable<Event>, A>, b: IxOperator<A, B>, c: IxOperator<B, C>, d: IxOperator<C, D>, e: IxOperator<D, E>): E;
  pipe<A, B, C, D, E, F>(a: IxOperator<IxIterable<Event>, A>, b: IxOperator<A, B>, c: IxOperator<B, C>, d: IxOperator<C, D>, e: IxOperator<D, E>, f: IxOperator<E, F>): F;
}

type IxOperator<Source, Result> = (source: Source) => Result;

/** One operator of IxJS, or a function that pipes its argument through several. */
export type IxOperators<In, Out> = (source: IxIterable<In>) => AsyncIterable<Out>;

/** An async iterable whose iterator may take a signal. */
export interface SignalledIterable<out Event> {
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<Event, unknown>;
}

/** @returns the function, unbound, or undefined */
export function asyncIteratorOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as { readonly [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] : undefined;
}
