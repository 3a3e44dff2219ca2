/** What the tests take of `node:v8` and `node:vm` to collect garbage, in a page that has `gc`. */
export function setFlagsFromString(): void {}

export function runInNewContext(name: string): unknown {
  return (globalThis as unknown as Record<string, unknown>)[name];
}
