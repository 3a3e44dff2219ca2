import { describe, expectTypeOf, test } from "vitest";
import {
  SluiceError,
  demandDispatcher,
  producer,
  setReporter,
  type BadOptionError,
  type Dispatcher,
  type DispatcherFactory,
  type ExitReason,
  type Finding,
  type Producer,
  type Report,
  type Self,
  type SluiceErrorCode,
  type Stage,
  type StoppedError,
  type Subscription,
} from "sluice";

declare const stage: Stage;
declare const numbers: Producer<number>;
declare const subscription: Subscription;
declare const reason: ExitReason;

describe("an ExitReason", () => {
  test("is one of three, told apart by its type", () => {
    expectTypeOf<ExitReason["type"]>().toEqualTypeOf<"normal" | "shutdown" | "error">();
    switch (reason.type) {
      case "normal":
        // @ts-expect-error a normal end has no error
        expectTypeOf(reason.error).toExtend<unknown>();
        return;
      case "shutdown":
        expectTypeOf(reason.reason).toEqualTypeOf<unknown>();
        // @ts-expect-error a shutdown has a reason
        expectTypeOf(reason.error).toExtend<unknown>();
        return;
      case "error":
        expectTypeOf(reason.error).toEqualTypeOf<unknown>();
        return;
      default:
        expectTypeOf(reason).toEqualTypeOf<never>();
    }
  });

  test("is not made of something else", () => {
    // @ts-expect-error an error end has an error
    const nothing: ExitReason = { type: "error" };
    // @ts-expect-error "crash" is none
    const other: ExitReason = { type: "crash" };
    // @ts-expect-error a normal end has no reason
    const normal: ExitReason = { type: "normal", reason: 1 };
    expectTypeOf([nothing, other, normal]).toExtend<ExitReason[]>();
  });

  test("cannot be changed", () => {
    // @ts-expect-error it is shared by all who hear of the end
    reason.type = "normal";
  });
});

describe("a stage", () => {
  test("has a closed that gives the reason, and a stop that gives nothing", () => {
    expectTypeOf(stage.closed).toEqualTypeOf<Promise<ExitReason>>();
    expectTypeOf(stage.stop()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(stage.flushed()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(stage.role).toEqualTypeOf<"producer" | "producerConsumer" | "consumer">();
    expectTypeOf(stage).toExtend<AsyncDisposable>();
  });

  test("has a name that cannot be changed", () => {
    // @ts-expect-error it is a label for reports
    stage.name = "other";
  });

  test("has a snapshot with input and output where it has those sides", () => {
    expectTypeOf(stage.snapshot().input).toBeNullable();
    expectTypeOf(stage.snapshot().output).toBeNullable();
    expectTypeOf(stage.snapshot().waitingFor).toExtend<string>();
    // @ts-expect-error it is a view
    stage.snapshot().state = "running";
  });

  test("that only reads its producer cannot emit", () => {
    // @ts-expect-error that is for who drives it
    numbers.emit([1]);
    // @ts-expect-error and this
    numbers.complete();
  });
});

describe("a subscription", () => {
  test("asks for a number, and is cancelled with an ExitReason", () => {
    expectTypeOf<Parameters<Subscription["ask"]>>().toEqualTypeOf<[demand: number]>();
    expectTypeOf(subscription.cancel({ type: "shutdown" })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(subscription.closed).toEqualTypeOf<Promise<ExitReason>>();
    // @ts-expect-error a string is no number
    subscription.ask("1");
  });

  test("to a producer is told from one of a consumer by its side", () => {
    expectTypeOf(subscription.side).toEqualTypeOf<"producer">();
  });
});

describe("self", () => {
  test("takes what its stage emits, or what is more special", () => {
    expectTypeOf<Self<string | number>>().toExtend<Self<number>>();
    expectTypeOf<Self<number>>().not.toExtend<Self<string | number>>();
  });
});

describe("an error", () => {
  test("has a code from a closed union", () => {
    const error = new SluiceError("SLUICE_ENDED", "over");
    expectTypeOf(error.code).toEqualTypeOf<SluiceErrorCode>();
    expectTypeOf<"SLUICE_BAD_OPTION">().toExtend<SluiceErrorCode>();
    expectTypeOf<string>().not.toExtend<SluiceErrorCode>();
    // @ts-expect-error there is no such code
    expectTypeOf(new SluiceError("SLUICE_WRONG", "over")).toExtend<Error>();
  });

  test("is an Error, of one base", () => {
    expectTypeOf<BadOptionError>().toExtend<SluiceError>();
    expectTypeOf<StoppedError>().toExtend<SluiceError>();
    expectTypeOf<SluiceError>().toExtend<Error>();
  });
});

describe("a report", () => {
  test("is a union by kind, with the name of its stage", () => {
    setReporter((report) => {
      expectTypeOf(report).toEqualTypeOf<Report>();
      expectTypeOf(report.stage).toEqualTypeOf<string>();
      if (report.kind === "discarded") expectTypeOf(report.count).toEqualTypeOf<number>();
      if (report.kind === "cleanup-failed") expectTypeOf(report.error).toEqualTypeOf<unknown>();
      // @ts-expect-error only some have a partner
      expectTypeOf(report.partner).toExtend<unknown>();
    });
    expectTypeOf<"discarded" | "ask-over-max" | "excess-events" | "late-signal" | "cleanup-failed">().toExtend<Report["kind"]>();
  });
});

describe("a dispatcher", () => {
  test("is made by a factory, for any events", () => {
    expectTypeOf(demandDispatcher<number>({ maxDemand: 10 })).toEqualTypeOf<DispatcherFactory<number>>();
    producer<number>({ dispatcher: demandDispatcher() });
    // @ts-expect-error maxDemnad
    demandDispatcher({ maxDemnad: 10 });
  });

  test("can be written by a user, and must be whole", () => {
    producer<number>({
      dispatcher: (host) => {
        expectTypeOf<Parameters<(typeof host)["report"]>>().toEqualTypeOf<[finding: Finding]>();
        return { capacity: 0, subscribe: () => undefined, ask: () => undefined, cancel: () => undefined, dispatch: (events) => events.length };
      },
    });
    // @ts-expect-error without dispatch it is none
    producer<number>({ dispatcher: () => ({ capacity: 0, subscribe: () => undefined, ask: () => undefined, cancel: () => undefined }) });
    expectTypeOf<Dispatcher<number>["dispatch"]>().returns.toEqualTypeOf<number>();
  });

  test("is a function that makes one, not the thing itself", () => {
    const dispatcher: Dispatcher<number> = {
      capacity: 0,
      subscribe: () => undefined,
      ask: () => undefined,
      cancel: () => undefined,
      dispatch: () => 0,
    };
    // @ts-expect-error each stage has its own
    producer<number>({ dispatcher });
  });
});
