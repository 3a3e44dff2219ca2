/** The options of what is written into as if it were a stream: a Writable, and the writable half of a Duplex. */
import { checkAbsent, checkOption, isBoolean, type ProducerOptions } from "../../core/index.ts";
import type { InflowSettings } from "./inflow.ts";
import { unwrapNullish } from "./nullish.ts";

export interface InflowOptions {
  /**
   * Calls a write back when its events have been handled, not when they have been demanded. Each consumer must ask for
   * one event at a time: `maxDemand: 1`, or a plain `for await`; an ask for more is an error, `SLUICE_BAD_PARTNER`.
   * Default false.
   */
  readonly processed?: boolean | undefined;
  /** `false`: strings stay strings in a stream of bytes. Default true: they become buffers. */
  readonly decodeStrings?: boolean | undefined;
}

/** What an inflow decides of its producer. */
export type OwnOfInflow = "handleDemand" | "bufferSize" | "bufferKeep" | "bufferLow" | "handleBufferLow" | "handleDiscarded";

/** @throws BadOptionError */
export function inflowSettings<In>(
  owner: string,
  { processed = false, decodeStrings = true }: InflowOptions,
  options: Omit<ProducerOptions<In>, OwnOfInflow>,
  isObjects: boolean,
  unwraps: boolean,
): InflowSettings<In> {
  checkOption("processed", processed, isBoolean);
  checkOption("decodeStrings", decodeStrings, isBoolean);
  checkAbsent(owner, options, "handleDemand", "bufferSize", "bufferKeep", "bufferLow", "handleBufferLow", "handleDiscarded");
  return { producer: options, isProcessed: processed, take: (isObjects ? (unwraps ? unwrapNullish : asIs) : asBytes) as InflowSettings<In>["take"] };
}

function asIs(event: unknown): unknown {
  return event;
}

/** A string that Node has not decoded, in another encoding than that of strings, is bytes. */
function asBytes(chunk: unknown, encoding: BufferEncoding): unknown {
  return typeof chunk !== "string" || encoding === "utf8" || encoding === "utf-8" ? chunk : Buffer.from(chunk, encoding);
}
