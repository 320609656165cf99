/** A world as it is saved in one pass: a checkpoint of each aggregate, at the version of all. */
import type { SavedWorld, StateText, World } from '../../services/aggregates/world.ts';

export function textsOf(world: World): StateText[] {
  return [...world.aggregates()].flatMap(({ key }) => world.text(key) ?? []);
}

export function savedWorld(world: World): SavedWorld {
  return { checkpoints: textsOf(world), version: world.version };
}
