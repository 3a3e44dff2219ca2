/** A part of the matrix in which each way in meets each fault, each way out each fault, and each pair is run at least once. */
import { has, type Cell } from "./cell.ts";
import type { Fault } from "./fault.ts";
import type { WayIn, WayOut } from "./ways.ts";

/** Only cells that apply. */
export function coverOf(waysIn: readonly WayIn[], waysOut: readonly WayOut[], faults: readonly Fault[]): readonly Cell[] {
  const cells = new Map<string, Cell>();
  const add = (cell: Cell): void => void cells.set(`${cell.wayIn.name} > ${cell.wayOut.name}, ${cell.fault.code}`, cell);
  const applies = ({ wayIn, wayOut, fault }: Cell): boolean => has(wayIn, wayOut, fault) && fault.unfit?.(wayIn, wayOut) === undefined;

  // Each way in with each fault: the way out moves on with both, so that all pairs, and all of its own faults, have their turn.
  for (const [row, wayIn] of waysIn.entries()) {
    for (const [column, fault] of faults.entries()) {
      const from = row + column;
      const wayOut = firstFrom(waysOut, from, (each) => applies({ wayIn, wayOut: each, fault }));
      if (wayOut !== undefined) add({ wayIn, wayOut, fault });
    }
  }
  const isRun = (holds: (cell: Cell) => boolean): boolean => [...cells.values()].some(holds);
  for (const [row, wayOut] of waysOut.entries()) {
    for (const fault of faults) {
      if (isRun((cell) => cell.wayOut === wayOut && cell.fault === fault)) continue;
      const wayIn = firstFrom(waysIn, row, (each) => applies({ wayIn: each, wayOut, fault }));
      if (wayIn !== undefined) add({ wayIn, wayOut, fault });
    }
  }
  for (const wayIn of waysIn) {
    for (const [row, wayOut] of waysOut.entries()) {
      if (isRun((cell) => cell.wayIn === wayIn && cell.wayOut === wayOut)) continue;
      const fault = firstFrom(faults, row, (each) => applies({ wayIn, wayOut, fault: each }));
      if (fault !== undefined) add({ wayIn, wayOut, fault });
    }
  }
  return [...cells.values()];
}

/** The first that fits, from a place on and round. */
function firstFrom<Part>(parts: readonly Part[], from: number, fits: (part: Part) => boolean): Part | undefined {
  for (let step = 0; step < parts.length; step += 1) {
    const part = parts[(from + step) % parts.length] as Part;
    if (fits(part)) return part;
  }
  return undefined;
}
