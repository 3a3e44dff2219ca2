/** A copy of the compiled library with one thing broken, and the matrix beside it. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as cells from "../cell.ts";
import type * as table from "../table.ts";

export interface Mutant {
  /** What the adapter does. */
  readonly name: string;
  /** The file of the library, without its ending. */
  readonly file: string;
  readonly find: string | RegExp;
  readonly put: string;
  /** The cell that must find it. */
  readonly wayIn: string;
  readonly wayOut: string;
  readonly fault: number;
}

/** What the copy of the matrix exports. */
export interface Copy {
  readonly cells: typeof cells;
  readonly table: typeof table;
}

/** This file is `build/test/boundaries/broken/breaking.js` when it runs. */
const root = new URL("../../../../", import.meta.url);

/** Breaks a copy. Throws when there is nothing to break: the adapter has been written anew. */
export async function breakLibrary(mutant: Mutant, place: number): Promise<Copy> {
  const folder = new URL(`build/broken/${place}/`, root);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isCode = (path: string): boolean => !/\.(?:map|d\.ts)$|\/boundaries\/broken\//.test(path);
  // Its name and its exports: `sluice` is this copy for all that lies in the folder.
  for (const path of ["package.json", "dist/", "build/test/boundaries/", "build/test/setup/"]) {
    cpSync(fileURLToPath(new URL(path, root)), fileURLToPath(new URL(path, folder)), { recursive: true, filter: isCode });
  }
  const file = new URL(`dist/${mutant.file}.js`, folder);
  const code = readFileSync(file, "utf8");
  const broken = code.replaceAll(typeof mutant.find === "string" ? mutant.find : new RegExp(mutant.find, "g"), mutant.put);
  if (broken === code) throw new Error(`expected ${mutant.file} to hold ${String(mutant.find)}`);
  writeFileSync(file, broken);
  const load = (name: string): Promise<unknown> => import(new URL(`build/test/boundaries/${name}.js`, folder).href);
  return { cells: (await load("cell")) as typeof cells, table: (await load("table")) as typeof table };
}
