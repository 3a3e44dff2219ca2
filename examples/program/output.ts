import type { WriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { Failure, systemReason } from "./failure.ts";

/** A file that appears under its name when it is complete, or not at all. */
export interface Output extends AsyncDisposable {
  readonly stream: WriteStream;
  /** Call it once the stream has finished. */
  publish(): Promise<void>;
  failure(error: unknown): Failure;
}

/** Writes go to a file beside, so that the rename at the end stays within one file system. */
export async function openOutput(path: string): Promise<Output> {
  const failure = (error: unknown): Failure => new Failure(`cannot write ${path}: ${systemReason(error)}`, { cause: error });
  const fail = (error: unknown): never => {
    throw failure(error);
  };
  const found = await stat(path).catch(() => undefined);
  // The rename would replace whatever is there, a device too.
  if (found?.isFile() === false) throw new Failure(`cannot write ${path}: it is not a file`);
  await mkdir(dirname(path), { recursive: true }).catch(fail);

  const beside = `${path}.${process.pid}.part`;
  // Opened here, as nobody may listen yet to the error of a stream that opens it.
  const file = await open(beside, "w").catch(fail);
  const stream = file.createWriteStream();
  return {
    stream,
    failure,
    publish: () => rename(beside, path).catch(fail),
    async [Symbol.asyncDispose]() {
      if (!stream.closed) await new Promise<void>((resolve) => stream.once("close", resolve).destroy());
      // Where this fails too, the failure that led here is the one to tell.
      await rm(beside, { force: true }).catch(() => {});
    },
  };
}
