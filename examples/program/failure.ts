import { getSystemErrorMap } from "node:util";

/** Ends the program with one sentence for its user, where a stack trace would not help them. */
export class Failure extends Error {
  override readonly name: string = "Failure";
}

/** The program was told to stop, which it did. */
export class Interrupted extends Failure {
  override readonly name = "Interrupted";
}

/** Why the operating system refused: "no such file or directory" rather than ENOENT and a path. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const errno = "errno" in error ? Number(error.errno) : 0;
  return getSystemErrorMap().get(errno)?.[1] ?? error.message;
}
