/** Random numbers that a seed fixes (mulberry32), so that a run of the demo can be repeated. */
export interface SeededRandom {
  /** In [0, 1). */
  next(): number;
  /** From 0 to `count` - 1. */
  below(count: number): number;
  /** `digits` lower-case letters and digits, as Kubernetes names pods. */
  suffix(digits: number): string;
}

// As in k8s.io/apimachinery/pkg/util/rand: no vowels and no look-alikes, so no words.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  }
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    suffix: (digits) =>
      Array.from({ length: digits }, () => ALPHABET[below(ALPHABET.length)]).join(''),
  };
}
