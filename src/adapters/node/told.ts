import { StoppedError } from "../../core/index.ts";

/**
 * What a stream of Node is destroyed with, for an end that is not normal: the error itself. A falsy one would count as none,
 * and Node looks at `stack`, whose getter may throw: those travel as the cause of a `StoppedError`.
 */
export function told(error: unknown, name: string): Error {
  try {
    if (error) {
      // Of a primitive it is undefined, and Node takes it as it is.
      void (error as Partial<Error>).stack;
      return error as Error;
    }
  } catch {
    // Told as a cause.
  }
  return new StoppedError(name, error);
}
