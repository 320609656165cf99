/** Who may work on a state folder at one time. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { lockStateFolder } from './state-lock.ts';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

describe('the lock of a state folder', () => {
  it('is held by one, also where the folder is reached by another path', async () => {
    const state = join(folder.path, 'state');
    const lock = await lockStateFolder(state);
    await symlink(state, join(folder.path, 'same'));
    await expect(lockStateFolder(state)).rejects.toThrow('BERTH_AGENT_RUNNING');
    await expect(lockStateFolder(join(folder.path, 'same'))).rejects.toThrow('BERTH_AGENT_RUNNING');
    await lock.release();
    await (await lockStateFolder(join(folder.path, 'same'))).release();
  });

  it('of another folder is another one', async () => {
    const one = await lockStateFolder(join(folder.path, 'one'));
    const other = await lockStateFolder(join(folder.path, 'other'));
    await Promise.all([one.release(), other.release()]);
  });
});
