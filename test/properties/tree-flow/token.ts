import type { Life } from "./life.ts";

/** An event. Each producing stage makes its own; so it is known where it is, whatever else comes twice. */
export interface Token {
  readonly by: Life;
  readonly number: number;
  /** The calls that began with it. */
  tries: number;
  /** The wire on which it was sent, until it comes back on it. */
  holder: object | undefined;
  /** It was sent at least once. */
  isSent: boolean;
}
