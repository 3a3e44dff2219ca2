import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourceRoot?: string;
}

/** What is wrong with the maps of an unpacked package: each module and its types have one, and lead to sources that are in it. */
export function faultsOfMaps(root: string): readonly string[] {
  const faults: string[] = [];
  const names = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" }).filter((name) => /\.js$|\.d\.ts$/.test(name));
  if (names.length === 0) faults.push("expected dist to have modules, got: none");
  for (const name of names) {
    const path = join(root, "dist", name);
    const map = `${path}.map`;
    if (!readFileSync(path, "utf8").includes(`//# sourceMappingURL=${path.slice(path.lastIndexOf(sep) + 1)}.map`) || !existsSync(map)) {
      faults.push(`expected dist/${name} to have a source map`);
      continue;
    }
    const { sources, sourceRoot = "" } = JSON.parse(readFileSync(map, "utf8")) as SourceMap;
    for (const source of sources) {
      const found = resolve(dirname(map), sourceRoot, source);
      if (relative(root, found).startsWith("..") || !existsSync(found)) faults.push(`expected dist/${name}.map to lead to a source in the package, got: ${source}`);
    }
  }
  return faults;
}
