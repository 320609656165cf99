/** Checkpoints of one control process, in memory: a pass is there as a whole or not at all. */
import { berthError } from '../../../services/contract/errors.ts';
import { advance, type Version } from '../../../services/contract/version.ts';
import type { Checkpoint, Checkpoints, Pass } from '../../../services/ports/checkpoints/port.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface SimulatedCheckpoints {
  client(life: Life): Checkpoints;
}

export function simulatedCheckpoints({ scheduler, dice }: Surroundings): SimulatedCheckpoints {
  let kept: ReadonlyMap<string, Checkpoint> = new Map();

  let version: Version = {};

  function save({ checkpoints, version: covered }: Pass): void {
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
    for (const [partition, offset] of Object.entries(covered)) {
      version = advance(version, { partition: Number(partition), offset });
    }
  }

  return {
    client: (life) => ({
      save: (pass) =>
        new Promise((resolve, reject) => {
          scheduler.later(life, dice.delayMs(), () => {
            try {
              save(pass);
              scheduler.later(life, dice.delayMs(), resolve);
            } catch (error) {
              reject(error);
            }
          });
        }),
      all: () =>
        new Promise((resolve) => {
          scheduler.later(life, dice.delayMs(), () =>
            resolve({ checkpoints: [...kept.values()], version }),
          );
        }),
      close: async () => undefined,
    }),
  };
}
