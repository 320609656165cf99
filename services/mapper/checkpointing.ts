/**
 * Saves what changed since the last time as one pass, so that it covers all that was folded by
 * then, whichever aggregates were idle. Where another mapper that is ahead has saved already,
 * nothing is: this one has its turn when it has read as far.
 */
import type { World } from '../aggregates/world.ts';
import { hasCode } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

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

/** One after the other, until it is told to stop. A pass that failed is made good by the next. */
export async function saveRegularly(
  init: {
    readonly everyMs: number;
    readonly folds: () => Iterable<{ readonly checkpointer: Checkpointer }>;
  },
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(init.everyMs, signal);
    try {
      for (const { checkpointer } of [...init.folds()]) await checkpointer.save();
      tell('berth:mapper:checkpoints-saved', {});
    } catch (error) {
      if (hasCode(error, 'BERTH_FOLD_CHECKPOINT_DIFFERS')) throw error;
      log.warn({ error }, 'checkpoints were not saved, again later');
    }
  }
}
