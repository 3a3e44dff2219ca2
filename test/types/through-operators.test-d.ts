import { concatMap, filter, groupBy, map, mergeMap, mergeScan, pipe, type OperatorFunction } from "rxjs";
import * as rxjs8 from "rxjs8";
import { describe, expectTypeOf, test } from "vitest";
import { fromIterable, type Producer, type ProducerConsumer } from "sluice";
import { each, sync, throughOperators, tracked, type Operators } from "sluice/rxjs";

declare const numbers: Producer<number>;
declare const strings: Producer<string>;
declare const load: (id: number) => Promise<{ readonly name: string }>;

describe("the chain is typed from input to output", () => {
  test("of synchronous operators, one by one", () => {
    const operators = sync(
      map((n: number) => n + 1),
      filter((n) => n > 3),
      map((n) => `${n}`),
    );
    expectTypeOf(operators).toEqualTypeOf<Operators<number, string>>();
    expectTypeOf(throughOperators(operators, { subscribeTo: [numbers] })).toEqualTypeOf<ProducerConsumer<number, string>>();
    // @ts-expect-error a string is not what the second gets
    sync(map((n: number) => n + 1), filter((s: string) => s === ""));
    // @ts-expect-error the producers give strings
    throughOperators(operators, { subscribeTo: [strings] });
    // @ts-expect-error nobody knows this option
    throughOperators(operators, { pace: 3 });
  });

  test("of tracked ones, which have the types of RxJS's own", () => {
    const operators = tracked({ mergeMap, concatMap }, (g) => pipe(filter((id: number) => id > 0), g.mergeMap(load, 8), g.concatMap(({ name }) => [name, name.length])));
    expectTypeOf(operators).toEqualTypeOf<Operators<number, string | number>>();
    const groups = tracked({ concatMap }, ({ concatMap: save }) => pipe(groupBy((id: number) => id % 2), mergeMap((group) => group.pipe(save(load)))));
    expectTypeOf(groups).toEqualTypeOf<Operators<number, { readonly name: string }>>();
    const sums = tracked({ mergeScan }, (g) => g.mergeScan((sum: number, n: number) => [sum + n], 0, 1));
    expectTypeOf(sums).toEqualTypeOf<Operators<number, number>>();
    // @ts-expect-error map does not flatten
    tracked({ map }, (g) => g.map((n: number) => n));
  });

  test("of operators for each event", () => {
    expectTypeOf(each(concatMap(load), { concurrency: 4, ordered: false })).toEqualTypeOf<Operators<number, { readonly name: string }>>();
    expectTypeOf(throughOperators(each(map((n: number) => `${n}`)))).toEqualTypeOf<ProducerConsumer<number, string>>();
  });

  test("of RxJS 8", () => {
    const operators = tracked({ mergeMap: rxjs8.mergeMap }, (g) =>
      rxjs8.pipe(
        rxjs8.filter((id: number) => id > 0),
        g.mergeMap(load, 8),
      ),
    );
    expectTypeOf(operators).toEqualTypeOf<Operators<number, { readonly name: string }>>();
    expectTypeOf(sync(rxjs8.map((n: number) => `${n}`))).toEqualTypeOf<Operators<number, string>>();
  });
});

test("operators that want less and give more are operators", () => {
  const wide: Operators<unknown, "a"> = sync(map((): "a" => "a"));
  expectTypeOf(wide).toExtend<Operators<number, string>>();
  expectTypeOf<Operators<number, string>>().not.toExtend<Operators<unknown, string>>();
  const known: OperatorFunction<number, string> = map((n) => `${n}`);
  expectTypeOf(sync(known)).toEqualTypeOf<Operators<number, string>>();
  throughOperators(wide, { subscribeTo: [fromIterable([1])] });
});
