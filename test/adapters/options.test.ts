/** What every adapter makes of options that are no object. */
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { of } from "rxjs";
import { describe, expect, test } from "vitest";
import { BadOptionError, consumer, fromIterable, producerConsumer, type Producer } from "sluice";
import { fromEvents } from "sluice/events";
import { fromIx, throughIx, toIx } from "sluice/ix";
import { asDuplex, asWritable, fromReadable, fromStreamIter, intoStreamIterWriter, intoWritable, throughDuplex, toReadable, toStreamIter } from "sluice/node";
import { asProcessor, asSubscriber, fromPublisher, intoSubscriber, toPublisher } from "sluice/reactive-streams";
import { fromObservable, throughOperators, toObservable, sync } from "sluice/rxjs";
import { asTransformStream, asWritableStream, fromBody, fromReadableStream, intoWritableStream, throughTransformStream, toReadableStream } from "sluice/web";

const numbers = (): Producer<number> => fromIterable([1]);
const same = <Event>(events: readonly Event[]): readonly Event[] => events;
const subscriber = { onSubscribe() {}, onNext() {}, onError() {}, onComplete() {} };
const writer = { write: () => Promise.resolve(), writev: () => Promise.resolve(), end: () => Promise.resolve(0), fail() {} };

const ADAPTERS: readonly (readonly [string, (options: never) => unknown])[] = [
  ["fromReadable", (options) => fromReadable(new PassThrough(), options)],
  ["toReadable", (options) => toReadable(numbers(), options)],
  ["intoWritable", (options) => intoWritable(new PassThrough(), options)],
  ["asWritable", (options) => asWritable(options)],
  ["throughDuplex", (options) => throughDuplex(new PassThrough(), options)],
  ["asDuplex", (options) => asDuplex((input) => input, options)],
  ["fromStreamIter", (options) => fromStreamIter({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ value: undefined, done: true }) }) }, options)],
  ["toStreamIter", (options) => toStreamIter(numbers(), options)],
  ["intoStreamIterWriter", (options) => intoStreamIterWriter(writer as never, options)],
  ["fromReadableStream", (options) => fromReadableStream(new ReadableStream(), options)],
  ["fromBody", (options) => fromBody(new Response("text"), options)],
  ["toReadableStream", (options) => toReadableStream(numbers(), options)],
  ["intoWritableStream", (options) => intoWritableStream(new WritableStream(), options)],
  ["asWritableStream", (options) => asWritableStream(options)],
  ["throughTransformStream", (options) => throughTransformStream(new TransformStream(), options)],
  ["asTransformStream", (options) => asTransformStream(producerConsumer({ handleEvents: same }), options)],
  ["fromObservable", (options) => fromObservable(of(1), options)],
  ["toObservable", (options) => toObservable(numbers(), options)],
  ["throughOperators", (options) => throughOperators(sync((source) => source), options)],
  ["fromEvents", (options) => fromEvents(new EventEmitter(), "data", options)],
  ["fromIx", (options) => fromIx([1], options)],
  ["toIx", (options) => toIx(numbers(), options)],
  ["throughIx", (options) => throughIx((source) => source, options)],
  ["fromPublisher", (options) => fromPublisher({ subscribe() {} }, options)],
  ["toPublisher", (options) => toPublisher(numbers(), options)],
  ["intoSubscriber", (options) => intoSubscriber(subscriber, options)],
  ["asSubscriber", (options) => asSubscriber(consumer({ handleEvents: () => undefined }), options)],
  ["asProcessor", (options) => asProcessor(producerConsumer({ handleEvents: same }), options)],
];

describe.each(ADAPTERS)("%s", (_, call) => {
  test.each([null, 5, "fast", [], () => undefined, new AbortController().signal])("refuses %s in the place of its options", (options) => {
    expect(() => call(options as never)).toThrow(BadOptionError);
  });
});
