import { describe, expect, test } from "vitest";
import { Pending, joined, type EventJoint, type ProducerConsumer, type PushProducer } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";

const boom = new Error("boom");

/** Takes events in; what becomes of one is said from outside. */
class Desk implements EventJoint<number, number> {
  readonly calls: number[] = [];
  readonly pending = new Map<number, Pending>();
  readonly #output: PushProducer<number>;

  constructor(output: PushProducer<number>) {
    this.#output = output;
  }

  handleEvent(event: number): Pending {
    this.calls.push(event);
    const pending = new Pending();
    this.pending.set(event, pending);
    return pending;
  }

  handleDemand(): void {}

  handleComplete(): void {
    this.#output.complete();
  }

  handleInputError(error: unknown): void {
    this.#output.fail(error);
  }

  handleStop(): void {
    this.calls.push(0);
  }
}

interface Between {
  readonly up: ProducerProbe<number>;
  readonly desk: Desk;
  readonly stage: ProducerConsumer<number, number>;
  readonly down: ConsumerProbe<number>;
}

async function between(concurrency: number, options: { readonly maxDemand?: number; readonly stopWithinMs?: number } = {}): Promise<Between> {
  const up = new ProducerProbe<number>();
  let desk!: Desk;
  const stage = joined<number, number>({ ...options, subscribeTo: [up.producer] }, (output) => (desk = new Desk(output)), concurrency);
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  return { up, desk, stage, down };
}

describe("an event that is settled by a call", () => {
  test("is handled then, and the next is taken in later, not in that call", async () => {
    const { up, desk, stage } = await between(2);
    await up.emit(1, 2, 3, 4);
    expect(desk.calls).toEqual([1, 2]);
    desk.pending.get(2)?.resolve();
    expect(desk.calls).toEqual([1, 2]);
    expect(stage.snapshot()).toMatchObject({ input: { inCallback: 1, handled: 1 } });
    await settle();
    expect(desk.calls).toEqual([1, 2, 3]);
  });

  test("is alone where one is taken in at once", async () => {
    const { up, desk } = await between(1);
    await up.emit(1, 2, 3);
    expect(desk.calls).toEqual([1]);
    desk.pending.get(1)?.resolve();
    await settle();
    expect(desk.calls).toEqual([1, 2]);
  });

  test("gives its demand back", async () => {
    const { up, desk } = await between(4, { maxDemand: 4 });
    await up.emit(1, 2, 3, 4);
    expect(up.asks).toEqual([4]);
    for (const n of [4, 1]) desk.pending.get(n)?.resolve();
    await settle();
    expect(up.asks).toEqual([4, 2]);
  });

  test("lets the next run in the same call where that is asked for", async () => {
    const { up, desk } = await between(1);
    await up.emit(1, 2);
    desk.pending.get(1)?.resolveOnly()?.goOn();
    expect(desk.calls).toEqual([1, 2]);
  });

  test("settles once", async () => {
    const { up, desk, stage } = await between(2);
    await up.emit(1, 2);
    const first = desk.pending.get(1);
    expect(first?.isPending).toBe(true);
    first?.resolve();
    first?.resolve();
    first?.reject(boom);
    expect(first?.isPending).toBe(false);
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "running", input: { inCallback: 1, handled: 1 } });
  });

  test("is waited for by the end of its producer", async () => {
    const { up, desk, down } = await between(2);
    await up.emit(1);
    await up.complete();
    expect(down.ends).toEqual([]);
    desk.pending.get(1)?.resolve();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
  });

  test("is waited for by a stop", async () => {
    const { up, desk, stage } = await between(2);
    await up.emit(1);
    const stopped = stage.stop();
    await settle();
    expect(desk.calls).toEqual([1]);
    desk.pending.get(1)?.resolve();
    await stopped;
    expect(desk.calls).toEqual([1, 0]);
  });

  test("fails the stage with its error", async () => {
    const { up, desk, stage, down } = await between(2);
    const { closed } = stage;
    await up.emit(1, 2);
    desk.pending.get(2)?.reject(boom);
    desk.pending.get(1)?.resolve();
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
  });
});
