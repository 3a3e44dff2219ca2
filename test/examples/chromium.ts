import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium", "/snap/bin/chromium"];

/** Where a Chromium is: as CHROMIUM says, or on the path, or at one of the usual places. */
export function findChromium(): string {
  const given = process.env["CHROMIUM"];
  if (given !== undefined && given !== "") return given;
  const onPath = (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...onPath, ...PLACES].find((path) => existsSync(path));
  if (found === undefined) throw new Error("expected CHROMIUM to be the path of a Chromium, as there is none on the path, got: nothing");
  return found;
}
