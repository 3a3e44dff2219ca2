import type { EventEmitter } from "node:events";

/** Resolves when a stream has closed, with or without an error. */
export async function closing(stream: EventEmitter): Promise<void> {
  const ignore = (): void => undefined;
  stream.on("error", ignore);
  await new Promise<void>((resolve) => stream.once("close", () => resolve()));
  stream.off("error", ignore);
}
