/** `docs/15-from-elixir.md`: it names each deviation as its test does, and its example runs. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { harms } from "../conformance/harms.ts";
import { ruleNames, type Rule } from "../conformance/rules.ts";
import { counter } from "./counter.ts";
import { take } from "./take.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = text("../../docs/15-from-elixir.md");
const headings = [...guide.matchAll(/^### (R\d+)(?:: (.*))?$/gm)].map(([, rule, title]) => ({ rule: rule as Rule, title }));

test("the guide has each rule, in order", () => {
  expect(headings.map(({ rule }) => rule)).toEqual(ruleNames);
});

test.each(headings.filter(({ title }) => title !== undefined))("the heading of $rule is the name of a test", ({ rule, title }) => {
  expect(harms).toContainEqual(expect.objectContaining({ rule, title }));
});

test("the guide shows the counter as it is run here", async () => {
  expect(guide).toContain(`\`\`\`ts\n${text("counter.ts")}\`\`\``);
  expect(await take(counter(5), 3)).toEqual([5, 6, 7]);
});
