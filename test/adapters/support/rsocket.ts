import { RSocketClient, RSocketServer, type ReactiveSocket, type Responder } from "rsocket-core";
import { Flowable } from "rsocket-flowable";
import type { Subscriber } from "sluice/reactive-streams";

interface Frame {
  readonly type: number;
}

interface Status {
  readonly kind: "CONNECTED" | "CLOSED";
}

/** One end of a connection in memory: a frame arrives in a turn of its own. */
class MemoryConnection {
  other: MemoryConnection | undefined;
  readonly #receivers = new Set<Subscriber<Frame>>();
  readonly #watchers = new Set<Subscriber<Status>>();
  #status: Status = { kind: "CONNECTED" };

  connect(): void {}

  /** Keep-alive frames: nobody needs them here, and they would need timers. */
  send(): void {}

  sendOne(frame: Frame): void {
    queueMicrotask(() => this.other?.arrive(frame));
  }

  arrive(frame: Frame): void {
    for (const receiver of this.#receivers) receiver.onNext(frame);
  }

  receive(): Flowable<Frame> {
    return listened(this.#receivers);
  }

  connectionStatus(): Flowable<Status> {
    return listened(this.#watchers, (watcher) => watcher.onNext(this.#status));
  }

  close(): void {
    if (this.#status.kind === "CLOSED") return;
    this.#status = { kind: "CLOSED" };
    for (const watcher of this.#watchers) watcher.onNext(this.#status);
    this.other?.close();
  }
}

function listened<Event>(listeners: Set<Subscriber<Event>>, first: (listener: Subscriber<Event>) => void = () => undefined): Flowable<Event> {
  return new Flowable((listener) => {
    let isNew = true;
    listener.onSubscribe({
      request() {
        listeners.add(listener);
        if (isNew) first(listener);
        isNew = false;
      },
      cancel: () => listeners.delete(listener),
    });
  });
}

/** An RSocket client whose server answers by `responder`. Disposing of it closes the connection. */
export async function connected(responder: Responder): Promise<ReactiveSocket & Disposable> {
  const [here, there] = [new MemoryConnection(), new MemoryConnection()];
  here.other = there;
  there.other = here;
  const server = new RSocketServer({
    getRequestHandler: () => responder,
    transport: { start: () => Flowable.just(there), stop: () => undefined },
  });
  server.start();
  const setup = { keepAlive: 1_000_000, lifetime: 1_000_000, dataMimeType: "text/plain", metadataMimeType: "text/plain" };
  const client = new RSocketClient({ setup, transport: here });
  const socket = await new Promise<ReactiveSocket>((resolve, reject) => client.connect().subscribe({ onComplete: resolve, onError: reject, onSubscribe: () => undefined }));
  return {
    requestStream: (payload) => socket.requestStream(payload),
    requestChannel: (payloads) => socket.requestChannel(payloads),
    close: () => socket.close(),
    [Symbol.dispose]: () => here.close(),
  };
}
