/**
 * Checkpoints in an LMDB environment of their own. A pass is one transaction: all of it is there
 * or none. They need no owner: LMDB orders the transactions of several processes.
 */
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { berthError } from '../../contract/errors.ts';
import { onlyOf, type Version } from '../../contract/version.ts';
import { jsonTable, openEnvironment } from '../data-folder/environment.ts';
import type { Checkpoint, Checkpoints } from './port.ts';

export interface LmdbCheckpointsInit {
  /** The data folder; the checkpoints take `checkpoints/` in it. */
  readonly dir: string;
}

export function lmdbCheckpoints(init: LmdbCheckpointsInit): Checkpoints {
  const environment = openEnvironment(join(init.dir, 'checkpoints'));
  const table = jsonTable<Checkpoint, Key>(environment, 'states');
  /** Under each partition the offset up to which it is covered. */
  const versions = jsonTable<number, string>(environment, 'versions');
  let closed: Promise<void> | null = null;

  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_CHECKPOINT_CLOSED', {});
  };

  function covered(): Version {
    const said = Array.from(versions.getRange({}), ({ key, value }) => [Number(key), value]);
    return Object.fromEntries(said);
  }

  return {
    async save({ checkpoints, version }) {
      refuseIfClosed();
      // What is thrown inside would not undo what was put before it, so all are judged first.
      const refusal = await environment.transaction(() => {
        const changed = new Map<string, Checkpoint>();
        for (const next of checkpoints) {
          const present = changed.get(next.aggregate) ?? table.get(keyOf(next));
          const verdict = judge(present, next);
          if (verdict instanceof Error) return verdict;
          if (verdict === 'replace') changed.set(next.aggregate, next);
        }
        for (const checkpoint of changed.values()) table.put(keyOf(checkpoint), checkpoint);
        for (const [partition, offset] of Object.entries(version)) {
          if (offset > (versions.get(partition) ?? -1)) versions.put(partition, offset);
        }
        return null;
      });
      if (refusal !== null) throw refusal;
    },
    async all(partitions) {
      refuseIfClosed();
      const version = covered();
      if (partitions === undefined) return { checkpoints: valuesIn(table, {}), version };
      const checkpoints = partitions.flatMap((each) =>
        valuesIn(table, { start: [each, ''], end: [each + 1, ''] }),
      );
      return { checkpoints, version: onlyOf(version, partitions) };
    },
    async version() {
      refuseIfClosed();
      return covered();
    },
    close() {
      closed ??= environment.close();
      return closed;
    },
  };
}

type Key = [partition: number, aggregate: string];

function keyOf({ position, aggregate }: Checkpoint): Key {
  return [position.partition, aggregate];
}

function valuesIn(
  table: Database<Checkpoint, Key>,
  range: { readonly start?: Key; readonly end?: Key },
): Checkpoint[] {
  return Array.from(table.getRange(range), ({ value }) => value);
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
