/** What `node:stream/iter` works with, by shape: Node 26 has it behind a flag, and any runtime may have it in user land. */

/** Lists of chunks: a source. What a source of strings gives instead of bytes is passed on as it is. */
export type ChunkLists<Chunk> = AsyncIterable<readonly Chunk[]> | Iterable<readonly Chunk[]>;

/**
 * What chunks are written into. The `Sync` functions return false when there is no room now; of the others a promise is
 * awaited before the next write.
 */
export interface StreamIterWriter<in Chunk> {
  write(chunk: Chunk): unknown;
  writev?(chunks: Chunk[]): unknown;
  writeSync?(chunk: Chunk): boolean;
  writevSync?(chunks: Chunk[]): boolean;
  /** No more will come. Resolves when all has been taken. */
  end?(): unknown;
  fail?(reason?: unknown): unknown;
}

export function isWriter(value: unknown): value is StreamIterWriter<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { readonly write?: unknown }).write === "function";
}
