/** Law 8: an error that nobody receives is loud. */
import { atNextTurn, throwUncaught } from "./scheduler.ts";

/** Errors that wait for a receiver until the next macrotask; one error that ended several stages is thrown once. */
let unreceived = new Map<unknown, (() => boolean)[]>();

/** Throws the error in the next macrotask, unless `isReceived` says by then that somebody has received it. */
export function throwUnlessReceived(error: unknown, isReceived: () => boolean): void {
  const checks = unreceived.get(error);
  if (checks !== undefined) {
    checks.push(isReceived);
    return;
  }
  if (unreceived.size === 0) {
    atNextTurn(() => {
      const errors = unreceived;
      unreceived = new Map();
      for (const [each, isReceivedBy] of errors) if (!isReceivedBy.every((check) => check())) throwUncaught(each);
    });
  }
  unreceived.set(error, [isReceived]);
}
