/** `npm run package-check`: whether the package is what its users need, from the tarball that npm would publish. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { faultsOfMaps } from "./maps.ts";
import { readManifest, sources, subpaths } from "./manifest.ts";
import { COMMONJS, PRINTED, PROGRAM, RESOLUTIONS, TYPESCRIPTS, WRONG, compilerOptions } from "./projects.ts";
import { LIMITS, faultsOf, measure } from "./sizes.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-package-"));
let passed = 0;
let failed = 0;

try {
  const manifest = readManifest();
  const tarball = join(folder, run("npm", ["pack", "--pack-destination", folder, "--loglevel=error"]).trim());
  const unpacked = join(folder, "package");
  run("tar", ["-xzf", tarball, "-C", folder]);

  await step("depends on nothing", () => Object.keys(manifest.dependencies ?? {}));
  await step("every subpath leads to a module and its types", () => {
    const packed = readManifest(unpacked);
    return [...subpaths(packed)].flatMap(([name, path]) => {
      const types = path.replace(/\.js$/, ".d.ts");
      return [path, types].filter((each) => !existsSync(join(unpacked, each))).map((each) => `${name}: ${each} is missing`);
    });
  });
  await step("source maps and declaration maps lead to sources in the package", () => faultsOfMaps(unpacked));
  await step("publint", () => succeeds("npx", ["--no-install", "publint", "run", tarball, "--strict"]));
  await step("are the types wrong", () => succeeds("npx", ["--no-install", "attw", tarball, "--profile", "esm-only"]));

  console.log("\nsubpath, with all that it imports           minified   gzipped     limit");
  for (const size of await measure(sources(manifest))) {
    const cells = [size.minified, size.gzipped, LIMITS[size.name] ?? Number.NaN].map((bytes) => String(bytes).padStart(9));
    await step(`${size.name.padEnd(40)} ${cells.join(" ")}`, () => faultsOf(size));
  }
  console.log();

  for (const version of TYPESCRIPTS) {
    const project = projectOf(`typescript-${version}`, { type: "module" }, ["rxjs@7", "@types/node@20", `typescript@${version}`], tarball);
    writeFileSync(join(project, "main.ts"), PROGRAM);
    writeFileSync(join(project, "wrong.ts"), WRONG);
    for (const resolution of RESOLUTIONS) {
      await step(`TypeScript ${version}, ${resolution}: compiles, runs, and finds a wrong type`, () => {
        writeFileSync(join(project, "tsconfig.json"), compilerOptions(resolution));
        writeFileSync(join(project, "wrong.json"), JSON.stringify({ extends: "./tsconfig.json", compilerOptions: { noEmit: true }, files: ["wrong.ts"] }));
        const tsc = join(project, "node_modules/typescript/bin/tsc");
        const faults = [...succeeds(process.execPath, [tsc, "-p", "tsconfig.json"], project)];
        if (faults.length === 0) faults.push(...prints(join(project, `out-${resolution}`, "main.js"), project));
        if (!succeeds(process.execPath, [tsc, "-p", "wrong.json"], project).some((output) => output.includes("TS2322"))) faults.push("expected a wrong program not to compile");
        return faults;
      });
    }
  }

  const commonjs = projectOf("commonjs", { type: "commonjs" }, [], tarball);
  writeFileSync(join(commonjs, "main.cjs"), COMMONJS);
  await step(`CommonJS by require, without a peer, on Node ${process.versions.node}`, () => prints(join(commonjs, "main.cjs"), commonjs));
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function step(name: string, faults: () => readonly string[] | Promise<readonly string[]>): Promise<void> {
  const found = await faults();
  if (found.length === 0) passed += 1;
  else failed += 1;
  console.log(`${found.length === 0 ? "ok    " : "FAILED"}  ${name}`);
  for (const fault of found) console.log(fault.replaceAll(/^/gm, "          "));
}

function projectOf(name: string, manifest: object, packages: readonly string[], tarball: string): string {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name, private: true, ...manifest }));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", tarball, ...packages], project);
  return project;
}

function prints(program: string, cwd: string): readonly string[] {
  try {
    const printed = run(process.execPath, [program], cwd);
    return printed === PRINTED ? [] : [`expected ${PRINTED.trim()}, got: ${printed}`];
  } catch (error) {
    return [outputOf(error)];
  }
}

/** What a command says when it fails. */
function succeeds(command: string, args: readonly string[], cwd?: string): readonly string[] {
  try {
    run(command, args, cwd);
    return [];
  } catch (error) {
    return [outputOf(error)];
  }
}

function run(command: string, args: readonly string[], cwd = resolve(".")): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 180_000, env: { ...process.env, NO_COLOR: "1" } });
}

function outputOf(error: unknown): string {
  const { stdout = "", stderr = "", message = "" } = error as { readonly stdout?: string; readonly stderr?: string; readonly message?: string };
  return `${stdout}${stderr}`.trim() || message;
}
