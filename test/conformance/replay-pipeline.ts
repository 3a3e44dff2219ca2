/** Runs a recorded chain with the stages of Sluice. */
import { consumer, fromIterable, producer, producerConsumer, stream, type Producer } from "sluice";
import { settle } from "sluice/testing";
import { outputOf, recordedReason, subscribeOptions } from "./replay.ts";
import type { ConsumerOptions, Event, PipelineExpectation, PipelineSut, PipelineTrace } from "./trace.ts";

export async function replayPipeline({ sut }: PipelineTrace): Promise<PipelineExpectation> {
  let last = sourceOf(sut.source);
  for (const { onEvents, ...options } of sut.stages) {
    const before = last;
    last = producerConsumer({
      subscribeTo: [{ to: before, ...subscribeOptions(options) }],
      handleEvents: (events) => outputOf(onEvents, events),
    });
  }
  const { type, take, ...options } = sut.sink;
  return type === "consumer" ? consume(last, options) : read(last, take, options);
}

function sourceOf(source: PipelineSut["source"]): Producer<Event> {
  if (source.type === "fromEnumerable") return fromIterable(range(source.from, source.to));
  const { to } = source;
  let next = 0;
  return producer<Event>({
    handleDemand(demand, self) {
      const count = to === undefined ? demand : Math.min(demand, to + 1 - next);
      const events = Array.from({ length: count }, () => next++);
      if (to !== undefined && next > to) self.complete();
      return events;
    },
  });
}

function* range(from: number, to: number): Generator<number> {
  for (let n = from; n <= to; n += 1) yield n;
}

async function consume(from: Producer<Event>, options: ConsumerOptions): Promise<PipelineExpectation> {
  const batches: (readonly Event[])[] = [];
  let end: PipelineExpectation["end"] = "alive";
  await using sink = consumer({
    subscribeTo: [{ to: from, ...subscribeOptions(options) }],
    handleEvents: (events) => void batches.push(events),
  });
  void sink.closed.then((reason) => {
    end = { stopped: recordedReason(reason) };
  });
  await settle();
  return { ...summary(batches.flat()), batchSizes: batches.map(({ length }) => length), end };
}

async function read(from: Producer<Event>, take: number | undefined, options: ConsumerOptions): Promise<PipelineExpectation> {
  const events: Event[] = [];
  for await (const event of stream([{ to: from, ...subscribeOptions(options) }])) {
    events.push(event);
    if (events.length === take) break;
  }
  return { ...summary(events), end: "halted" };
}

function summary(events: readonly Event[]): Omit<PipelineExpectation, "end"> {
  const total = events.length;
  if (total <= 300) return { total, events };
  return { total, first: events.slice(0, 20), last: events.slice(-20), sum: events.reduce<number>((sum, event) => sum + Number(event), 0) };
}
