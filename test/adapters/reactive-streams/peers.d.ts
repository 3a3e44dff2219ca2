/** The peers have no types of their own: what the tests use of them. */

declare module "rsocket-flowable" {
  import type { Publisher, Subscriber, Subscription } from "sluice/reactive-streams";

  export class Flowable<Event> implements Publisher<Event> {
    static just<Event>(...events: readonly Event[]): Flowable<Event>;
    static error(error: unknown): Flowable<never>;
    constructor(source: (subscriber: Subscriber<Event>) => void, max?: number);
    subscribe(subscriber: Partial<Subscriber<Event>>): void;
    map<Out>(change: (event: Event) => Out): Flowable<Out>;
    take(count: number): Flowable<Event>;
  }

  export class FlowableProcessor<In, Out> implements Publisher<Out>, Subscriber<In> {
    constructor(source: Publisher<In>, change?: (event: In) => Out);
    subscribe(subscriber: Subscriber<Out>): void;
    onSubscribe(subscription: Subscription): void;
    onNext(event: In): void;
    onError(error: unknown): void;
    onComplete(): void;
  }
}

declare module "rsocket-core" {
  import type { Publisher } from "sluice/reactive-streams";
  import type { Flowable } from "rsocket-flowable";

  export interface Payload {
    readonly data: unknown;
    readonly metadata?: unknown;
  }

  export interface Responder {
    requestStream?(payload: Payload): Publisher<Payload>;
    requestChannel?(payloads: Publisher<Payload>): Publisher<Payload>;
  }

  export interface ReactiveSocket {
    requestStream(payload: Payload): Flowable<Payload>;
    requestChannel(payloads: Publisher<Payload>): Flowable<Payload>;
    close(): void;
  }

  export class RSocketClient {
    constructor(config: { readonly setup: { readonly keepAlive: number; readonly lifetime: number; readonly dataMimeType: string; readonly metadataMimeType: string }; readonly transport: object });
    connect(): { subscribe(subscriber: { onComplete(socket: ReactiveSocket): void; onError(error: unknown): void; onSubscribe(cancel: () => void): void }): void };
  }

  export class RSocketServer {
    constructor(config: { readonly getRequestHandler: () => Responder; readonly transport: object });
    start(): void;
    stop(): void;
  }
}

declare module "reactor-core-js/flux.js" {
  import type { Publisher, Subscriber, Subscription } from "sluice/reactive-streams";

  export class Flux<Event> implements Publisher<Event> {
    static from<Event>(source: Publisher<Event>): Flux<Event>;
    static range(start: number, count: number): Flux<number>;
    static generate<Event, State>(start: () => State, generate: (state: State, sink: { onNext(event: Event): void; onError(error: unknown): void; onComplete(): void }) => State, dispose?: (state: State) => void): Flux<Event>;
    subscribe(subscriber: Subscriber<Event>): void;
    map<Out>(change: (event: Event) => Out): Flux<Out>;
    filter(accepts: (event: Event) => boolean): Flux<Event>;
    take(count: number): Flux<Event>;
    concatMap<Out>(change: (event: Event) => Publisher<Out>): Flux<Out>;
    consume(onNext?: (event: Event) => void, onError?: (error: unknown) => void, onComplete?: () => void): unknown;
  }

  export class UnicastProcessor<Event> extends Flux<Event> implements Subscriber<Event> {
    onSubscribe(subscription: Subscription): void;
    onNext(event: Event): void;
    onError(error: unknown): void;
    onComplete(): void;
  }
}

declare module "reactor-core-js/subscriber.js" {
  import type { Subscriber, Subscription } from "sluice/reactive-streams";

  export class TestSubscriber<Event> implements Subscriber<Event> {
    constructor(initialRequest?: number);
    onSubscribe(subscription: Subscription): void;
    onNext(event: Event): void;
    onError(error: unknown): void;
    onComplete(): void;
    request(demand: number): void;
    cancel(): void;
    assertNoError(): void;
    assertComplete(): void;
    assertValueCount(count: number): void;
    assertValues(values: readonly Event[]): void;
  }
}
