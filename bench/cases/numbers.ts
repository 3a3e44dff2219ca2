/*
 * What the cases of the number jobs share. The functions that run for each event
 * are not here but written out in each case, as a user would: called through an
 * import they are not inlined, and array loops take 18 ns an event, not 6.
 */

/** The size of the lists of those peers that work on lists. */
export const LIST = 1000;

/**
 * The integers from `from` up to, not including, `to`. Allocated at once: grown by
 * `push` a list costs 3 to 5 ns an event more, and the figures scatter.
 */
export function numbers(from: number, to: number): number[] {
  // oxlint-disable-next-line unicorn/no-new-array -- Array.from is ten times slower
  const list = new Array<number>(to - from);
  for (let at = 0; at < list.length; at++) list[at] = from + at;
  return list;
}

/** 0 + 1 + ... + (events - 1). */
export const sumOfAll = (events: number): number => (events * (events - 1)) / 2;

/** The sum of the even numbers among 1, 2, ..., events. */
export function sumOfEvens(events: number): number {
  const evens = Math.floor(events / 2);
  return evens * (evens + 1);
}
