/**
 * The revision in a file beside the ACL, written after it: a crash in between leaves an older
 * revision beside newer addresses, which is told as it is and so written again.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Revisions } from './acl.ts';

export function revisionFile(path: string): Revisions {
  return {
    read: async () => {
      try {
        return Number(await readFile(path, 'utf8')) || 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
        throw error;
      }
    },
    write: async (revision) => {
      await writeFile(`${path}.new`, String(revision));
      await rename(`${path}.new`, path);
    },
  };
}
