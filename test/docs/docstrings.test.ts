/**
 * Every public name has a docstring, and every public member: read from the declarations that the build emits, which keep them.
 *
 * A shape of a peer is documented as a whole; what its members do is said where the peer is documented.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

const fronts = ["core/index.d.ts", "testing/index.d.ts", ...readdirSync(join(dist, "adapters")).filter((name) => name.endsWith(".d.ts")).map((name) => `adapters/${name}`)];

interface Declared {
  /** `Name`, or `Name.member`. */
  readonly name: string;
  readonly isDocumented: boolean;
}

/** A member that tells two types apart: its type is all that there is to say. */
const SAYS_ALL = /(?:: (?:false \| undefined|undefined|"[^"]*")| = "[^"]*");$/;

const SHAPES = /(?:shapes|passage)\.d\.ts$/;

/** The names that a front door exports, by the file that declares them. */
function exportsOf(front: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const code = withoutComments(readFileSync(join(dist, front), "utf8"));
  for (const [, names = "", from = ""] of code.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g)) {
    const path = join(dirname(front), from).replace(/\.(?:ts|js)$/, ".d.ts");
    // What another front door exports is looked at there.
    if (path.endsWith("index.d.ts")) continue;
    for (const name of namesIn(names)) {
      const origin = originOf(name, path);
      found.set(origin, [...(found.get(origin) ?? []), name]);
    }
  }
  return found;
}

function namesIn(list: string): readonly string[] {
  return list.split(",").map((name) => name.trim().replace(/^type /, ""));
}

/** The file that declares a name, which this one may only hand on. */
function originOf(name: string, path: string): string {
  const code = withoutComments(readFileSync(join(dist, path), "utf8"));
  const from = [...code.matchAll(/import (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g)].find(([, names = ""]) => namesIn(names).includes(name));
  return from === undefined || new RegExp(`^export .*\\b(?:interface|class|type|const|function) ${name}\\b`, "m").test(code) ? path : join(dirname(path), (from[2] ?? "").replace(/\.(?:ts|js)$/, ".d.ts"));
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[^]*?\*\//g, "");
}

/** What a file of declarations declares: each name at its top, and the members of interfaces and classes. */
function declarationsOf(code: string): readonly Declared[] {
  const found: Declared[] = [];
  let owner = "";
  let depth = 0;
  let isDocumented = false;
  let isComment = false;
  let isWhole = true;
  for (const line of code.split("\n").map((each) => each.trim()).filter((each) => each !== "")) {
    if (isComment || line.startsWith("/**")) {
      isComment = !line.endsWith("*/");
      isDocumented = true;
      continue;
    }
    if (isWhole && depth === 0) {
      const top = /^(?:export )?(?:declare )?(?:abstract )?(function|interface|class|const|type) (\w+)/.exec(line);
      owner = top?.[1] === "interface" || top?.[1] === "class" ? (top[2] ?? "") : "";
      if (top) found.push({ name: top[2] ?? "", isDocumented });
    } else if (isWhole && depth === 1 && owner !== "") {
      const member = /^(?!private |protected |#|constructor\()(?:(?:readonly|static|get|set|abstract|override) )*(\[[\w.]+\]|"[^"]+"|\w+)\??[(:<;]/.exec(line);
      if (member) found.push({ name: `${owner}.${member[1]}`, isDocumented: isDocumented || SAYS_ALL.test(line) });
    }
    const bare = line.replace(/"[^"]*"/g, "").replace(/=>/g, "");
    depth += count(bare, /[{([]/g) - count(bare, /[})\]]/g);
    isWhole = /[;{}]$/.test(bare);
    isDocumented = false;
  }
  return found;
}

function count(line: string, of: RegExp): number {
  return line.match(of)?.length ?? 0;
}

/** An overload, a setter: documented by the one before it. */
function undocumented(declared: readonly Declared[]): readonly string[] {
  const documented = new Set(declared.filter((each) => each.isDocumented).map(({ name }) => name));
  return [...new Set(declared.map(({ name }) => name).filter((name) => !documented.has(name)))];
}

test("the check sees names and members without a docstring, and no others", () => {
  const code = `
/** Yes. */
export interface A<T> extends B<{ x: T }> {
    /** Yes. */
    readonly yes: {
        inner: string;
    };
    no?: (a: string) => void;
    readonly [SYMBOL]: string;
    readonly type: "a";
    not?: undefined;
    /**
     * Yes.
     */
    overloaded(a: string): void;
    overloaded(a: number): void;
}
export declare function f(options: {
    a: string;
}): void;
export declare class C {
    #private;
    private hidden;
    constructor(a: string);
    get g(): number;
}
export type T = "a" | "b";
`;
  expect(undocumented(declarationsOf(code))).toEqual(["A.no", "A.[SYMBOL]", "f", "C", "C.g", "T"]);
});

describe.each(fronts.map((front) => ({ front })))("$front", ({ front }) => {
  test("exports nothing without a docstring", () => {
    const missing: string[] = [];
    let seen = 0;
    for (const [path, names] of exportsOf(front)) {
      const declared = declarationsOf(readFileSync(join(dist, path), "utf8"));
      const known = new Set(declared.map(({ name }) => name));
      for (const name of names) expect(known, `${path} declares ${name}`).toContain(name);
      seen += names.length;
      const isPublic = (name: string): boolean => names.includes(name.split(".")[0] ?? "") && !(name.includes(".") && SHAPES.test(path));
      missing.push(...undocumented(declared).filter(isPublic).map((name) => `${path}: ${name}`));
    }
    expect(seen).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });
});
