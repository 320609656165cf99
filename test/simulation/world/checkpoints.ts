/**
 * Checkpoints of one control process or of several, in memory. Some stores are as strict as LMDB:
 * a pass is there as a whole or not at all, and one that would go back is refused. The others are
 * as forgetful as a compacted topic: passes are torn anywhere, what is behind is left out.
 */
import { berthError } from '../../../services/contract/errors.ts';
import { advance, onlyOf, type Version } from '../../../services/contract/version.ts';
import type { Checkpoint, Checkpoints, Pass } from '../../../services/ports/checkpoints/port.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface SimulatedCheckpoints {
  client(life: Life): Checkpoints;
}

export function simulatedCheckpoints(surroundings: Surroundings): SimulatedCheckpoints {
  const { scheduler, dice } = surroundings;
  let kept: ReadonlyMap<string, Checkpoint> = new Map();
  let version: Version = {};
  const isStrict = dice.chance(0.5);

  function put(checkpoints: readonly Checkpoint[]): void {
    const next = new Map(kept);
    for (const checkpoint of checkpoints) {
      const { aggregate, position } = checkpoint;
      const have = next.get(aggregate)?.position.offset ?? -1;
      if (position.offset >= have) next.set(aggregate, checkpoint);
      else if (isStrict) {
        const { offset } = position;
        throw berthError('BERTH_CHECKPOINT_BACKWARDS', { aggregate, offset, have });
      }
    }
    kept = next;
  }

  function save({ checkpoints, version: covered }: Pass): void {
    if (!isStrict && dice.chance(surroundings.faults.appendPartly)) {
      put(checkpoints.filter(() => dice.chance(0.5)));
      throw berthError('BERTH_LOG_WRITE', { reason: 'simulated' });
    }
    put(checkpoints);
    for (const [partition, offset] of Object.entries(covered)) {
      version = advance(version, { partition: Number(partition), offset });
    }
  }

  function all(partitions?: readonly number[]): Pass {
    const checkpoints = [...kept.values()];
    if (partitions === undefined) return { checkpoints, version };
    const found = checkpoints.filter(({ position }) => partitions.includes(position.partition));
    return { checkpoints: found, version: onlyOf(version, partitions) };
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
      all: (partitions) =>
        new Promise((resolve) => {
          scheduler.later(life, dice.delayMs(), () => resolve(all(partitions)));
        }),
      version: async () => version,
      close: async () => undefined,
    }),
  };
}
