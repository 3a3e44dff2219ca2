/** What the stages of all ways in are given. */
import type { Producer } from "sluice";
import type { InSettings, Near } from "../ways.ts";

export function stageOptions({ signal, closeWithinMs }: InSettings): { readonly name: string; readonly signal?: AbortSignal; readonly closeWithinMs: number } {
  return { name: "in", closeWithinMs, ...(signal && { signal }) };
}

/** A way in that is one stage, reads nothing ahead, and whose native side cannot be looked at. */
export function plain(producer: Producer<unknown>): Near {
  return { producer, ahead: 0, stages: [producer], residue: () => [] };
}
