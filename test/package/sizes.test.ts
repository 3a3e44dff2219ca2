import { describe, expect, test } from "vitest";
import { readManifest, sources, subpaths } from "../../scripts/package-check/manifest.ts";
import { PROGRAM, faultsOf, measure } from "../../scripts/package-check/sizes.ts";

const manifest = readManifest();
const sizes = await measure(sources(manifest));

test("the package depends on nothing", () => {
  expect(manifest.dependencies ?? {}).toEqual({});
});

test("every subpath is measured", () => {
  expect(sizes.map(({ name }) => name)).toEqual([...subpaths(manifest).keys(), PROGRAM]);
});

describe.each(sizes)("$name", (size) => {
  test("is as small as it was, and loads no peer and nothing of Node that it need not", () => {
    expect(faultsOf(size)).toEqual([]);
  });
});

test("growth, a peer and a module of Node are each a fault", () => {
  expect(faultsOf({ name: "./rxjs", minified: 1e6, gzipped: 1e6, imports: ["rxjs", "node:fs"] })).toEqual([
    expect.stringMatching(/^expected \.\/rxjs to be at most \d+ bytes gzipped, got: 1000000$/),
    "expected ./rxjs to load nothing but Sluice, got: rxjs",
    "expected ./rxjs to load nothing but Sluice, got: node:fs",
  ]);
  expect(faultsOf({ name: "./new", minified: 1, gzipped: 1, imports: [] })).toHaveLength(1);
});
