/**
 * What outlives a process without a kernel: one file a table and one for the attachments, each
 * replaced whole by a rename, so that whoever is killed leaves the old or the new state.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export interface Kept {
  /** Pairs as they were written last; none at first. */
  load(name: string): readonly (readonly [string, string])[];
  save(name: string, pairs: readonly (readonly [string, string])[]): void;
}

export const KEPT_NOWHERE: Kept = { load: () => [], save: () => undefined };

export function keptInFolder(folder: string): Kept {
  mkdirSync(folder, { recursive: true });
  return {
    load(name) {
      try {
        return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    save(name, pairs) {
      const path = join(folder, `${name}.json`);
      writeFileSync(`${path}.next`, JSON.stringify(pairs));
      renameSync(`${path}.next`, path);
    },
  };
}

/** Only files such as are made here; answers which. */
export function removeKept(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder);
  const ours = names.filter((name) => /\.json(\.next)?$/.test(name));
  for (const name of ours) unlinkSync(join(folder, name));
  if (ours.length === names.length) rmdirSync(folder);
  return ours.map((name) => join(folder, name));
}
