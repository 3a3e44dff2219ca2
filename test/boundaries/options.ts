/** The arguments of `npm run matrix`. */
import { parseArgs } from "node:util";
import type { Fault } from "./fault.ts";
import type { WayIn, WayOut } from "./ways.ts";

export interface Options {
  readonly waysIn: readonly WayIn[];
  readonly waysOut: readonly WayOut[];
  readonly faults: readonly Fault[];
  /** Names the parts, and runs nothing. */
  readonly list: boolean;
  /** The runs of very many events are as long for each pair as they are for the cover. */
  readonly isThorough: boolean;
  /** The whole table was asked for. */
  readonly isWhole: boolean;
}

interface Table {
  readonly waysIn: readonly WayIn[];
  readonly waysOut: readonly WayOut[];
  readonly faults: readonly Fault[];
}

/** Throws a TypeError whose one sentence names the argument. */
export function parseOptions(args: readonly string[], table: Table): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { in: { type: "string", multiple: true }, out: { type: "string", multiple: true }, fault: { type: "string", multiple: true }, list: { type: "boolean" }, thorough: { type: "boolean" } },
  });
  return {
    waysIn: chosen("--in", values.in, table.waysIn, ({ name }) => name),
    waysOut: chosen("--out", values.out, table.waysOut, ({ name }) => name),
    faults: chosen("--fault", values.fault, table.faults, ({ code }) => String(code)),
    list: values.list === true,
    isThorough: values.thorough === true,
    isWhole: values.in === undefined && values.out === undefined && values.fault === undefined,
  };
}

function chosen<Part>(option: string, names: readonly string[] | undefined, parts: readonly Part[], nameOf: (part: Part) => string): readonly Part[] {
  if (names === undefined) return parts;
  return names.map((name) => {
    const part = parts.find((each) => nameOf(each) === name);
    if (part === undefined) throw new TypeError(`expected ${option} to be one of ${parts.map(nameOf).join(" | ")}, got: ${name}`);
    return part;
  });
}
