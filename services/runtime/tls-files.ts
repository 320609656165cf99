/**
 * A process's certificate as a folder, with the names that a Kubernetes secret of type TLS has:
 * ca.crt (whom to believe, one or more), tls.crt (its own, with what leads to the CA), tls.key.
 * Read whole and only where they fit together, so that files which are being replaced are never
 * taken by halves: the reader keeps what it has and looks again.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { berthError, describeError } from '../contract/errors.ts';

/** All PEM. */
export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export const TLS_FILE_NAMES = { ca: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;

/** @throws BERTH_CERTIFICATE_FILES */
export async function readTlsFiles(folder: string): Promise<TlsFiles> {
  try {
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const [ca, certificate, key] = await Promise.all([
      read(TLS_FILE_NAMES.ca),
      read(TLS_FILE_NAMES.certificate),
      read(TLS_FILE_NAMES.key),
    ]);
    new X509Certificate(ca);
    const fits = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    if (!fits) throw new Error(`${TLS_FILE_NAMES.key} is not the key of the certificate`);
    return { ca, certificate, key };
  } catch (error) {
    throw berthError('BERTH_CERTIFICATE_FILES', { folder, reason: describeError(error) }, error);
  }
}

export function sameTlsFiles(a: TlsFiles, b: TlsFiles): boolean {
  return a.ca === b.ca && a.certificate === b.certificate && a.key === b.key;
}
