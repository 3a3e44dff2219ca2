/** Two small ways out that keep the contract, to be broken in one place each: a cursor that is read, a pen that writes. */
import { consumer, errorOf, type Consumer, type ExitReason, type Producer, type Self, type Subscription } from "sluice";
import type { WayOutSettings, WrittenSink } from "sluice/testing";

interface Read {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads a producer event by event: asks for one at each read. */
export class Cursor {
  readonly stage: Consumer<unknown>;
  readonly subscription: Subscription;
  readonly kept: unknown[] = [];
  readonly reads: Read[] = [];
  readonly settings: WayOutSettings;
  end: ExitReason | undefined;
  isClosed = false;

  constructor(producer: Producer<unknown>, settings: WayOutSettings) {
    this.settings = settings;
    this.stage = consumer<unknown>({
      ...this.options(),
      name: "cursor",
      handleEvents: (events) => this.hear(events),
      handleStop: (reason) => this.stop(reason),
    });
    void this.stage.closed;
    this.subscription = this.stage.subscribe(producer, { mode: "manual" });
  }

  options(): object {
    return { signal: this.settings.signal };
  }

  read(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.reads.push({ resolve, reject });
      if (this.end === undefined && !this.isClosed) this.ask();
      this.serve();
    });
  }

  ask(): void {
    this.subscription.ask(1);
  }

  hear(events: readonly unknown[]): void {
    if (this.isClosed) return;
    this.kept.push(...events);
    this.serve();
  }

  serve(): void {
    while (this.reads.length > 0 && this.kept.length > 0) this.reads.shift()?.resolve({ value: this.kept.shift(), done: false });
    if (this.kept.length === 0 && (this.end !== undefined || this.isClosed)) this.finish();
  }

  finish(): void {
    const failure = this.isClosed || this.end === undefined ? undefined : this.failureOf(this.end);
    for (const read of this.reads.splice(0)) {
      if (failure === undefined) read.resolve({ value: undefined, done: true });
      else read.reject(failure.error);
    }
  }

  failureOf(end: ExitReason): { readonly error: unknown } | undefined {
    return errorOf(end, "cursor");
  }

  stop(reason: ExitReason): void {
    this.end = reason;
    this.serve();
  }

  close(...reason: readonly [unknown?]): Promise<void> {
    this.isClosed = true;
    this.kept.length = 0;
    this.finish();
    return this.stage.stop(...reason);
  }
}

/** Writes the events of a producer one by one, each when the one before was taken. */
export class Pen {
  readonly sink: WrittenSink<unknown>;
  readonly settings: WayOutSettings;
  readonly stage: Consumer<unknown>;
  self: Self | undefined;
  isBroken = false;
  /** Waits for the write in flight no longer. */
  goOn: () => void = () => undefined;

  constructor(producer: Producer<unknown>, sink: WrittenSink<unknown>, settings: WayOutSettings) {
    this.sink = sink;
    this.settings = settings;
    this.stage = consumer<unknown>({
      ...this.options(),
      name: "pen",
      handleSubscribe: (_, self) => {
        this.self = self;
      },
      handleEvents: (events) => this.write(events),
      handleComplete: () => this.finish(),
      handleStop: (reason) => this.stop(reason),
    });
    this.stage.subscribe(producer, { maxDemand: 4 });
  }

  options(): object {
    const { signal, closeWithinMs } = this.settings;
    return { signal, stopWithinMs: closeWithinMs };
  }

  async write(events: readonly unknown[]): Promise<void> {
    for (const event of events) {
      if (this.isBroken || this.self?.signal.aborted === true) return;
      await this.put(event);
    }
  }

  put(event: unknown): Promise<void> {
    return new Promise((done) => {
      this.goOn = done;
      this.sink.event(event, done);
    });
  }

  finish(): Promise<void> | void {
    return new Promise((done) => this.sink.end(done));
  }

  stop(reason: ExitReason): void {
    const failure = errorOf(reason, "pen");
    if (failure !== undefined) this.sink.error(failure.error);
  }

  /** Its native side is broken. */
  break(error: unknown): void {
    this.self?.fail(error);
    this.isBroken = true;
    this.goOn();
  }
}
