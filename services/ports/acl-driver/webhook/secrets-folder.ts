/**
 * Secrets as files of one folder, named in objects and read at the moment of their use: their
 * content is in no record, no checkpoint, no status and no log line.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Secrets {
  /** @throws when there is no such secret */
  read(name: string): Promise<string>;
}

/** As sources let names pass; a name must not lead out of the folder. */
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** `dir` is null where the process was given no folder. */
export function secretsFolder(dir: string | null): Secrets {
  return {
    read: async (name) => {
      if (dir === null) throw new Error('berth up was started without --secrets');
      if (!NAME.test(name) || name.includes('..')) throw new Error('it is no name of a secret');
      return readFile(join(dir, name), 'utf8');
    },
  };
}
