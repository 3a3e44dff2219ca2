import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

export interface Measure {
  readonly bytes: number;
  readonly gzipped: number;
  readonly sha256: string;
}

/** What no second attempt will mend. */
export class Hopeless extends Error {
  override readonly name = "Hopeless";
}

/** Hashes a file, and finds out how small gzip makes it. Holds the whole of it meanwhile, so `maxBytes` is the limit. */
export async function measure(path: string, maxBytes: number, signal: AbortSignal): Promise<Measure> {
  // Without O_NONBLOCK a named pipe would hold us until somebody writes into it.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile()) throw new Hopeless("not a file");
  if (stats.size > maxBytes) throw new Hopeless("too large");

  const content = await file.readFile({ signal });
  // Somebody writes it: the next attempt may find it whole.
  if (content.length !== stats.size) throw new Error("changed while it was read");
  const sha256 = createHash("sha256").update(content).digest("hex");
  const { length } = await compress(content);
  return { bytes: content.length, gzipped: length, sha256 };
}
