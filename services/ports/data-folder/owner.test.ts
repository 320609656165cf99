/** Who counts as the living owner of an environment, judged by this and other real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { jsonTable, openEnvironment } from './environment.ts';
import { isAlive, type Owner, processIdentity, takeOwnership } from './owner.ts';

type ParentStdio = [Writable, Readable, null, Writable];

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

test('a process that runs is alive, one that has ended is not', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  const owner = processIdentity(child.pid ?? -1);
  expect(isAlive(owner)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(owner)).toBe(false);
});

test('a process that has ended is not alive before its parent has noticed', async () => {
  // The parent becomes a program that never asks after the child that it has.
  const script = 'cat <&3 >/dev/null & echo $!; exec cat';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  const [stdin, stdout, , childInput] = parent.stdio as unknown as ParentStdio;
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const owner = processIdentity(Number((await lines.next()).value));
  stdin.write('are you there\n');
  expect((await lines.next()).value).toBe('are you there');
  expect(isAlive(owner)).toBe(true);
  childInput.end();
  await expect.poll(() => isAlive(owner)).toBe(false);
  expect(processIdentity(owner.pid)).toEqual(owner);
  stdin.end();
  await once(parent, 'exit');
});

test.each<[string, Partial<Owner>]>([
  ['started at another time', { startTicks: '1' }],
  ['of another boot', { bootId: '00000000-0000-0000-0000-000000000000' }],
  ['whose pid nobody has', { pid: 2 ** 22 + 1 }],
])('a process %s is another one', (_, change) => {
  expect(isAlive({ ...processIdentity(process.pid), ...change })).toBe(false);
});

test('takes over from an owner whose pid is now another process’s', async () => {
  const environment = openEnvironment(folder.path);
  const reused = { ...processIdentity(process.ppid), startTicks: '1' };
  jsonTable<Owner, string>(environment, 'owner').putSync('owner', reused);
  const release = takeOwnership(environment, folder.path);
  expect(() => takeOwnership(environment, folder.path)).toThrow(
    expect.objectContaining({ code: 'BERTH_LOG_IN_USE' }),
  );
  release();
  takeOwnership(environment, folder.path)();
  await environment.close();
});

test('refuses while another living process owns it, naming that one', async () => {
  const environment = openEnvironment(folder.path);
  const owners = jsonTable<Owner, string>(environment, 'owner');
  owners.putSync('owner', processIdentity(process.ppid));
  expect(() => takeOwnership(environment, folder.path)).toThrow(
    expect.objectContaining({ details: { path: folder.path, pid: process.ppid } }),
  );
  expect(owners.get('owner')?.pid).toBe(process.ppid);
  await environment.close();
});
