/**
 * What holds for all pages in `docs/`: their code runs in a test, they are short, their links lead somewhere.
 *
 * The test of a guide has the guide's name without its number. What a fence of text shows is compared there with what the
 * code has printed, as `outputs[0]`, `outputs[1]` and so on.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fencesOf, paragraphsMissing } from "./fences.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const guides = pages.filter((name) => /^\d/.test(name));

/** The test of a page, with the files beside it that it imports; nothing where there is none. */
function testOf(page: string): string {
  const path = `test/docs/${page.replace(/^\d+-/, "").replace(/\.md$/, "").toLowerCase()}.test.ts`;
  if (!existsSync(join(root, path))) return "";
  const source = text(path);
  const beside = [...source.matchAll(/from "\.\/([\w-]+\.ts)"/g)].map(([, name]) => text(`test/docs/${name}`));
  return ["", source, ...beside, ""].join("\n");
}

test("the guides are numbered, each number once", () => {
  expect(guides.map((name) => Number(name.slice(0, 2)))).toEqual(guides.map((_, place) => place + 1));
});

test.each(guides.map((guide) => ({ guide })))("the index leads to $guide", ({ guide }) => {
  expect(linksOf("docs/README.md").map(({ path }) => path)).toContain(`docs/${guide}`);
});

describe.each(pages.map((page) => ({ page })))("$page", ({ page }) => {
  const guide = text(`docs/${page}`);

  test("has no code that does not run in its test", () => {
    expect(paragraphsMissing(guide, testOf(page))).toEqual([]);
  });

  test("shows nothing printed that its test does not compare", () => {
    const compared = new Set([...testOf(page).matchAll(/\boutputs\[(\d+)\]/g)].map(([, place]) => Number(place)));
    expect(fencesOf(guide, "text").map((_, place) => place).filter((place) => !compared.has(place))).toEqual([]);
  });

  test("has no fence without a language, and none of an unknown one", () => {
    const opened = guide.split("\n").filter((line) => line.startsWith("```"));
    expect(opened.filter((line, place) => place % 2 === 0 && !/^```(ts|text|mermaid|sh|elixir)$/.test(line))).toEqual([]);
    expect(opened.length % 2).toBe(0);
  });
});

/** Decisions and tables are looked up, one by one. */
const LOOKED_UP: ReadonlySet<string> = new Set(["benchmarks.md", "decisions.md"]);

test.each(pages.filter((page) => !LOOKED_UP.has(page)).map((page) => ({ page })))("$page is shorter than 200 lines", ({ page }) => {
  expect(text(`docs/${page}`).split("\n").length).toBeLessThan(200);
});

test("the README is shorter than 150 lines", () => {
  expect(text("README.md").split("\n").length).toBeLessThan(150);
});

describe.each(["README.md", ...pages.map((page) => `docs/${page}`)].map((page) => ({ page })))("the links of $page", ({ page }) => {
  test("lead to files that exist, and to headings in them", () => {
    const dead = linksOf(page).filter(({ path, heading }) => {
      if (!existsSync(join(root, path))) return true;
      return heading !== undefined && !headingsOf(text(path)).includes(heading);
    });
    expect(dead).toEqual([]);
  });
});

/** The relative links of a page, from the root of the project. */
function linksOf(page: string): readonly { readonly path: string; readonly heading: string | undefined }[] {
  const prose = text(page).replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", heading] = target.split("#");
      return { path: path === "" ? page : normalize(join(dirname(page), path)), heading };
    });
}

/** The headings of a page, as links name them. */
function headingsOf(page: string): readonly string[] {
  const prose = page.replace(/^```[^]*?^```$/gm, "");
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}
