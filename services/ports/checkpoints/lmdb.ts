/**
 * Checkpoints in an LMDB environment of their own. A call saves all of its checkpoints in one
 * transaction or none. They need no owner: LMDB orders the transactions of several processes.
 */
import { join } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import { jsonTable, openEnvironment } from '../data-folder/environment.ts';
import type { Checkpoint, Checkpoints } from './port.ts';

export interface LmdbCheckpointsInit {
  /** The data folder; the checkpoints take `checkpoints/` in it. */
  readonly dir: string;
}

export function lmdbCheckpoints(init: LmdbCheckpointsInit): Checkpoints {
  const environment = openEnvironment(join(init.dir, 'checkpoints'));
  const table = jsonTable<Checkpoint, string>(environment, 'checkpoints');
  let closed: Promise<void> | null = null;

  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_CHECKPOINT_CLOSED', {});
  };

  return {
    async save(checkpoints) {
      refuseIfClosed();
      // What is thrown inside would not undo what was put before it, so all are judged first.
      const refusal = await environment.transaction(() => {
        const changed = new Map<string, Checkpoint>();
        for (const next of checkpoints) {
          const present = changed.get(next.aggregate) ?? table.get(next.aggregate);
          const verdict = judge(present, next);
          if (verdict instanceof Error) return verdict;
          if (verdict === 'replace') changed.set(next.aggregate, next);
        }
        for (const [aggregate, checkpoint] of changed) table.put(aggregate, checkpoint);
        return null;
      });
      if (refusal !== null) throw refusal;
    },
    async all() {
      refuseIfClosed();
      return Array.from(table.getRange({}), ({ value }) => value);
    },
    close() {
      closed ??= environment.close();
      return closed;
    },
  };
}

function judge(present: Checkpoint | undefined, next: Checkpoint): 'replace' | 'same' | Error {
  if (present === undefined) return 'replace';
  const { aggregate, position } = next;
  const have = present.position.offset;
  if (position.offset < have) {
    return berthError('BERTH_CHECKPOINT_BACKWARDS', { aggregate, offset: position.offset, have });
  }
  if (position.offset > have || next.rules !== present.rules) return 'replace';
  if (next.hash === present.hash) return 'same';
  return berthError('BERTH_FOLD_CHECKPOINT_DIFFERS', { aggregate, offset: have });
}
