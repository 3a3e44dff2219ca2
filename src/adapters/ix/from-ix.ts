/**
 * An async or sync iterable of IxJS as a producer. It is `fromIterable`, with two things more: the iterator is given a
 * signal, and an item may be a list of events.
 *
 * Demand: one `next()` for each demanded event; with `lists` one after the other, as long as more events are demanded than
 * came. The first demand is the first touch. Sources and operators of IxJS that do not heed `next()` read ahead of it all
 * the same: see `docs/14-from-ixjs.md`.
 *
 * Overflow: none, nothing is read ahead. A list is taken whole; what of it was not demanded waits in the buffer.
 *
 * Completion and errors: the end of the iterable completes the stage; an error fails it with the same object, after what
 * came before.
 *
 * Cancel: the end of the stage calls `return` with the error or the reason; that is awaited, but not behind a `next()` in
 * flight. When it has not settled a turn later the signal aborts, so that what is stuck in IxJS rejects and unwinds. There
 * `retry()` without a count takes the abort for a failure and tries again for ever, which no timer survives: `retry(n)`, or
 * `preventAbort`.
 *
 * Acks: none.
 */
import { checkPlain, checkOption, fromIterable, isBoolean, isFunction, tell, type FromIterableOptions, type Producer, type ProducerOptions } from "../../core/index.ts";
import { isEcho, leave } from "./departure.ts";
import { readLists } from "./list-reading.ts";
import { asyncIteratorOf, type SignalledIterable } from "./shapes.ts";

/** An AsyncIterableX, an IterableX, or any other iterable. */
export type IxSource<Event> = SignalledIterable<Event> | Iterable<Event>;

interface AbortOption {
  /** Gives the iterator no signal: for `retry()` without a count. Default false. */
  readonly preventAbort?: boolean | undefined;
}

/** Options of {@link fromIx}: those of `fromIterable`. */
export interface FromIxOptions<Out> extends FromIterableOptions<Out>, AbortOption {
  readonly lists?: false | undefined;
}

/** The default of `bufferSize` is `Infinity`: it holds the rest of a list. */
export interface FromIxListsOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop">, AbortOption {
  /** An item is a list of events (as of `buffer(n)`), and stays one. Nobody may change it afterwards. */
  readonly lists: true;
  /** How long the end waits for `return()`, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/**
 * A producer of the events of an iterable of IxJS.
 *
 * @throws BadOptionError when it is not iterable, or an option is wrong
 */
export function fromIx<Event>(source: IxSource<readonly Event[]>, options: FromIxListsOptions<NoInfer<Event>>): Producer<Event>;
export function fromIx<Event>(source: IxSource<Event>, options: FromIxOptions<Event> & { readonly await: true }): Producer<Awaited<Event>>;
export function fromIx<Event>(source: IxSource<Event>, options?: FromIxOptions<NoInfer<Event>>): Producer<Event>;
export function fromIx<Event>(source: IxSource<Event> | IxSource<readonly Event[]>, options: FromIxOptions<Event> | FromIxListsOptions<Event> = {}): Producer<Event> {
  checkPlain("fromIx", options);
  checkOption("the source of fromIx", source, (value) =>
    typeof (asyncIteratorOf(value) ?? Object(value)[Symbol.iterator]) === "function" ? undefined : "an async iterable or an iterable of IxJS",
  );
  const { lists = false, preventAbort = false, ...rest } = options;
  checkOption("lists", lists, isBoolean);
  checkOption("preventAbort", preventAbort, isBoolean);
  if (lists) return readLists(signalled(source as IxSource<readonly Event[]>, preventAbort), rest);
  if (rest.handleReport !== undefined) checkOption("handleReport", rest.handleReport, isFunction);
  const { open, signal } = signalled(source as IxSource<Event>, preventAbort);
  return fromIterable<Event>(open, {
    ...rest,
    handleReport: (report) => {
      if (report.kind !== "late-failure" || !isEcho(report.error, signal)) tell(rest.handleReport, report);
    },
  });
}

/** A source whose iterator gets a signal. */
export interface Signalled<Event> {
  readonly open: Iterable<Event> | AsyncIterable<Event>;
  /** It aborts when the iterator is stuck at the end of the stage. */
  readonly signal?: AbortSignal;
}

function signalled<Event>(source: IxSource<Event>, preventAbort: boolean): Signalled<Event> {
  // What is an iterator itself takes no signal; and it is ended although nobody has touched it.
  const takesSignal = typeof asyncIteratorOf(source) === "function" && !("next" in (source as object)) && !preventAbort;
  if (!takesSignal) return { open: source as Iterable<Event> };
  const controller = new AbortController();
  const { signal } = controller;
  return { open: { [Symbol.asyncIterator]: () => abortable((source as SignalledIterable<Event>)[Symbol.asyncIterator](signal), controller) }, signal };
}

/** An iterator whose `return` aborts the signal that it was given, when it must. */
function abortable<Event>(iterator: AsyncIterator<Event, unknown>, controller: AbortController): AsyncIterator<Event, unknown> {
  // That it is none is found by who opens it.
  if (typeof iterator !== "object" || iterator === null || typeof iterator.next !== "function") return iterator;
  return {
    next: () => iterator.next(),
    return: (reason?: unknown) => leave(iterator, controller, reason, reason) as Promise<IteratorResult<Event, unknown>>,
  };
}
