/**
 * Who may come in at the guarded listeners: a certificate authority of this Kafka's own, the
 * brokers' certificate, one for clients (a folder as `--kafka-tls` takes it), and one user with a
 * password, made when the data folder is formatted.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bearer, makeAuthority, openAuthority } from '../../services/credentials/authority.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { TLS_FILE_NAMES } from '../../services/runtime/tls-files.ts';
import { GUARD_FILES, GUARDED_HOST } from './settings.ts';

const DAYS = 2;
const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

export interface Guard {
  /** Of the brokers. */
  readonly folder: string;
  /** Of clients: ca.crt, tls.crt, tls.key. */
  readonly tlsFolder: string;
  readonly user: string;
  readonly password: string;
}

export async function makeGuard(parent: string): Promise<Guard> {
  const components = { clock: systemClock(), random: systemRandom() };
  const authority = await openAuthority(await makeAuthority(components), components);
  const issue = (purpose: Bearer['purpose'], name: string) => {
    const alternativeName = { type: 'dns', value: name } as const;
    return authority.issue({ commonName: name, alternativeName, purpose }, { days: DAYS });
  };
  const [broker, client] = [await issue('server', GUARDED_HOST), await issue('client', 'berth')];
  const folder = join(parent, 'guard');
  const tlsFolder = join(parent, 'client');
  await mkdir(folder);
  await mkdir(tlsFolder);
  await Promise.all([
    writeFile(join(folder, GUARD_FILES.keys), `${broker.key}${broker.certificate}`),
    writeFile(join(folder, GUARD_FILES.trusted), authority.certificate),
    writeFile(join(tlsFolder, TLS_FILE_NAMES.ca), client.ca),
    writeFile(join(tlsFolder, TLS_FILE_NAMES.certificate), client.certificate),
    writeFile(join(tlsFolder, TLS_FILE_NAMES.key), client.key),
  ]);
  return { folder, tlsFolder, user: 'berth', password: randomUUID() };
}

/** For StorageTool. */
export function scramArgs({ user, password }: Guard): readonly string[] {
  return MECHANISMS.flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user},password=${password}]`,
  ]);
}
