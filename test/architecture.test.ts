import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  /** Paths from `src`, or a bare specifier. */
  readonly from: string;
  readonly to: string;
  /** Nothing of it is left when the types are gone. */
  readonly isTypeOnly: boolean;
}

interface SourceFile {
  readonly path: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const files: readonly SourceFile[] = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))
  .toSorted()
  .map((path) => {
    const code = withoutComments(readFileSync(join(root, "src", path), "utf8"));
    return { path, code, imports: importsOf(path, code) };
  });

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

function importsOf(path: string, code: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, isTypeOnly: boolean): void => {
    const to = specifier.startsWith(".") ? posix.join(dirname(path), specifier) : specifier;
    found.push({ from: path, to, isTypeOnly });
  };
  for (const [, type, clause = "", specifier = ""] of code.matchAll(/\b(?:import|export)\s+(type\s+)?([^;"']*?)\s*from\s*["']([^"']+)["']/g)) {
    add(specifier, type !== undefined || hasTypesOnly(clause));
  }
  for (const [, specifier = ""] of code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g)) add(specifier, false);
  return found;
}

/** Whether each name of `{ type A, type B }` is a type. */
function hasTypesOnly(clause: string): boolean {
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1];
  return (
    names !== undefined &&
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .every((name) => name.startsWith("type "))
  );
}

const within = (folder: string): SourceFile[] => files.filter(({ path }) => path.startsWith(`${folder}/`));
const importsIn = (folder: string): Import[] => within(folder).flatMap(({ imports }) => imports);
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

describe("the check itself", () => {
  test("sees the imports of all three kinds", () => {
    const code = withoutComments(`
      import { a, type B } from "./a.ts"; // import "./no.ts"
      import type { C } from "./c.ts";
      import { type D, type E } from './d.ts';
      export { f } from "../f.ts";
      export type { G } from "node:g";
      import "./side-effect.ts";
      const later = await import("peer");
      /* import "./no.ts" */
    `);
    expect(importsOf("core/x.ts", code).map(({ to, isTypeOnly }) => [to, isTypeOnly])).toEqual([
      ["core/a.ts", false],
      ["core/c.ts", true],
      ["core/d.ts", true],
      ["f.ts", false],
      ["node:g", true],
      ["core/side-effect.ts", false],
      ["peer", false],
    ]);
  });

  test("sees the files of the library", () => {
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["core/index.ts", "core/protocol.ts", "core/dispatchers/demand.ts", "testing/index.ts"]));
    expect(importsIn("core").length).toBeGreaterThan(50);
  });

  test("finds every import in a file of the library", () => {
    const paths = new Set(files.map(({ path }) => path));
    const missing = files.flatMap(({ imports }) => imports).filter(({ to }) => /^(core|adapters|testing)\//.test(to) && !paths.has(to));
    expect(missing.map(show)).toEqual([]);
  });
});

describe("the core", () => {
  test("imports only itself: no adapter, no testing, no node: module, no package", () => {
    expect(importsIn("core").filter(({ to }) => !to.startsWith("core/")).map(show)).toEqual([]);
  });

  test("knows no process and no Buffer of Node", () => {
    const wrong = within("core").filter(({ path, code, imports }) => {
      const ownBuffer = path === "core/buffer.ts" || imports.some(({ to }) => to === "core/buffer.ts");
      return /(?<![.\w"'])process\b(?!["'])/.test(code) || (!ownBuffer && /\bBuffer\b/.test(code)) || /\b(?:globalThis|global)\s*\.\s*(?:process|Buffer)\b/.test(code);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("has no cycle of imports, not even by types", () => {
    expect(cycle(importsIn("core"))).toEqual([]);
  });

  test("begins with the protocol, which imports nothing", () => {
    expect(importsIn("core").filter(({ from }) => from === "core/protocol.ts").map(show)).toEqual([]);
  });
});

describe("an adapter", () => {
  test("imports only the core's front door, its own folder, and the types of its peer; that of Node its streams, too", () => {
    const wrong = importsIn("adapters").filter(({ from, to, isTypeOnly }) => {
      if (to === "core/index.ts") return false;
      if (/^(core|testing)\//.test(to)) return true;
      const name = /^adapters\/([\w-]+)/.exec(from)?.[1] ?? "";
      if (to.startsWith("adapters/")) return !to.startsWith(`adapters/${name}/`) && to !== `adapters/${name}.ts`;
      return !isTypeOnly && !(name === "node" && to === "node:stream");
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test("is a file beside its folder, and a subpath of the package", () => {
    const adapters = new Set(within("adapters").map(({ path }) => /^adapters\/([\w-]+)/.exec(path)?.[1] ?? path));
    for (const name of adapters) expect(Object.keys(manifest.exports)).toContain(`./${name}`);
  });
});

describe("testing", () => {
  test("imports only itself and the core", () => {
    expect(importsIn("testing").filter(({ to }) => !/^(core|testing)\//.test(to)).map(show)).toEqual([]);
  });
});

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

describe("the package", () => {
  test("has no runtime dependency", () => {
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  test("exports by subpath what has a source", () => {
    const paths = new Set(files.map(({ path }) => path));
    for (const [subpath, target] of Object.entries(manifest.exports)) {
      if (typeof target === "string") continue;
      const source = target.default.replace("./dist/", "").replace(/\.js$/, ".ts");
      expect([subpath, paths.has(source)]).toEqual([subpath, true]);
      expect(target.types).toBe(target.default.replace(/\.js$/, ".d.ts"));
    }
  });

  test("has named exports only", () => {
    expect(files.filter(({ code }) => /\bexport\s+default\b/.test(code)).map(({ path }) => path)).toEqual([]);
  });

  test("has no file that says nothing by its name", () => {
    const names = files.map(({ path }) => posix.basename(path));
    expect(names.filter((name) => ["utils.ts", "types.ts", "helpers.ts", "common.ts"].includes(name))).toEqual([]);
  });
});

/** The files of one cycle of imports, or none. */
function cycle(imports: readonly Import[]): string[] {
  const targets = grouped(imports);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const place = path.indexOf(file);
    if (place >= 0) return [...path.slice(place), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const found = visit(to);
      if (found.length > 0) return found;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const found = visit(file);
    if (found.length > 0) return found;
  }
  return [];
}

function grouped(imports: readonly Import[]): Map<string, Import[]> {
  const groups = new Map<string, Import[]>();
  for (const each of imports) {
    const group = groups.get(each.from);
    if (group === undefined) groups.set(each.from, [each]);
    else group.push(each);
  }
  return groups;
}
