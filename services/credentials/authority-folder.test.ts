/** The built-in authority as files: made once, private, renewed. */
import { X509Certificate } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { openAuthorityFolder } from './authority-folder.ts';

const DAY_MS = 24 * 60 * 60_000;
const random = systemRandom();
let laterMs = 0;
const clock: Clock = { ...systemClock(), nowMs: () => systemClock().nowMs() + laterMs };
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
  laterMs = 0;
});

afterEach(() => folder.remove());

const open = () => openAuthorityFolder(folder.path, { clock, random });

describe('the built-in authority', () => {
  it('is made once, and is the same for all who come at once and later', async () => {
    const opened = await Promise.all([open(), open(), open()]);
    const { authority } = await open();
    for (const each of opened) expect(each.authority.certificate).toBe(authority.certificate);
    expect(await readdir(folder.path)).toEqual(['certificates']);
  });

  it('keeps its files to their owner', async () => {
    await (await open()).hubFiles();
    const dir = join(folder.path, 'certificates');
    expect((await readdir(dir)).sort()).toEqual(['ca.crt', 'ca.key', 'hub.pem']);
    for (const name of await readdir(dir)) {
      expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
    }
    expect((await stat(dir)).mode & 0o077).toBe(0);
  });

  it('gives the hub one certificate until a third of its time is left, then another', async () => {
    const { hubFiles } = await open();
    const first = await hubFiles();
    expect(new X509Certificate(first.certificate).checkHost('berth-hub')).toBe('berth-hub');
    laterMs = 59 * DAY_MS;
    expect(await (await open()).hubFiles()).toEqual(first);
    laterMs = 61 * DAY_MS;
    const second = await hubFiles();
    expect(second.key).not.toBe(first.key);
    expect(new X509Certificate(second.certificate).validToDate.getTime()).toBeGreaterThan(
      clock.nowMs() + 80 * DAY_MS,
    );
  });

  it('says so when its files cannot be used', async () => {
    await open();
    await writeFile(join(folder.path, 'certificates', 'ca.key'), 'not a key');
    await expect(open()).rejects.toThrow('BERTH_CERTIFICATE_FILES');
  });
});
