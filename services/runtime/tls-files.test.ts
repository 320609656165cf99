/** Which folders are taken for a certificate. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority, writeTlsFiles } from '../../test/hub/test-certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { readTlsFiles, sameTlsFiles, type TlsFiles } from './tls-files.ts';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

const write = (files: TlsFiles) => writeTlsFiles(folder.path, files);

describe('a folder with a certificate', () => {
  it('is read as it is', async () => {
    const files = await (await testAuthority()).node('n1');
    await write(files);
    expect(sameTlsFiles(await readTlsFiles(folder.path), files)).toBe(true);
  });

  it('is not taken by halves: a key must fit its certificate', async () => {
    const ca = await testAuthority();
    await write({ ...(await ca.node('n1')), key: (await ca.node('n1')).key });
    await expect(readTlsFiles(folder.path)).rejects.toThrow('BERTH_CERTIFICATE_FILES');
  });

  it.each(['ca', 'certificate', 'key'] as const)('needs a %s that is one', async (field) => {
    await write({ ...(await (await testAuthority()).node('n1')), [field]: 'nonsense' });
    await expect(readTlsFiles(folder.path)).rejects.toThrow('BERTH_CERTIFICATE_FILES');
  });

  it('that is not there is named', async () => {
    await expect(readTlsFiles('/nowhere')).rejects.toThrow('/nowhere');
  });
});
