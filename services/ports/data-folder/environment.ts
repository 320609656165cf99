/**
 * One LMDB environment in a folder, opened so that an acknowledged write is on the disk: the
 * commit itself flushes (`overlappingSync: false`), and commits are never skipped. The log, the
 * jobs and the checkpoints each have one of their own, in sub-folders of the data folder, so that
 * a big checkpoint never waits in the line of the log's commits.
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { berthError } from '../../contract/errors.ts';

/** Address space, not disk: the file grows as it is used. Fixed, so that it never remaps. */
const MAP_BYTES_MAX = 2 ** 38;
const DATABASES_MAX = 32;

/** Of LMDB's first page: behind its header stands this number, little-endian. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;

export type Environment = RootDatabase<unknown, string>;

/** Refused with BERTH_LOG_UNREADABLE if the folder can't be used or holds something else. */
export function openEnvironment(path: string): Environment {
  try {
    mkdirSync(path, { recursive: true });
    refuseForeignFile(join(path, 'data.mdb'));
    return openIn(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_LOG_UNREADABLE', { path, reason }, error);
  }
}

function openIn(path: string): Environment {
  return open<unknown, string>({
    path,
    noSubdir: false,
    mapSize: MAP_BYTES_MAX,
    maxDbs: DATABASES_MAX,
    overlappingSync: false,
    encoding: 'json',
  });
}

/** Given another file, the library would end the process with a segmentation fault. */
function refuseForeignFile(path: string): void {
  if (!existsSync(path)) return;
  const head = Buffer.alloc(MAGIC_AT + 4);
  const file = openSync(path, 'r+');
  try {
    const bytes = readSync(file, head, 0, head.length, 0);
    // Empty: its maker was killed before the first write.
    if (bytes === 0) return;
    if (bytes < head.length || head.readUInt32LE(MAGIC_AT) !== MAGIC) {
      throw new Error(`${path} is no LMDB file`);
    }
  } finally {
    closeSync(file);
  }
}

/** A table of text under keys that sort by type and value (numbers by size, arrays by part). */
export function textTable<K extends string | (string | number)[]>(
  environment: Environment,
  name: string,
): Database<string, K> {
  return environment.openDB<string, K>(name, { encoding: 'string' });
}

export function jsonTable<V, K extends string | (string | number)[]>(
  environment: Environment,
  name: string,
): Database<V, K> {
  return environment.openDB<V, K>(name, { encoding: 'json' });
}
