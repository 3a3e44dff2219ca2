import { open, type FileHandle } from "node:fs/promises";

import { parquetMetadataAsync, parquetScan, type AsyncBuffer, type FileMetaData, type ParquetScan } from "hyparquet";
import { compressors } from "hyparquet-compressors";

import { Failure, systemReason } from "../program/failure.ts";

/** The columns of one row group, as decoded. A 64-bit column decodes to bigints. */
export interface FlightColumns {
  readonly rows: number;
  readonly origin: ArrayLike<string | null>;
  readonly delay: ArrayLike<number | bigint | null>;
}

/** A Parquet file of flights that is decoded one row group at a time. Owns a file handle: close it. */
export interface FlightsFile {
  readonly rows: number;
  readonly rowGroups: number;
  readRowGroup(index: number): Promise<FlightColumns>;
  close(): Promise<void>;
}

const numeric = ["INT32", "INT64", "FLOAT", "DOUBLE"];
const columnTypes = { origin: ["BYTE_ARRAY"], delay: numeric } as const;

/** Reads the footer of the file, and no rows. Throws a Failure if these are not flights. */
export async function openFlights(path: string): Promise<FlightsFile> {
  const handle = await open(path).catch((error: unknown) => {
    throw new Failure(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
  try {
    const scan = await scanFlights(handle, path);
    return flightsFile(path, handle, scan);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function scanFlights(handle: FileHandle, path: string): Promise<ParquetScan> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new Failure(`cannot read ${path}: it is not a file`);
  const file = asyncBuffer(handle, stats.size);
  try {
    const metadata = await parquetMetadataAsync(file);
    checkColumns(path, metadata);
    return await parquetScan({ file, metadata, compressors, columns: Object.keys(columnTypes) });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read ${path}: it is damaged or not a Parquet file (${reason(error)})`, { cause: error });
  }
}

/** Reads go through the one handle, so that a file which is replaced meanwhile stays the one we opened. */
function asyncBuffer(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (end <= start) return new ArrayBuffer(0);
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error("the file ends too early");
      return bytes.buffer;
    },
  };
}

function checkColumns(path: string, metadata: FileMetaData): void {
  const columns = metadata.schema.slice(1);
  for (const [name, types] of Object.entries(columnTypes)) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      const others = columns.map((candidate) => candidate.name).join(", ");
      throw new Failure(`cannot read ${path}: expected a column ${name}, got: ${others}`);
    }
    if (column.type === undefined || !types.some((type) => type === column.type)) {
      throw new Failure(`cannot read ${path}: expected the column ${name} to be ${types.join(" or ")}, got: ${column.type ?? "a group"}`);
    }
  }
}

function flightsFile(path: string, handle: FileHandle, scan: ParquetScan): FlightsFile {
  return {
    rows: Number(scan.metadata.num_rows),
    rowGroups: scan.ranges.length,
    async readRowGroup(index) {
      const range = scan.ranges[index];
      if (range === undefined) throw new RangeError(`expected a row group below ${scan.ranges.length}, got: ${index}`);
      const rows = range.rowEnd - range.rowStart;
      try {
        const origin = await scan.readColumn({ column: "origin", ...range });
        // Decoding a column takes tens of milliseconds and nothing can interrupt it: timers run in between.
        await new Promise(setImmediate);
        const delay = await scan.readColumn({ column: "delay", ...range });
        if (origin.length !== rows || delay.length !== rows) throw new Error(`row group ${index} is too short`);
        // What checkColumns let pass decodes to these.
        return { rows, origin: origin as ArrayLike<string | null>, delay: delay as ArrayLike<number | bigint | null> };
      } catch (error) {
        throw new Failure(`cannot read ${path}: it is damaged in row group ${index + 1} (${reason(error)})`, { cause: error });
      }
    },
    close: () => handle.close(),
  };
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
