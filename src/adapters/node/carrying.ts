/** What a stream can carry of a producer's events. */
import { show } from "../../core/index.ts";
import { badEvent, wrapNullish } from "./nullish.ts";

/** What stands for an event in the stream; `undefined` for one that is nothing, a chunk without bytes. Throws `SLUICE_BAD_EVENT`. */
export type Carry = (event: unknown) => unknown;

/** For `null` and `undefined` in a stream of objects: all else is pushed as it is. */
export function carryNullish(name: string, wraps: boolean): Carry {
  if (wraps) return wrapNullish;
  return (event) => {
    throw badEvent(name, 'neither null nor undefined for a stream of objects (nullish: "wrap" carries them)', show(event));
  };
}

/** For what is written: Node takes `undefined`, and throws at `null`. */
export function carryNull(name: string, wraps: boolean): Carry {
  if (wraps) return wrapNullish;
  return (event) => {
    if (event === null) throw badEvent(name, 'other than null for a stream (nullish: "wrap" carries it as an object)', show(event));
    return event;
  };
}

/** For the chunks of a stream of bytes. Node would drop `undefined`, and forget what it holds at anything else that is none. */
export function carryBytes(name: string): Carry {
  return (event) => {
    if (typeof event !== "string" && !isBytes(event)) throw badEvent(name, "strings, buffers or Uint8Arrays for a stream of bytes", show(event));
    return event.length === 0 ? undefined : event;
  };
}

/** By its own tag: one of another realm counts. */
function isBytes(event: unknown): event is Uint8Array {
  return ArrayBuffer.isView(event) && (event as Partial<Uint8Array>)[Symbol.toStringTag] === "Uint8Array";
}
