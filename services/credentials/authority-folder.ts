/**
 * The built-in authority, in the folder `certificates` of a data folder: its certificate, its key,
 * and the hub's certificate with its key. Whoever comes first makes it (`berth up`, or `berth
 * certificate` before it): as a whole or not at all, so that two at once end with the same one.
 * Private files are their owner's alone.
 */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { berthError, describeError } from '../contract/errors.ts';
import { replaceFile } from '../runtime/durable-file.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';
import {
  type Authority,
  type AuthorityComponents,
  type AuthorityKeys,
  HUB_BEARER,
  makeAuthority,
  openAuthority,
} from './authority.ts';

export interface AuthorityFolder {
  readonly authority: Authority;
  /** The hub's, renewed when a third of its time is left. */
  hubFiles(): Promise<TlsFiles>;
}

const FOLDER = 'certificates';
const HUB_FILE = 'hub.pem';
const HUB_DAYS = 90;
/** The hub's last third begins. */
const RENEW_BEFORE_MS = (HUB_DAYS / 3) * 24 * 60 * 60_000;
const FOLDER_MODE = 0o700;
const PEM_KEY = '-----BEGIN PRIVATE KEY-----';

/** @throws BERTH_CERTIFICATE_FILES */
export async function openAuthorityFolder(
  dataDir: string,
  components: AuthorityComponents,
): Promise<AuthorityFolder> {
  const folder = join(dataDir, FOLDER);
  try {
    const keys = (await readKeys(folder)) ?? (await makeFolder(dataDir, components));
    const authority = await openAuthority(keys, components);
    return { authority, hubFiles: () => hubFiles(join(folder, HUB_FILE), authority, components) };
  } catch (error) {
    throw berthError('BERTH_CERTIFICATE_FILES', { folder, reason: describeError(error) }, error);
  }
}

async function readKeys(folder: string): Promise<AuthorityKeys | null> {
  const certificate = await readIfThere(join(folder, 'ca.crt'));
  if (certificate === null) return null;
  return { certificate, key: await readFile(join(folder, 'ca.key'), 'utf8') };
}

async function makeFolder(
  dataDir: string,
  components: AuthorityComponents,
): Promise<AuthorityKeys> {
  const folder = join(dataDir, FOLDER);
  const mine = `${folder}.${components.random.id()}`;
  await mkdir(mine, { recursive: true, mode: FOLDER_MODE });
  const made = await makeAuthority(components);
  await replaceFile(join(mine, 'ca.crt'), made.certificate);
  await replaceFile(join(mine, 'ca.key'), made.key);
  try {
    await rename(mine, folder);
    return made;
  } catch (error) {
    await rm(mine, { recursive: true });
    const others = await readKeys(folder);
    if (others === null) throw error;
    return others;
  }
}

/** Certificate and key in one file: they are replaced together. */
async function hubFiles(
  path: string,
  authority: Authority,
  { clock }: AuthorityComponents,
): Promise<TlsFiles> {
  const stored = await readIfThere(path);
  if (stored !== null) {
    const { validToDate } = new X509Certificate(stored);
    if (validToDate.getTime() - clock.nowMs() > RENEW_BEFORE_MS) return parts(stored, authority);
  }
  const issued = await authority.issue(HUB_BEARER, { days: HUB_DAYS });
  const text = `${issued.certificate}${issued.key}`;
  await replaceFile(path, text);
  return parts(text, authority);
}

function parts(text: string, { certificate: ca }: Authority): TlsFiles {
  const at = text.indexOf(PEM_KEY);
  return { ca, certificate: text.slice(0, at), key: text.slice(at) };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
