import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** The most that a subpath may be, in bytes, bundled with all that it imports, minified and gzipped: 3 % above what it is. */
export const LIMITS: Readonly<Record<string, number>> = {
  ".": 35_561,
  "./node": 28_707,
  "./reactive-streams": 23_081,
  "./events": 21_445,
  "./rxjs": 28_815,
  "./ix": 23_696,
  "./web": 27_066,
  "./testing": 44_870,
  "a pipeline (no supervisor, no describe)": 21_429,
};

/** What a program imports that uses no supervisor and no `describe`. */
const PIPELINE = "producer, producerConsumer, consumer, pipeline, fromIterable";

/** The smallest program with all three roles, out of the core. */
export const PROGRAM = "a pipeline (no supervisor, no describe)";

export interface Size {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
  /** What it leaves to others to load: `node:` modules and peers. */
  readonly imports: readonly string[];
}

/** Measures every subpath, given with its module, and the program. */
export async function measure(entries: ReadonlyMap<string, string>): Promise<readonly Size[]> {
  const core = entries.get(".") ?? "";
  const sizes = [...entries].map(([name, path]) => measureOne(name, `export * from ${JSON.stringify(path)}`));
  return await Promise.all([...sizes, measureOne(PROGRAM, `export { ${PIPELINE} } from ${JSON.stringify(core)}`)]);
}

async function measureOne(name: string, contents: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    packages: "external",
    external: ["node:*"],
    logLevel: "error",
  });
  const { contents: bundle } = outputFiles[0] ?? { contents: new Uint8Array() };
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { name, minified: bundle.length, gzipped: gzipSync(bundle, { level: 9 }).length, imports: [...new Set(imports)] };
}

/** What is wrong with a size: too big, or something loaded that a user may not have. */
export function faultsOf({ name, gzipped, imports }: Size): readonly string[] {
  const limit = LIMITS[name];
  const strangers = imports.filter((path) => name !== "./node" || !path.startsWith("node:"));
  return [
    ...(limit === undefined ? [`${name} has no limit: give it one in scripts/package-check/sizes.ts`] : []),
    ...(limit !== undefined && gzipped > limit ? [`expected ${name} to be at most ${limit} bytes gzipped, got: ${gzipped}`] : []),
    ...strangers.map((path) => `expected ${name} to load nothing but Sluice, got: ${path}`),
  ];
}
