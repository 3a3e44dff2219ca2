/** Whether Node takes a value for an error: nothing falsy, and it looks at the stack. */
export function isNodeError(error: unknown): boolean {
  try {
    void (error as Partial<Error> | null | undefined)?.stack;
    return Boolean(error);
  } catch {
    return false;
  }
}
