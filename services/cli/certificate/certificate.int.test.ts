/** `berth certificate` as it is called, beside a data folder that was used before, or was not. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { nodeOfCertificate } from '../../contract/link-names.ts';
import { openAuthorityFolder } from '../../credentials/authority-folder.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { readTlsFiles } from '../../runtime/tls-files.ts';

const CLI = join(import.meta.dirname, '../main.ts');

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

/** Exit code and what it said. */
function certificate(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const { path } = folder;
  const all = [
    CLI,
    'certificate',
    ...args,
    '--data',
    join(path, 'data'),
    '--out',
    join(path, 'out'),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stderr });
    });
  });
}

describe('berth certificate', () => {
  it('writes each node a folder that an agent can use, for its owner alone', async () => {
    expect(await certificate('n1', 'n2', '--days', '30')).toMatchObject({ code: 0 });
    const components = { clock: systemClock(), random: systemRandom() };
    const { authority } = await openAuthorityFolder(join(folder.path, 'data'), components);
    for (const node of ['n1', 'n2']) {
      const dir = join(folder.path, 'out', node);
      const files = await readTlsFiles(dir);
      const issued = new X509Certificate(files.certificate);
      expect(files.ca).toBe(authority.certificate);
      expect(nodeOfCertificate(issued.subjectAltName)).toBe(node);
      expect(issued.validToDate.getTime()).toBeLessThan(Date.now() + 30 * 86_400_000);
      for (const name of await readdir(dir)) {
        expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
      }
    }
  });

  it('writes each hub a certificate of its own, of the same authority', async () => {
    expect(await certificate('hub-a', 'hub-b', '--hub')).toMatchObject({ code: 0 });
    const [a, b] = await Promise.all(
      ['hub-a', 'hub-b'].map((hub) => readTlsFiles(join(folder.path, 'out', hub))),
    );
    for (const files of [a, b]) {
      const issued = new X509Certificate(files?.certificate ?? '');
      expect(issued.subjectAltName).toBe('DNS:berth-hub');
      expect(nodeOfCertificate(issued.subjectAltName)).toBe(null);
    }
    expect(a?.ca).toBe(b?.ca);
    expect(a?.key).not.toBe(b?.key);
  });

  it('replaces what is there', async () => {
    await certificate('n1');
    const dir = join(folder.path, 'out', 'n1');
    const before = await readTlsFiles(dir);
    expect(await certificate('n1')).toMatchObject({ code: 0 });
    const after = await readTlsFiles(dir);
    expect(after.key).not.toBe(before.key);
    expect(after.ca).toBe(before.ca);
  });

  it.each([['../n1'], ['N1'], ['n1,n2']])(
    'writes nothing for %s, which is no node',
    async (name) => {
      const { code, said } = await certificate('n1', name);
      expect([code, said]).toEqual([2, expect.stringContaining('BERTH_CONFIG_BAD')]);
      expect(await readdir(folder.path)).toEqual([]);
    },
  );
});
