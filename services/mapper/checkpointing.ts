/**
 * Saves what changed since the last time as one pass, so that it covers all that was folded by
 * then, whichever aggregates were idle. Where another mapper that is ahead has saved already,
 * nothing is: this one has its turn when it has read as far.
 */
import type { World } from '../aggregates/world.ts';
import { hasCode } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';

export interface Checkpointer {
  changed(aggregate: AggregateKey): void;
  save(): Promise<void>;
}

export function createCheckpointer(world: World, checkpoints: Checkpoints): Checkpointer {
  const changed = new Set<AggregateKey>();
  return {
    changed: (aggregate) => {
      changed.add(aggregate);
    },
    save: async () => {
      const { version } = world;
      const keys = [...changed];
      const texts = keys.flatMap((key) => world.text(key) ?? []);
      if (texts.length === 0) return;
      changed.clear();
      try {
        await checkpoints.save({ checkpoints: texts, version });
      } catch (error) {
        for (const key of keys) changed.add(key);
        if (!hasCode(error, 'BERTH_CHECKPOINT_BACKWARDS')) throw error;
      }
    },
  };
}
