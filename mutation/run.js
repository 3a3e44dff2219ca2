/** `npm run mutation -- src/core/dispatchers ...`: mutation testing of the units that begin so; without a name, of all. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UNITS } from "./units.js";
import { printReport } from "./report.js";

const own = fileURLToPath(new URL("./", import.meta.url));
process.chdir(new URL("..", import.meta.url).pathname);

const names = process.argv.slice(2).filter((name) => !name.startsWith("--"));
const flags = new Set(process.argv.slice(2).filter((name) => name.startsWith("--")));
const chosen = UNITS.filter(({ name }) => names.length === 0 || names.some((prefix) => name === prefix || name.startsWith(`${prefix}/`)));
if (chosen.length === 0) throw new Error(`expected a folder of ${UNITS.map(({ name }) => name).join(", ")}, got: ${names.join(" ")}`);

if (!flags.has("--report")) {
  if (!existsSync(`${own}node_modules`)) run("npm", ["ci"], { cwd: own });
  for (const { name } of chosen) {
    console.info(`${name} ...`);
    // What was killed once is not run again as long as neither it nor its tests have changed: that is how it resumes.
    run(process.execPath, [`${own}node_modules/@stryker-mutator/core/bin/stryker.js`, "run", `${own}stryker.config.js`], {
      env: { ...process.env, MUTATION_UNIT: name, ...(flags.has("--static") && { MUTATION_STATIC: "yes" }) },
    });
  }
}
printReport(chosen, { survivors: flags.has("--survivors") });

function run(command, args, options) {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}
