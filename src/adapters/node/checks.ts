/** The options that the adapters of Node streams have beside those of a stage. */
import { BadOptionError } from "../../core/index.ts";

/** How long the end of a stage waits for its stream to close, in ms. */
export const CLOSE_WITHIN_MS = 1000;

export function checkMs(name: string, value: unknown): void {
  // Timers that are given more fire at once.
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > 2_147_483_647) {
    throw new BadOptionError(name, "an integer from 0 to 2147483647", value);
  }
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw new BadOptionError(name, "a boolean", value);
}

/** Refuses the callbacks that an adapter gives to its stage itself. */
export function checkAbsent(owner: string, options: object, ...names: readonly string[]): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] !== undefined) {
      throw new BadOptionError(`the options of ${owner}`, `without ${name}, which is its own`, name);
    }
  }
}
