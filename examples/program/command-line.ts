import { parseArgs, type ParseArgsConfig } from "node:util";

import { Failure } from "./failure.ts";

type Known = NonNullable<ParseArgsConfig["options"]>;

type Values<Options extends Known> = ReturnType<typeof parseArgs<{ args: string[]; options: Options }>>["values"];

/** The values of the options on the command line. Throws a Failure that says what is wrong with it. */
export function parseOptions<const Options extends Known>(args: readonly string[], options: Options): Values<Options> {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // The first sentence names the option; those after it explain the conventions of command lines.
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(/\.\s|\n/);
    throw new Failure(`${sentence}; --help lists the options`, { cause: error });
  }
}

/** An integer of at least `least`; a Failure otherwise. */
export function integerOf(option: string, text: string, least = 1): number {
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Failure(`expected ${option} to be an integer of at least ${least}, got: ${text}`);
  }
  return value;
}
