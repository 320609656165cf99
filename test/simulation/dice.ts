/**
 * The only source of chance in a simulation: mulberry32 from one seed, so that a seed replays a
 * schedule exactly. `delayMs` has a heavy tail: most things are quick, some overtake by seconds.
 */
import type { Random } from '../../services/runtime/random.ts';

export interface Dice extends Random {
  /** From 0 to `count` - 1. */
  below(count: number): number;
  /** From `min` to `max`, both inclusive. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** How long a step outside of a process takes: a disk, a network, another's turn. */
  delayMs(): number;
}

const QUICK_MS = 4;
const SLOW_MS = 60;
const VERY_SLOW_MS = 1500;

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  let ids = 0;

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
    id: () => `id-${++ids}`,
    between: (min, max) => min + below(max - min + 1),
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    delayMs() {
      const kind = next();
      if (kind < 0.75) return next() * QUICK_MS;
      return next() * (kind < 0.97 ? SLOW_MS : VERY_SLOW_MS);
    },
  };
}
