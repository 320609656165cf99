/** What is started for a folder ends with it, with its creator's order, and with its creator. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { processesMarked, startTimeOf } from '../lab/process-table.ts';
import { noRedis } from '../redis/binary.ts';
import { openServerFolder } from './server-folder.ts';

const REDIS_MAIN = fileURLToPath(new URL('../redis/main.ts', import.meta.url));

test('ends what still runs when it is closed, also a paused one, and is gone', async () => {
  const folder = await openServerFolder('test');
  const logFile = join(folder.path, 'log');
  const one = await folder.start({ name: 'one', command: 'sleep', args: ['600'], logFile });
  const other = await folder.start({ name: 'other', command: 'sleep', args: ['600'], logFile });
  other.pause();
  await folder.close();
  expect([await startTimeOf(one.pid), await startTimeOf(other.pid)]).toEqual([null, null]);
  expect(existsSync(folder.path)).toBe(false);
  await folder.close();
});

test('says what a server printed that did not come up', async () => {
  const folder = await openServerFolder('test');
  const args = ['-c', 'echo the disk is full; exit 3'];
  const logFile = join(folder.path, 'log');
  const server = await folder.start({ name: 'a server', command: 'sh', args, logFile });
  await expect(server.untilReady(async () => false, 10_000)).rejects.toThrow(
    /a server did not come up: it ended: the disk is full/,
  );
  await folder.close();
});

test.for([
  ['SIGKILL', null],
  ['SIGTERM', 0],
] as const)(
  'leaves no process and no file when its creator ends by %s',
  async ([signal, code], ctx) => {
    ctx.skip(noRedis !== null, noRedis ?? '');
    const place = await temporaryFolder();
    const mark = randomUUID();
    const child = spawn(process.execPath, [REDIS_MAIN], {
      env: { ...process.env, TMPDIR: place.path, BERTH_TEST_MARK: mark },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    // The creator, its server and its reaper.
    const marked = (): Promise<readonly unknown[]> => processesMarked(`BERTH_TEST_MARK=${mark}`);
    expect(await marked()).toHaveLength(3);
    child.kill(signal);
    expect((await once(child, 'exit'))[0]).toBe(code);
    await expect.poll(marked, { timeout: 10_000 }).toEqual([]);
    expect(readdirSync(place.path)).toEqual([]);
    await place.remove();
  },
);
