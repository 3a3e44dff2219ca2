/**
 * A file of a gibibyte through gzip and back, as a program of its own so that its memory can be read: writes a file, sends
 * it through two Transforms into another one, and prints what came of it.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGunzip, createGzip } from "node:zlib";

import { fromIterable, pipeline } from "sluice";
import { fromReadable, intoWritable, throughDuplex } from "sluice/node";

const CHUNK = 1 << 16;
const bytes = Number(process.argv[2] ?? 2 ** 30);
const folder = await mkdtemp(join(tmpdir(), "sluice-gigabyte-"));
const file = (name: string): string => join(folder, name);

/** Lines of numbers: text that compresses as a log does. */
function* chunks(): Generator<Buffer> {
  for (let written = 0, line = 0; written < bytes; written += CHUNK) {
    let text = "";
    while (text.length < CHUNK / 16) text += `${(line += 1)} ${(line * 2_654_435_761) % 4_294_967_296}\n`;
    yield Buffer.alloc(Math.min(CHUNK, bytes - written), text);
  }
}

async function hash(name: string): Promise<string> {
  const sum = createHash("sha256");
  for await (const list of fromReadable<Buffer>(createReadStream(file(name))).batches({ maxDemand: 16 })) for (const chunk of list) sum.update(chunk);
  return sum.digest("hex");
}

try {
  await pipeline(fromIterable(chunks, { bufferSize: 16 }), intoWritable(createWriteStream(file("before"))));
  await pipeline(
    fromReadable<Buffer>(createReadStream(file("before"))),
    throughDuplex<Buffer, Buffer>(createGzip({ level: 1 })),
    throughDuplex<Buffer, Buffer>(createGunzip()),
    intoWritable(createWriteStream(file("after"))),
  );
  const [before, after] = [await hash("before"), await hash("after")];
  // In kB.
  console.log(JSON.stringify({ bytes, isSame: before === after, peakMB: Math.round(process.resourceUsage().maxRSS / 1024) }));
} finally {
  await rm(folder, { recursive: true });
}
