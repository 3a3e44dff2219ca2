import type { Readable } from "node:stream";

/** What a reader of a stream got, and how the stream ended. */
export interface Got {
  readonly events: unknown[];
  /** 'end' and 'close' and 'error', in the order in which they came. */
  readonly signals: string[];
  readonly errors: unknown[];
}

/** Records the ends of a stream; its events are read by somebody else. */
export function watching(stream: Readable): Got {
  const got: Got = { events: [], signals: [], errors: [] };
  stream.on("end", () => got.signals.push("end"));
  stream.on("error", (error) => {
    got.signals.push("error");
    got.errors.push(error);
  });
  stream.on("close", () => got.signals.push("close"));
  return got;
}

/** A way to read a stream to its end. */
export type Way = "for await" | "iterator" | "data" | "readable" | "pipe";

export const WAYS: readonly Way[] = ["for await", "iterator", "data", "readable"];

/** Reads a stream to its end, and resolves when it has closed. */
export async function read(stream: Readable, way: Way): Promise<Got> {
  const got = watching(stream);
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  if (way === "data") stream.on("data", (event) => got.events.push(event));
  else if (way === "readable") {
    stream.on("readable", () => {
      for (let event: unknown = stream.read(); event !== null; event = stream.read()) got.events.push(event);
    });
  } else {
    try {
      for await (const event of way === "iterator" ? stream.iterator({ destroyOnReturn: true }) : stream) got.events.push(event);
    } catch {
      // 'error' has told it.
    }
  }
  await closed;
  return got;
}
