import { expectTypeOf, test } from "vitest";
import { fromIterable, pipeline, producerConsumer, type Consumer, type Producer, type ProducerConsumer } from "sluice";
import { asTransformStream, asWritableStream, intoWritableStream, throughTransformStream, type NativeWritableStream, type WritableStreamLike } from "sluice/web";

declare const numbers: ReadableStream<number>;
declare const sink: WritableStream<number>;

test("intoWritableStream knows the events of its stream", () => {
  expectTypeOf(intoWritableStream(sink)).toEqualTypeOf<Consumer<number>>();
  void pipeline(fromIterable([1]), intoWritableStream(sink));
  // @ts-expect-error: strings into a stream of numbers
  void pipeline(fromIterable(["a"]), intoWritableStream(sink));
  // @ts-expect-error: the end of the stage is its own
  intoWritableStream(sink, { handleStop: () => undefined });
});

test("intoWritableStream writes lists where a chunk is one", () => {
  const lists = {} as WritableStream<readonly number[]>;
  expectTypeOf(intoWritableStream<number>(lists, { lists: true })).toEqualTypeOf<Consumer<number>>();
  // @ts-expect-error: the chunks of this stream are numbers
  intoWritableStream<number>(sink, { lists: true });
});

test("asWritableStream gives what the platform takes", () => {
  const { writable, producer } = asWritableStream<number>({ size: (event) => event });
  expectTypeOf(producer).toEqualTypeOf<Producer<number>>();
  expectTypeOf(writable).toEqualTypeOf<NativeWritableStream<number>>();
  expectTypeOf(writable).toExtend<WritableStream<number>>();
  expectTypeOf(writable).toExtend<WritableStreamLike<number>>();
  void numbers.pipeTo(writable);
  // @ts-expect-error: strings into a stream of numbers
  void writable.getWriter().write("a");
});

test("asWritableStream takes lists as chunks", () => {
  const { writable, producer } = asWritableStream<number>({ lists: true, size: (list) => list.length });
  expectTypeOf(producer).toEqualTypeOf<Producer<number>>();
  expectTypeOf(writable).toEqualTypeOf<NativeWritableStream<readonly number[]>>();
});

test("throughTransformStream knows both sides", () => {
  const lengths = {} as TransformStream<string, number>;
  expectTypeOf(throughTransformStream(lengths)).toEqualTypeOf<ProducerConsumer<string, number>>();
  void pipeline(fromIterable(["a"]), throughTransformStream(lengths), intoWritableStream(sink));
  // @ts-expect-error: numbers into a stream of strings
  void pipeline(fromIterable([1]), throughTransformStream(lengths), intoWritableStream(sink));
});

test("asTransformStream is what pipeThrough takes", () => {
  const stage = producerConsumer<number, string>({ handleEvents: (events) => events.map(String) });
  expectTypeOf(numbers.pipeThrough(asTransformStream(stage))).toEqualTypeOf<ReadableStream<string>>();
  expectTypeOf(numbers.pipeThrough(asTransformStream((input: Producer<number>) => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map(String) })))).toEqualTypeOf<ReadableStream<string>>();
});
