/** The matrix: each way in, each way out, each fault. What is added here is run. */
import type { Fault } from "./fault.ts";
import { transform } from "./middles/transform.ts";
import { duplex, duplexBytes } from "./middles/duplex.ts";
import { ix } from "./middles/ix.ts";
import { processor } from "./middles/processor.ts";
import { operators, trackedOperators } from "./middles/operators.ts";
import { asWayIn, asWayOut } from "./middles/middle.ts";
import type { WayIn, WayOut } from "./ways.ts";
import { emitter, eventTarget } from "./ways-in/emitters.ts";
import { array, asyncGenerator, asyncIterable, concurrentIterable, promises } from "./ways-in/iterables.ts";
import { ixByHand, ixOperators } from "./ways-in/ix.ts";
import { asyncObservable, syncObservable } from "./ways-in/observables.ts";
import { asyncProducer, broadcastProducer, partitionProducer, syncProducer } from "./ways-in/producers.ts";
import { publisher, subscriber } from "./ways-in/publishers.ts";
import { readable, readableBytes } from "./ways-in/readables.ts";
import { readableStream, readableStreamBytes } from "./ways-in/readable-streams.ts";
import { written } from "./ways-in/written.ts";
import { writtenStream } from "./ways-in/written-streams.ts";
import { readableStream as readableStreamOut, readableStreamBytes as readableStreamBytesOut, stageAsTransform } from "./ways-out/readable-streams.ts";
import { readable as readableOut, readableBytes as readableBytesOut, stageAsDuplex } from "./ways-out/readables.ts";
import { writableStream } from "./ways-out/writable-streams.ts";
import { asyncConsumer, concurrentConsumer, syncConsumer } from "./ways-out/consumers.ts";
import { ix as ixOut } from "./ways-out/ix.ts";
import { observer, settledObserver } from "./ways-out/observers.ts";
import { batches, events, forAwait, nexts } from "./ways-out/readers.ts";
import { publisher as publisherOut, subscriber as subscriberOut } from "./ways-out/subscribers.ts";
import { writable, writableBytes } from "./ways-out/writables.ts";
import { CANCELLATION } from "./faults/cancellation.ts";
import { COMPLETION } from "./faults/completion.ts";
import { DEMAND } from "./faults/demand.ts";
import { VALUES_AND_TIMING } from "./faults/values-and-timing.ts";

export const WAYS_IN: readonly WayIn[] = [
  array,
  promises,
  asyncGenerator,
  asyncIterable,
  concurrentIterable,
  ixOperators,
  ixByHand,
  syncProducer,
  asyncProducer,
  broadcastProducer,
  partitionProducer,
  syncObservable,
  asyncObservable,
  publisher,
  subscriber,
  emitter,
  eventTarget,
  readable,
  readableBytes,
  readableStream,
  readableStreamBytes,
  written,
  writtenStream,
  asWayIn(duplex),
  asWayIn(transform),
  asWayIn(ix),
  asWayIn(processor),
  asWayIn(operators),
  asWayIn(trackedOperators),
];

export const WAYS_OUT: readonly WayOut[] = [
  forAwait,
  events,
  batches,
  nexts,
  ixOut,
  syncConsumer,
  asyncConsumer,
  concurrentConsumer,
  observer,
  settledObserver,
  publisherOut,
  subscriberOut,
  readableOut,
  readableBytesOut,
  writable,
  writableBytes,
  asWayOut(duplex),
  asWayOut(duplexBytes),
  stageAsDuplex,
  readableStreamOut,
  readableStreamBytesOut,
  writableStream,
  asWayOut(transform),
  asWayOut(ix),
  asWayOut(processor),
  asWayOut(operators),
  asWayOut(trackedOperators),
  stageAsTransform,
];

export const FAULTS: readonly Fault[] = [...COMPLETION, ...CANCELLATION, ...DEMAND, ...VALUES_AND_TIMING];
