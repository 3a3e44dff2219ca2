import { describe, expectTypeOf, test } from "vitest";
import {
  consumer,
  consumerSupervisor,
  pipeline,
  supervisor,
  type ChildContext,
  type Consumer,
  type ConsumerSupervisor,
  type EventChild,
  type Producer,
} from "sluice";

declare const numbers: Producer<number>;
declare const strings: Producer<string>;

describe("consumerSupervisor", () => {
  test("infers the events of start from its producers", () => {
    const stage = consumerSupervisor({
      subscribeTo: [numbers, { to: strings, maxDemand: 8 }],
      restart: "temporary",
      start: async (event, context) => {
        expectTypeOf(event).toEqualTypeOf<number | string>();
        expectTypeOf(context).toEqualTypeOf<ChildContext>();
      },
    });
    expectTypeOf(stage).toEqualTypeOf<ConsumerSupervisor<number | string>>();
  });

  test("takes a type that is given, and is a consumer of it", () => {
    const stage = consumerSupervisor<string>({ restart: "transient", start: async (event) => event.length });
    expectTypeOf(stage).toEqualTypeOf<ConsumerSupervisor<string>>();
    expectTypeOf(stage).toExtend<Consumer<string>>();
    stage.subscribe(strings, { maxDemand: 2 });
    // @ts-expect-error it takes strings
    stage.subscribe(numbers);
  });

  test("starts promises, stages, supervisors, or nothing", () => {
    consumerSupervisor<string>({ restart: "temporary", start: () => Promise.resolve(1) });
    consumerSupervisor<string>({ restart: "temporary", start: () => consumer({ subscribeTo: [numbers], handleEvents: () => undefined }) });
    consumerSupervisor<string>({ restart: "temporary", start: () => supervisor().start() });
    consumerSupervisor<string>({ restart: "temporary", start: () => undefined });
    consumerSupervisor<string>({ restart: "temporary", start: (event) => (event === "" ? undefined : Promise.resolve()) });
    // @ts-expect-error a number is no child
    consumerSupervisor<string>({ restart: "temporary", start: (event) => event.length });
  });

  test("lists children of its events", () => {
    const stage = consumerSupervisor<string>({ restart: "temporary", start: async () => undefined });
    expectTypeOf(stage.children).toEqualTypeOf<readonly EventChild<string>[]>();
    expectTypeOf<Parameters<(typeof stage)["startChild"]>>().toEqualTypeOf<[event: string]>();
    expectTypeOf(stage.startChild("a")).toEqualTypeOf<EventChild<string> | undefined>();
    expectTypeOf(stage.counts).toEqualTypeOf<{ readonly active: number; readonly workers: number }>();
    const others = consumerSupervisor<number>({ restart: "temporary", start: async () => undefined });
    for (const child of others.children) {
      // @ts-expect-error the child of a number
      void stage.stopChild(child);
    }
  });

  test("wants a start and one of two kinds of restart", () => {
    // @ts-expect-error there is no default
    consumerSupervisor<string>({ start: async () => undefined });
    // @ts-expect-error nor for this
    consumerSupervisor<string>({ restart: "temporary" });
    // @ts-expect-error a permanent child would never free its place
    consumerSupervisor<string>({ restart: "permanent", start: async () => undefined });
    // @ts-expect-error it has no handlers of events
    consumerSupervisor<string>({ restart: "temporary", start: async () => undefined, handleEvents: () => undefined });
  });

  test("refuses an option of a subscription that nobody knows", () => {
    // @ts-expect-error maxDemnad
    consumerSupervisor({ subscribeTo: [{ to: numbers, maxDemnad: 8 }], restart: "temporary", start: async () => undefined });
  });

  test("is the last part of a pipeline, and the child of a supervisor", () => {
    expectTypeOf(pipeline(numbers, consumerSupervisor<number>({ restart: "temporary", start: async () => undefined }))).toEqualTypeOf<Promise<void>>();
    const tree = supervisor()
      .child("workers", () => consumerSupervisor({ subscribeTo: [numbers], restart: "temporary", start: async () => undefined }))
      .start();
    expectTypeOf(tree.children.workers).toEqualTypeOf<ConsumerSupervisor<number>>();
  });
});
