/** Checkpoints of one control process, in memory: a save is there as a whole or not at all. */
import { berthError } from '../../../services/contract/errors.ts';
import type { Checkpoint, Checkpoints } from '../../../services/ports/checkpoints/port.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface SimulatedCheckpoints {
  client(life: Life): Checkpoints;
}

export function simulatedCheckpoints({ scheduler, dice }: Surroundings): SimulatedCheckpoints {
  let kept: ReadonlyMap<string, Checkpoint> = new Map();

  function save(checkpoints: readonly Checkpoint[]): void {
    const next = new Map(kept);
    for (const checkpoint of checkpoints) {
      const { aggregate, position } = checkpoint;
      const have = next.get(aggregate)?.position.offset ?? -1;
      if (position.offset < have) {
        throw berthError('BERTH_CHECKPOINT_BACKWARDS', {
          aggregate,
          offset: position.offset,
          have,
        });
      }
      next.set(aggregate, checkpoint);
    }
    kept = next;
  }

  return {
    client: (life) => ({
      save: (checkpoints) =>
        new Promise((resolve, reject) => {
          scheduler.later(life, dice.delayMs(), () => {
            try {
              save(checkpoints);
              scheduler.later(life, dice.delayMs(), resolve);
            } catch (error) {
              reject(error);
            }
          });
        }),
      all: () =>
        new Promise((resolve) => {
          scheduler.later(life, dice.delayMs(), () => resolve([...kept.values()]));
        }),
      close: async () => undefined,
    }),
  };
}
