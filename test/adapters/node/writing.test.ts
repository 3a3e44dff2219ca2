/** How lists are written into a stream, whatever its kind. */
import { EventEmitter, getEventListeners } from "node:events";
import { Duplex, Writable } from "node:stream";
import { describe, expect, test, vi, afterEach } from "vitest";
import { fromIterable, type Consumer, type Report } from "sluice";
import { intoStreamIterWriter, intoWritable, throughDuplex, type WritableLike } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Sink } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

function writing(stream: WritableLike, options: Parameters<typeof intoWritable>[1] = {}): { probe: ProducerProbe<unknown>; stage: Consumer<unknown> } {
  const probe = new ProducerProbe<unknown>();
  return { probe, stage: intoWritable(stream, { subscribeTo: [probe.producer], ...options }) };
}

/** Counts the calls of `cork`. */
class Corked extends Sink {
  corks = 0;

  override cork(): void {
    this.corks += 1;
    super.cork();
  }
}

/** A stream of another make, which says no more of itself than it must. */
class Foreign extends EventEmitter implements WritableLike {
  destroyed?: boolean;
  readonly written: unknown[] = [];
  readonly #write: (stream: Foreign, done: (error?: unknown) => void) => boolean;

  constructor(write: (stream: Foreign, done: (error?: unknown) => void) => boolean) {
    super();
    this.#write = write;
  }

  write(event: unknown, done: (error?: unknown) => void): boolean {
    this.written.push(event);
    return this.#write(this, done);
  }

  end(): void {
    this.emit("finish");
  }

  destroy(error?: Error): void {
    if (error !== undefined) this.emit("error", error);
    this.emit("close");
  }
}

describe("cork", () => {
  test("is for a list, not for what is left of it alone", async () => {
    const stream = new Corked({ highWaterMark: 4 });
    const { probe, stage } = writing(stream);
    await settle();
    await probe.emit(1);
    expect(stream.corks).toBe(0);
    await probe.emit(...range(5));
    expect(stream.corks).toBe(1);
    expect(stream.written).toEqual([1, ...range(5)]);
    await stage.stop();
  });

  test("of somebody else is left to them", async () => {
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    await settle();
    stream.cork();
    await probe.emit(1);
    expect(stream.writableCorked).toBe(1);
    await stage.stop();
  });

  test("is of no use for a stream that takes no lists", async () => {
    let corks = 0;
    const written: unknown[] = [];
    const stream = new Writable({
      objectMode: true,
      write(event, _encoding, done) {
        written.push(event);
        done();
      },
    });
    stream.cork = () => void (corks += 1);
    stream.uncork = () => undefined;
    const { probe, stage } = writing(stream);
    await settle();
    await probe.emit(1, 2, 3);
    expect(written).toEqual([1, 2, 3]);
    expect(corks).toBe(0);
    await stage.stop();
  });
});

describe("a stream of another make", () => {
  test("may drain in the middle of each write, for ever", async () => {
    const stream = new Foreign((self, done) => {
      done();
      self.emit("drain");
      return false;
    });
    const { probe, stage } = writing(stream, { maxDemand: 50_000 });
    const { closed } = stage;
    await settle();
    await probe.emit(...range(20_000));
    expect(stream.written).toEqual(range(20_000));
    await probe.complete();
    expect(await closed).toEqual({ type: "normal" });
  });

  test("whose write is called back with an error is written into no more", async () => {
    const boom = new Error("boom");
    const stream = new Foreign((_self, done) => {
      done(boom);
      return false;
    });
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2, 3);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(stream.written).toEqual([1]);
  });

  test("that is destroyed is a premature close, whatever the write is called back with", async () => {
    const stream = new Foreign((self, done) => {
      self.destroyed = true;
      done(new Error("of its own"));
      return false;
    });
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: "expected the stream to finish before it closes, got: a premature close" } });
  });
});

describe("the end of the stage", () => {
  test("leaves what was not written unwritten, in a stream that is left open", async () => {
    const stream = new Sink({ highWaterMark: 1, manual: true });
    const { probe, stage } = writing(stream, { end: false });
    await settle();
    await probe.emit(1, 2, 3);
    await stage.stop();
    stream.answer();
    await settle();
    expect(stream.written).toEqual([1]);
    stream.destroy();
  });

  test("is heeded once, however many producers it is subscribed to", async () => {
    for (const make of [(options: object) => intoWritable(new Sink(), options), (options: object) => intoStreamIterWriter({ write: () => undefined }, options)]) {
      const counts: number[] = [];
      const count = (_from: unknown, self: { readonly signal: AbortSignal }): void => void counts.push(getEventListeners(self.signal, "abort").length);
      const stage = make({ subscribeTo: range(3).map(() => new ProducerProbe<unknown>().producer), handleSubscribe: count });
      await settle();
      expect(counts).toHaveLength(3);
      expect(new Set(counts).size).toBe(1);
      await stage.stop();
    }
  });

  test("reports what the stream says when it has been given up waiting for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (const make of [
      (stream: Duplex, options: object) => intoWritable(stream, { ...options, subscribeTo: [new ProducerProbe<unknown>().producer] }),
      (stream: Duplex, options: object) => throughDuplex(stream, options),
    ]) {
      const reports: Report[] = [];
      let finish!: (error?: Error) => void;
      const stream = new Duplex({ objectMode: true, read() {}, destroy: (_error, done) => void (finish = done) });
      const stage = make(stream, { name: "out", closeWithinMs: 50, handleReport: (report: Report) => void reports.push(report) });
      await settle();
      const stopped = stage.stop();
      await settle();
      await vi.advanceTimersByTimeAsync(50);
      await stopped;
      expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: "the stream of out did not close within 50 ms" } }]);
      const late = new Error("late");
      finish(late);
      await settle();
      expect(reports.slice(1)).toEqual([{ kind: "late-failure", stage: "out", error: late }]);
    }
  });
});

test("a stream that is about to fail gives the error of its clean-up, not a premature close", async () => {
  const cleanup = new Error("disk gone");
  const stream = new Writable({ objectMode: true, write() {}, destroy: (_error, done) => void setImmediate(() => done(cleanup)) });
  stream.destroy();
  expect(await writing(stream).stage.closed).toEqual({ type: "error", error: cleanup });
});

describe("a Duplex whose readable half ends first", () => {
  /** The stage, when 'end' has come. */
  async function ending(duplex: Duplex): Promise<{ readonly down: ConsumerProbe<unknown>; readonly closed: Promise<unknown> }> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const up = new ProducerProbe<unknown>();
    const stage = throughDuplex(duplex, { subscribeTo: [up.producer] });
    const down = new ConsumerProbe(stage);
    await down.ask(3);
    duplex.push(null);
    await settle();
    return { down, closed: stage.closed };
  }

  test("has its writable half ended", async () => {
    let finals = 0;
    const duplex = new Duplex({
      objectMode: true,
      read() {},
      write: (_event, _encoding, done) => done(),
      final(done) {
        finals += 1;
        done();
      },
    });
    const { down } = await ending(duplex);
    expect(finals).toBe(1);
    expect(down.end).toEqual({ type: "normal" });
  });

  test("is not waited for when it ends the other half by itself", async () => {
    const duplex = new Duplex({ objectMode: true, allowHalfOpen: false, autoDestroy: false, read() {}, write: (_event, _encoding, done) => done() });
    const { down } = await ending(duplex);
    expect(duplex.writableFinished).toBe(true);
    expect(down.end).toEqual({ type: "normal" });
  });

  test("is not waited for when it closes by itself at its end", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_event, _encoding, done) => done(), final() {} });
    duplex.once("end", () => duplex.destroy());
    const { down } = await ending(duplex);
    expect(down.end).toEqual({ type: "normal" });
  });

  test("is not waited for when it closes instead of finishing", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_event, _encoding, done) => done(), final() {} });
    const { down } = await ending(duplex);
    expect(down.end).toBeUndefined();
    duplex.destroy();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
  });
});

describe("a Duplex that says late what it has made", () => {
  /** Calls its writes back in a later turn, before anybody has read what came of them. */
  function late(make: (duplex: Duplex, event: unknown) => void, modes: object): { readonly duplex: Duplex; readonly written: unknown[] } {
    const written: unknown[] = [];
    const duplex: Duplex = new Duplex({
      objectMode: true,
      ...modes,
      read() {},
      write(event, _encoding, done) {
        written.push(event);
        setImmediate(() => {
          make(duplex, event);
          done();
        });
      },
    });
    return { duplex, written };
  }

  test("is fed no more than is missing: each of two objects of one event counts", async () => {
    const { duplex, written } = late((to, event) => {
      to.push(event);
      to.push(event);
    }, { writableHighWaterMark: 1 });
    const up = new ProducerProbe<unknown>();
    const stage = throughDuplex(duplex, { subscribeTo: [up.producer] });
    const down = new ConsumerProbe(stage);
    await down.ask(2);
    await up.emit(1, 2, 3);
    await settle();
    expect(down.events).toEqual([1, 1]);
    expect(written).toEqual([1]);
    await stage.stop();
  });

  test("is fed on, however many bytes came of the first chunk: they are one event", async () => {
    const { duplex, written } = late((to, event) => to.push(event), { objectMode: false, writableHighWaterMark: 1 });
    const up = new ProducerProbe<unknown>();
    const stage = throughDuplex(duplex, { subscribeTo: [up.producer] });
    const down = new ConsumerProbe(stage);
    await down.ask(2);
    await up.emit("first", "second", "third");
    await settle();
    expect(written.map(String)).toEqual(["first", "second"]);
    expect(down.events.map(String)).toEqual(["first", "second"]);
    await stage.stop();
  });

  test("fails at null without further demand, when what came before was written", async () => {
    const { duplex } = late((to, event) => {
      to.push(event);
      to.push(event);
    }, { writableHighWaterMark: 10 });
    const stage = throughDuplex(duplex, { subscribeTo: [fromIterable([1, null])] });
    const down = new ConsumerProbe(stage);
    await down.ask(2);
    await settle();
    expect(down.events).toEqual([1, 1]);
    expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_EVENT" } });
  });
});
