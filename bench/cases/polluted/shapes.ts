/** Events of many shapes, and functions of many closures: what a program that has run for a while has seen. */
type Shaped = (n: number) => unknown;

const SHAPES: readonly Shaped[] = [
  (n) => n,
  (n) => n + 0.5,
  (n) => BigInt(n),
  (n) => `event ${n}`,
  (n) => n % 3 === 0,
  (n) => (n % 2 === 0 ? null : undefined),
  (n) => [n, n + 1],
  (n) => new Uint8Array([n & 255]),
  (n) => new Map([[n, n]]),
  (n) => new Date(n),
  (n) => () => n,
  (n) => ({ n }),
  (n) => ({ id: n, name: "a" }),
  (n) => ({ name: "a", id: n }),
  (n) => Object.create(null, { n: { value: n } }) as unknown,
  (n) => new Error(String(n)),
];

/** How many events of each shape. */
export const EVENTS_OF_A_SHAPE = 2000;

const ROUNDS = 4;

/** What a peer is to do with the events of one shape. */
export type Use = (shape: Shaped, change: (event: unknown) => unknown, keeps: (event: unknown) => boolean) => void | Promise<void>;

/** Each shape with functions of its own, several times. */
export async function eachShape(use: Use): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, shape] of SHAPES.entries()) {
      let seen = 0;
      const note = (): void => void seen++;
      // oxlint-disable-next-line typescript/no-implied-eval -- code of its own, not one more closure of the same
      const change = new Function("note", `return (event) => { note(${round}, ${at}); return event; };`)(note) as (event: unknown) => unknown;
      await use(shape, change, (event) => event !== round || seen >= 0);
    }
  }
}
