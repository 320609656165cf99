/** Certificates of the agent link, as the built-in authority issues them, without its folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Authority,
  HUB_BEARER,
  makeAuthority,
  nodeBearer,
  openAuthority,
} from '../../services/credentials/authority.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { TLS_FILE_NAMES, type TlsFiles } from '../../services/runtime/tls-files.ts';

export interface TestAuthority extends Authority {
  hub(): Promise<TlsFiles>;
  node(name: string): Promise<TlsFiles>;
}

/** Another one each time. */
export async function testAuthority(): Promise<TestAuthority> {
  const components = { clock: systemClock(), random: systemRandom() };
  const authority = await openAuthority(await makeAuthority(components), components);
  return {
    ...authority,
    hub: () => authority.issue(HUB_BEARER, { days: 1 }),
    node: (name) => authority.issue(nodeBearer(name), { days: 1 }),
  };
}

/** As an agent or a hub reads them; answers the folder. */
export async function writeTlsFiles(folder: string, files: TlsFiles): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const part of ['ca', 'certificate', 'key'] as const) {
    await writeFile(join(folder, TLS_FILE_NAMES[part]), files[part]);
  }
  return folder;
}
