import { describe, expectTypeOf, test } from "vitest";
import { consumer, pipeline, producer, producerConsumer, supervisor, type Children, type Consumer, type ExitReason, type Producer, type ProducerConsumer, type PushProducer, type Supervisor, type SupervisorBuilder, type SupervisorSnapshot } from "sluice";

declare const numbers: PushProducer<number>;
declare const toStrings: (from: Producer<number>) => ProducerConsumer<number, string>;
declare const print: (from: Producer<string>) => Consumer<string>;

describe("a chain of children", () => {
  test("infers what each function gets from those before it", () => {
    supervisor()
      .child("numbers", (siblings, { signal }) => {
        expectTypeOf<keyof typeof siblings>().toBeNever();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return numbers;
      })
      .child("strings", ({ numbers: from }) => {
        expectTypeOf(from).toEqualTypeOf<PushProducer<number>>();
        return toStrings(from);
      })
      .child("printer", ({ numbers: first, strings }) => {
        expectTypeOf(first).toEqualTypeOf<PushProducer<number>>();
        expectTypeOf(strings).toEqualTypeOf<ProducerConsumer<number, string>>();
        return print(strings);
      });
  });

  test("infers the events of stages that are made in place", () => {
    const tree = supervisor()
      .child("counter", () => producer({ handleDemand: (demand) => Array.from({ length: demand }, (_, index) => index) }))
      .child("texts", ({ counter }) => producerConsumer({ subscribeTo: [counter], handleEvents: (events) => events.map(String) }))
      .child("printer", ({ texts }) =>
        consumer({
          subscribeTo: [texts],
          handleEvents(events) {
            expectTypeOf(events).toEqualTypeOf<readonly string[]>();
          },
        }),
      )
      .start();
    expectTypeOf(tree.children.counter).toExtend<Producer<number>>();
    expectTypeOf(tree.children.texts).toExtend<Producer<string>>();
  });

  test("takes a supervisor, a pipeline and an async function", () => {
    const tree = supervisor()
      .child("inner", () => supervisor().child("numbers", () => numbers).start())
      .child("row", ({ inner }, { signal }) => pipeline(inner.children.numbers, toStrings, print, { signal }))
      .child("task", async (_, { signal }) => {
        signal.throwIfAborted();
        return 7;
      })
      .start();
    expectTypeOf(tree.children.inner.children.numbers).toEqualTypeOf<PushProducer<number>>();
    expectTypeOf(tree.children.row).toEqualTypeOf<Promise<void>>();
    expectTypeOf(tree.children.task).toEqualTypeOf<Promise<number>>();
  });

  test("refuses a name twice", () => {
    const one = supervisor().child("a", () => numbers);
    // @ts-expect-error taken
    one.child("a", () => numbers);
    one.child("b", () => numbers);
  });

  test("refuses a sibling that is not there, or not yet", () => {
    supervisor()
      // @ts-expect-error the child itself is not there
      .child("a", ({ a }) => a)
      .child("b", () => numbers);
    supervisor()
      .child("a", () => numbers)
      // @ts-expect-error misspelt
      .child("b", ({ aa }) => toStrings(aa));
  });

  test("refuses a sibling of the wrong type", () => {
    supervisor()
      .child("a", () => numbers)
      // @ts-expect-error numbers, not strings
      .child("b", ({ a }) => print(a));
  });

  test("needs a function, not a stage", () => {
    // @ts-expect-error a stage cannot be started again
    supervisor().child("a", numbers);
  });

  test("is an ordinary value at each step", () => {
    const builder = supervisor().child("a", () => numbers);
    expectTypeOf(builder).toExtend<SupervisorBuilder<{ readonly a: PushProducer<number> }>>();
    expectTypeOf(builder.start()).toExtend<Supervisor<{ readonly a: PushProducer<number> }>>();
  });
});

describe("the options", () => {
  test("of a supervisor are known, and no others", () => {
    supervisor();
    supervisor({ strategy: "restForOne", maxRestarts: Infinity, withinMs: 1, name: "tree", signal: AbortSignal.abort(), whenDone: "wait", handleReport: ({ kind }) => void kind });
    supervisor({ backoff: { initialMs: 1, maxMs: 2, factor: 1.5, jitter: () => 0.5 } });
    supervisor({ strategy: undefined, backoff: undefined });
    // @ts-expect-error no such strategy
    supervisor({ strategy: "oneforone" });
    // @ts-expect-error maxRestart
    supervisor({ maxRestart: 3 });
    // @ts-expect-error a number of ms
    supervisor({ withinMs: "5s" });
    // @ts-expect-error a controller is no signal
    supervisor({ signal: new AbortController() });
    // @ts-expect-error initial
    supervisor({ backoff: { initial: 1 } });
    // @ts-expect-error a number is no back-off
    supervisor({ backoff: 100 });
    // @ts-expect-error "stop"
    supervisor({ whenDone: "stop" });
  });

  test("of a child are known, and no others", () => {
    const builder = supervisor();
    builder.child("a", () => numbers, { restart: "transient", stopWithinMs: 10 });
    builder.child("a", () => numbers, { restart: undefined });
    // @ts-expect-error no such kind
    builder.child("a", () => numbers, { restart: "always" });
    // @ts-expect-error maxRestarts is the supervisor's
    builder.child("a", () => numbers, { maxRestarts: 3 });
  });
});

describe("a supervisor", () => {
  const tree = supervisor()
    .child("numbers", () => numbers)
    .child("strings", ({ numbers: from }) => toStrings(from))
    .start();

  test("knows its children", () => {
    expectTypeOf(tree.children.numbers).toEqualTypeOf<PushProducer<number>>();
    expectTypeOf(tree.children.strings).toEqualTypeOf<ProducerConsumer<number, string>>();
    // @ts-expect-error no such child
    void tree.children.other;
    // @ts-expect-error the supervisor's own
    tree.children.numbers = numbers;
  });

  test("is one of any children", () => {
    expectTypeOf(tree).toExtend<Supervisor>();
    expectTypeOf<Supervisor["children"]>().toEqualTypeOf<Children>();
    const withMore: Supervisor<{ readonly numbers: Producer<number> }> = tree;
    void withMore;
    // @ts-expect-error it has no such child
    const wrong: Supervisor<{ readonly letters: Producer<string> }> = tree;
    void wrong;
  });

  test("gives what a child's function gave that is added at run time", async () => {
    const added = await tree.startChild("printer", ({ strings }) => print(strings), { restart: "temporary" });
    expectTypeOf(added).toEqualTypeOf<{ readonly value: Consumer<string> }>();
    const task = await tree.startChild("task", async () => 7);
    expectTypeOf(task.value).toEqualTypeOf<Promise<number>>();
    // @ts-expect-error it sees those that were named at the beginning
    void tree.startChild("again", ({ printer }) => printer);
  });

  test("ends for a reason, and shows what it is", () => {
    expectTypeOf(tree.closed).toEqualTypeOf<Promise<ExitReason>>();
    expectTypeOf(tree.stop("any reason")).toEqualTypeOf<Promise<void>>();
    expectTypeOf(tree.snapshot()).toEqualTypeOf<SupervisorSnapshot>();
    expectTypeOf(tree).toExtend<AsyncDisposable>();
  });
});
