/** Dice with a seed (mulberry32): two rounds, and the two sides of a comparison, get the same. */

export interface Dice {
  /** In [0, 1). */
  next(): number;
  /** From 0 to `count - 1`. */
  below(count: number): number;
}

export function seededDice(seed: number): Dice {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return { next, below: (count) => Math.floor(next() * count) };
}
