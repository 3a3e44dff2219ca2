import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OUTLET, broadcastDispatcher, consumer, demandDispatcher, partitionDispatcher, producer, type DispatcherFactory, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { collect } from "../core/support/collect.ts";
import { COSTLY, announce, parametersOf, runsOf, timeout } from "./runs.ts";

const factories: readonly [kind: string, make: () => DispatcherFactory<object>][] = [
  ["demand", () => demandDispatcher()],
  ["broadcast", () => broadcastDispatcher()],
  ["partition", () => partitionDispatcher({ partitions: 3, hash: () => 0 })],
];

const runs = runsOf({ parts: factories.length, each: COSTLY });
announce("references", factories.length * runs);

const WAYS = ["cancel", "down", "replaced", "stop", "loop"] as const;
const plans = fc.array(fc.record({ way: fc.constantFrom(...WAYS), asks: fc.nat(5) }), { minLength: 1, maxLength: 6 });

describe.each(factories)("a producer with a %s dispatcher", (kind, make) => {
  test("P10 nobody remembers a consumer that has gone, nor the events that it got", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        await using source = producer<object>({ dispatcher: make() });
        const gone: WeakRef<object>[] = [];
        for (const { way, asks } of plan) if (kind !== "partition" || way !== "loop") gone.push(...(await comeAndGo(source, way, asks)));
        await settle();
        await new Promise<void>((resolve) => setImmediate(resolve));
        collect();
        expect(gone.filter((reference) => reference.deref() !== undefined)).toEqual([]);
        expect(source.snapshot().output?.consumers).toEqual([]);
      }),
      parametersOf(runs),
    );
  });
});

/** A consumer comes, gets its events, and goes. Returns what may be forgotten then. */
async function comeAndGo(source: PushProducer<object>, way: (typeof WAYS)[number], asks: number): Promise<WeakRef<object>[]> {
  const options = { options: { partition: 0 } };
  const event = {};
  if (way === "loop") {
    const reader = source.events({ maxDemand: asks + 1 });
    void reader.next();
    await settle();
    source.emit([event]);
    await settle();
    await reader.return();
    return [new WeakRef(reader), new WeakRef(event)];
  }
  if (way === "stop") {
    const sink = consumer<object>({ handleEvents: () => undefined });
    sink.subscribe(source, partitionOf(source));
    await settle();
    source.emit([event]);
    await settle();
    await sink.stop();
    return [new WeakRef(sink), new WeakRef(event)];
  }
  const probe = new ConsumerProbe(source, options);
  await probe.ask(asks + 1);
  source.emit([event]);
  await settle();
  if (way === "cancel") await probe.cancel();
  else if (way === "down") await probe.down();
  else {
    const next = new ConsumerProbe(source, { ...options, replaces: { probe } });
    await settle();
    await next.cancel();
  }
  return [new WeakRef(probe), new WeakRef(event)];
}

/** The option that its dispatcher needs. */
function partitionOf(source: PushProducer<object>): { readonly partition?: number } {
  return source[OUTLET].dispatchOptions.includes("partition") ? { partition: 0 } : {};
}
