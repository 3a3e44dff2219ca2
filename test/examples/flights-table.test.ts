import { expect, test } from "vitest";

import { csvLine, DelayTable } from "../../examples/flights/delay-table.ts";
import { Totals } from "../../examples/flights/totals.ts";

function totalsOf(...flights: readonly (readonly [string, number | null])[]): Totals {
  const totals = new Totals();
  for (const [origin, delay] of flights) totals.addFlight(origin, delay);
  return totals;
}

function linesOf(...parts: readonly Totals[]): string[] {
  const table = new DelayTable();
  for (const part of parts) for (const total of part.list()) table.add(total);
  table.add({ iata: "BTR", name: 'Ryan, "the" field' });
  return table.rows().map(csvLine);
}

test("a flight is delayed when it is more than 15 minutes late", () => {
  expect(totalsOf(["ORD", 15], ["ORD", 16], ["ORD", -20]).list()).toMatchObject([{ origin: "ORD", flights: 3, delayed: 1, minutes: 11 }]);
});

test("a flight without a delay counts as a flight, and not in the mean", () => {
  expect(linesOf(totalsOf(["ORD", 10], ["ORD", null], ["XXX", null]))).toEqual(["ORD,,2,0,10.00\n", "XXX,,1,0,\n"]);
});

test("the totals of several parts are added up", () => {
  expect(linesOf(totalsOf(["ORD", 30], ["ORD", 1]), totalsOf(["ORD", 2]))).toEqual(["ORD,,3,1,11.00\n"]);
});

test("most flights come first, then the origins in their order", () => {
  expect(linesOf(totalsOf(["B", 0], ["C", 0], ["A", 0], ["C", 0]))).toEqual(["C,,2,0,0.00\n", "A,,1,0,0.00\n", "B,,1,0,0.00\n"]);
});

test("a name with a comma or a quote is quoted", () => {
  expect(linesOf(totalsOf(["BTR", 0]))).toEqual(['BTR,"Ryan, ""the"" field",1,0,0.00\n']);
});
