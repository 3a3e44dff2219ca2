/** Adapters that are broken on purpose, and the cell that must find each. */
import type { Mutant } from "./breaking.ts";

const IN = "async iterable";
const OUT = "for await";
const HAND = "AsyncIterableX, by hand";

export const MUTANTS: readonly Mutant[] = [
  // ---- fromIterable
  { name: "fromIterable does not release its iterator", file: "core/from-iterable", find: "iterator.return?.(", put: "(() => ({}))(", wayIn: IN, wayOut: OUT, fault: 15 },
  { name: "fromIterable does not say why it releases", file: "core/from-iterable", find: "iterator.return?.(causeOf(reason))", put: "iterator.return?.()", wayIn: IN, wayOut: OUT, fault: 28 },
  { name: "fromIterable does not wait for the release", file: "core/from-iterable", find: "await within(", put: "void within(", wayIn: IN, wayOut: OUT, fault: 23 },
  { name: "fromIterable wraps an error", file: "core/from-iterable", find: "this.#self?.fail(error)", put: 'this.#self?.fail(new Error("wrapped", { cause: error }))', wayIn: IN, wayOut: OUT, fault: 3 },
  { name: "fromIterable ends where its iterator fails", file: "core/from-iterable", find: "this.#self?.fail(error)", put: "this.#self?.complete()", wayIn: IN, wayOut: "consumer, async", fault: 4 },
  { name: "fromIterable asks for more than was demanded", file: "core/from-iterable", find: "this.#wanted += demand;", put: "this.#wanted += demand + 2;", wayIn: IN, wayOut: OUT, fault: 15 },
  { name: "fromIterable loses an event", file: "core/from-iterable", find: "this.#emit([result.value]);", put: "if (this.#wanted !== 1) this.#emit([result.value]);", wayIn: IN, wayOut: "events()", fault: 2 },
  { name: "fromIterable gives an event twice", file: "core/from-iterable", find: "this.#emit([result.value]);", put: "this.#emit([result.value, result.value]);", wayIn: IN, wayOut: "batches()", fault: 2 },
  { name: "fromIterable opens its source at each demand", file: "core/from-iterable", find: "this.#iterator ??= this.#open(", put: "this.#iterator = this.#open(", wayIn: IN, wayOut: OUT, fault: 2 },
  { name: "fromIterable takes what is no result for one", file: "core/from-iterable", find: "throw new TypeError(`expected next()", put: "void (`expected next()", wayIn: IN, wayOut: OUT, fault: 8 },
  // ---- readers
  { name: "a reader leaves its listener on the signal", file: "core/reader", find: "this.#unheed?.()", put: "void this", wayIn: IN, wayOut: "events()", fault: 27 },
  { name: "a reader forgets who waits when it is left", file: "core/reader", find: /while \(this\.requests\.length > 0\)\s+this\.requests\.shift\(\)\.resolve\(done\(\)\);/, put: ";", wayIn: IN, wayOut: "next() x3", fault: 18 },
  { name: "a reader does not pass on what is thrown into it", file: "core/reader", find: 'this.#leave({ type: "error", error })', put: 'this.#leave({ type: "shutdown" })', wayIn: IN, wayOut: OUT, fault: 20 },
  { name: "a reader gives out what was on its way behind an abort", file: "core/reader", find: "this.#isDone || this.#failure !== undefined || (this.#end", put: "this.#isDone || (this.#end", wayIn: IN, wayOut: "events()", fault: 26 },
  // ---- Observables and emitters
  { name: "fromPush does not release its source", file: "core/from-push", find: "release?.(reason)", put: "undefined", wayIn: "Observable, async", wayOut: OUT, fault: 15 },
  { name: "fromPush does not pause its source", file: "core/intake", find: "this.#source.pause()", put: "void this", wayIn: "EventEmitter", wayOut: OUT, fault: 35 },
  { name: "fromPush throws away what came before the end", file: "core/intake", find: "this.finish();", put: "void this;", wayIn: "Observable, async", wayOut: OUT, fault: 2 },
  { name: "fromObservable makes an end of an error", file: "adapters/rxjs/from-observable", find: "intake.error(error)", put: "intake.complete()", wayIn: "Observable, sync", wayOut: OUT, fault: 3 },
  { name: "fromEvents keeps its listeners", file: "adapters/events/listening", find: "source.removeListener(name, listener)", put: "void source", wayIn: "EventEmitter", wayOut: OUT, fault: 1 },
  { name: "fromEvents keeps its listeners at an event target", file: "adapters/events/listening", find: "source.removeEventListener(name, listener)", put: "void source", wayIn: "EventTarget", wayOut: OUT, fault: 15 },
  { name: "toObservable goes on behind an unsubscribe", file: "adapters/rxjs/observing", find: /for \(const event of events\) \{\s+if \(this\.closed\)\s+return;/, put: "for (const event of events) {", wayIn: "array", wayOut: "Observable", fault: 32 },
  { name: "toObservable leaves its listener on the signal", file: "adapters/rxjs/observing", find: "this.#unheed?.()", put: "void this", wayIn: IN, wayOut: "Observable", fault: 27 },
  { name: "toObservable completes where its producer fails", file: "adapters/rxjs/observing", find: "observer.error(reason.error)", put: "observer.complete()", wayIn: IN, wayOut: "Observable", fault: 3 },
  // ---- Node
  { name: "fromReadable does not destroy its stream", file: "adapters/node/custody", find: "this.#stream.destroy(error)", put: "void error", wayIn: "Readable", wayOut: OUT, fault: 15 },
  { name: "fromReadable destroys its stream without a reason", file: "adapters/node/custody", find: "this.#stream.destroy(error)", put: "this.#stream.destroy()", wayIn: "Readable", wayOut: OUT, fault: 28 },
  { name: "fromReadable keeps its listeners", file: "adapters/node/custody", find: 'this.#stream.removeListener("error", this.#onError)', put: "void this", wayIn: "Readable", wayOut: OUT, fault: 1 },
  { name: "fromReadable tells the second error in the place of the first", file: "adapters/node/custody", find: "this.#stream.errored ?? error", put: "error", wayIn: "Readable", wayOut: OUT, fault: 13 },
  { name: "fromReadable reads whatever there is", file: "adapters/node/reading", find: "Math.min(this.#wanted, LIST)", put: "LIST", wayIn: "Readable", wayOut: OUT, fault: 36 },
  { name: "intoWritable writes everything twice", file: "adapters/node/writing", find: "stream.write(event, this.#onWritten)", put: "(stream.write(event), stream.write(event, this.#onWritten))", wayIn: IN, wayOut: "Writable", fault: 2 },
  { name: "intoWritable ends its stream where its producer fails", file: "adapters/node/into-writable", find: "custody.release(stage.name, cause)", put: "(writable.end(), custody.leave(cause))", wayIn: IN, wayOut: "Writable", fault: 3 },
  { name: "toReadable does not say why it leaves", file: "adapters/node/supply", find: '{ type: "error", error }));', put: '{ type: "shutdown" }));', wayIn: IN, wayOut: "Readable", fault: 28 },
  { name: "toReadable asks for more than is missing", file: "adapters/node/supply", find: "post(this.#wire, this.#max - used)", put: "post(this.#wire, this.#max - used + 8)", wayIn: IN, wayOut: "Readable", fault: 42 },
  { name: "toReadable does not tell of a clean-up that failed", file: "adapters/node/supply", find: "done(error ?? told(failure, this.#outlet.name))", put: "done(error)", wayIn: IN, wayOut: "Readable", fault: 23 },
  { name: "asWritable makes an end of an error", file: "adapters/node/inflow", find: /this\.producer\.fail\(error \?\?[^;]*;/, put: "this.producer.complete();", wayIn: "asWritable", wayOut: OUT, fault: 3 },
  // ---- WHATWG
  { name: "fromReadableStream keeps the lock", file: "adapters/web/reading", find: "reader.releaseLock()", put: "void reader", wayIn: "ReadableStream", wayOut: OUT, fault: 1 },
  { name: "fromReadableStream cancels without a reason", file: "adapters/web/reading", find: "reader.cancel(cause)", put: "reader.cancel()", wayIn: "ReadableStream", wayOut: OUT, fault: 28 },
  { name: "fromReadableStream reads more than was demanded", file: "adapters/web/event-reading", find: "while (this.wanted > 0 &&", put: "while (this.wanted > -3 &&", wayIn: "ReadableStream", wayOut: OUT, fault: 36 },
  { name: "toReadableStream closes where its producer fails", file: "adapters/web/feeding", find: "this.controller.error(failure.error)", put: "this.controller.close()", wayIn: IN, wayOut: "ReadableStream", fault: 3 },
  { name: "toReadableStream leaves nobody when it is cancelled", file: "adapters/web/feeding", find: "return this.#end === undefined ? this.#leave(", put: "return this.#isOver === undefined ? this.#leave(", wayIn: IN, wayOut: "ReadableStream", fault: 15 },
  { name: "intoWritableStream closes its stream where its producer fails", file: "adapters/web/stream-writing", find: "writer.abort(told)", put: "writer.close()", wayIn: IN, wayOut: "WritableStream", fault: 3 },
  { name: "intoWritableStream keeps the lock", file: "adapters/web/stream-writing", find: "this.#writer?.releaseLock()", put: "void this.#writer", wayIn: IN, wayOut: "WritableStream", fault: 1 },
  { name: "asWritableStream loses the error of who writes", file: "adapters/web/stream-intake", find: /this\.#stage\.fail\(reason === undefined[^;]*;/, put: "this.#stage.complete();", wayIn: "asWritableStream", wayOut: OUT, fault: 3 },
  // ---- IxJS
  { name: "fromIx does not say why it leaves", file: "adapters/ix/departure", find: "iterator.return(...given)", put: "iterator.return()", wayIn: HAND, wayOut: "next() x3", fault: 10 },
  { name: "fromIx never aborts what is stuck", file: "adapters/ix/departure", find: "if (!hasSettled)", put: "if (hasSettled)", wayIn: "AsyncIterableX, operators", wayOut: OUT, fault: 26 },
  { name: "fromIx does not wait for return()", file: "adapters/ix/from-ix", find: "return: (reason) => leave(iterator, controller, reason, reason)", put: "return: (reason) => (void leave(iterator, controller, reason, reason).catch(() => {}), Promise.resolve({}))", wayIn: HAND, wayOut: OUT, fault: 22 },
  { name: "toIx does not hand the signal on", file: "adapters/ix/face", find: "return this.#open(signal);", put: "return this.#open();", wayIn: IN, wayOut: "AsyncIterableX", fault: 17 },
  { name: "toIx reads ahead", file: "adapters/ix/to-ix", find: "maxDemand: 1, minDemand: 0", put: "maxDemand: 9, minDemand: 0", wayIn: IN, wayOut: "AsyncIterableX", fault: 35 },
  { name: "toIx gives lists where events are wanted", file: "adapters/ix/to-ix", find: "producer.events({ maxDemand: 1", put: "producer.batches({ maxDemand: 1", wayIn: IN, wayOut: "AsyncIterableX", fault: 2 },
  { name: "throughIx makes an end of an error", file: "adapters/ix/ix-joint", find: "this.#output.fail(error);", put: "this.#output.complete();", wayIn: "producer, async > throughIx", wayOut: OUT, fault: 3 },
  { name: "throughIx reads on although nobody wants more", file: "adapters/ix/ix-joint", find: "this.#wanted -= list.length;", put: "void list;", wayIn: IN, wayOut: "throughIx", fault: 35 },
  { name: "throughIx takes the next list before it has read the last", file: "adapters/ix/feeding", find: "this.#handled = resolve;", put: "resolve();", wayIn: IN, wayOut: "throughIx", fault: 2 },
  // ---- Reactive Streams
  { name: "fromPublisher requests more than was demanded", file: "adapters/reactive-streams/receiving", find: "subscription.request(wanted);", put: "subscription.request(wanted + 2);", wayIn: "Publisher", wayOut: OUT, fault: 35 },
  { name: "fromPublisher does not cancel", file: "adapters/reactive-streams/receiving", find: "subscription?.cancel();", put: "void subscription;", wayIn: "Publisher", wayOut: OUT, fault: 15 },
  { name: "fromPublisher fails before the events that came first", file: "adapters/reactive-streams/receiving", find: /failed\(error\) \{\s+this\.#flush\(\);/, put: "failed(error) {", wayIn: "Publisher", wayOut: "consumer, sync", fault: 6 },
  { name: "asSubscriber holds the Publisher of a stage that has ended", file: "adapters/reactive-streams/as-subscriber", find: "void closed.then(() => post({ receive: () => void stage.stop() }, undefined));", put: "void closed;", wayIn: "asSubscriber", wayOut: OUT, fault: 25 },
  { name: "asSubscriber makes an end of an error", file: "adapters/reactive-streams/receiving", find: /if \(this\.#end\(\)\)\s+this\.#stage\.fail\(error\);/, put: "if (this.#end()) this.#stage.complete();", wayIn: "asSubscriber", wayOut: OUT, fault: 3 },
  { name: "asSubscriber hears nothing of the end", file: "adapters/reactive-streams/as-subscriber", find: "receiving.onComplete()", put: "undefined", wayIn: "asSubscriber", wayOut: OUT, fault: 1 },
  { name: "toPublisher goes on behind a cancel", file: "adapters/reactive-streams/signalling", find: /this\.#close\(\);\s+void this\.#stage\?\.stop\(\);/, put: "this.#close();", wayIn: IN, wayOut: "Publisher", fault: 15 },
  { name: "toPublisher asks for its whole window", file: "adapters/reactive-streams/signalling", find: "Math.max(this.missing, ", put: "Math.max(9, ", wayIn: IN, wayOut: "Publisher", fault: 35 },
  { name: "toPublisher completes where its producer fails", file: "adapters/reactive-streams/signalling", find: "if (failure === undefined)", put: "if (failure !== null)", wayIn: IN, wayOut: "Publisher", fault: 3 },
  { name: "intoSubscriber asks for what was signalled as well", file: "adapters/reactive-streams/signalling", find: "this.#open -= 1;", put: "void this;", wayIn: IN, wayOut: "intoSubscriber", fault: 35 },
  { name: "intoSubscriber loses an event", file: "adapters/reactive-streams/signalling", find: "this.#next(event);", put: "void event;", wayIn: IN, wayOut: "intoSubscriber", fault: 2 },
  { name: "intoSubscriber swallows what onComplete throws", file: "adapters/reactive-streams/signalling", find: /if \(reason\.type === "normal"\)\s+throw error;/, put: "void reason;", wayIn: IN, wayOut: "intoSubscriber", fault: 14 },
  { name: "asProcessor has no window of its own", file: "adapters/reactive-streams/as-subscriber", find: "{ maxDemand, minDemand, cancel });", put: "{ cancel });", wayIn: IN, wayOut: "asProcessor", fault: 35 },
  { name: "asProcessor loses the end of its Publisher", file: "adapters/reactive-streams/as-subscriber", find: "receiving.onComplete()", put: "undefined", wayIn: IN, wayOut: "asProcessor", fault: 1 },
  { name: "asProcessor loses the error of its Publisher", file: "adapters/reactive-streams/as-subscriber", find: "receiving.onError(error)", put: "receiving.onComplete()", wayIn: IN, wayOut: "asProcessor", fault: 3 },
  { name: "a stage of two halves swallows the clean-up behind it", file: "core/joined", find: "throw this.#upFailure.error", put: "void this", wayIn: "producer, async > Duplex", wayOut: OUT, fault: 23 },
];
