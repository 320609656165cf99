/**
 * The hashes of all aggregates of a fold, in one order: equal when the states are, byte for byte.
 */
import type { World } from '../../../services/aggregates/world.ts';

export function worldHash(world: World): string {
  return [...world.aggregates()]
    .map(({ key }) => `${key} ${world.text(key)?.hash}`)
    .sort()
    .join('\n');
}
