import { execFileSync } from "node:child_process";

/** Some tests run the programs as their users do, compiled. */
export default function build(): void {
  execFileSync("npm", ["run", "--silent", "build:programs"], { stdio: "inherit" });
}
