import type { Dir } from "node:fs";
import { opendir } from "node:fs/promises";
import { join } from "node:path";

/**
 * The paths of all that is no folder below a folder, one at a time: nothing is read before it is asked for, but the few
 * entries of one folder that Node reads at once. As many folders are open as lie above each other.
 *
 * A folder that cannot be opened is given as if it were a file: whoever opens it will learn why. Links are not followed.
 */
export async function* walk(root: string): AsyncGenerator<string, void, undefined> {
  const folders: Dir[] = [await opendir(root)];
  try {
    for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
      const entry = await folder.read();
      if (entry === null) {
        await folders.pop()?.close();
        continue;
      }
      const path = join(folder.path, entry.name);
      const inner = entry.isDirectory() ? await opendir(path).catch(() => undefined) : undefined;
      if (inner === undefined) yield path;
      else folders.push(inner);
    }
  } finally {
    // Left before the end, by whoever asked.
    for (const folder of folders) await folder.close();
  }
}
