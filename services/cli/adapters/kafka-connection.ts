/** How the command line names a Kafka: brokers, a folder of TLS files, a file with a login. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { berthError, describeError } from '../../contract/errors.ts';
import type { KafkaConnection } from '../../ports/kafka/cluster.ts';
import { parseConfig } from '../../runtime/config.ts';
import { TLS_FILE_NAMES } from '../../runtime/tls-files.ts';

export interface KafkaPlace {
  /** HOST:PORT, one at least. */
  readonly brokers: readonly string[];
  /** Folder; undefined: no TLS. */
  readonly tls?: string | undefined;
  /** File; undefined: no login. */
  readonly sasl?: string | undefined;
}

const login = z.strictObject({
  mechanism: z.enum(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN']).default('SCRAM-SHA-512'),
  username: z.string().min(1),
  password: z.string().min(1),
});

/** @throws BERTH_CONFIG_BAD, BERTH_CERTIFICATE_FILES */
export async function kafkaConnection({
  brokers,
  tls,
  sasl,
}: KafkaPlace): Promise<KafkaConnection> {
  return {
    brokers,
    ...(tls === undefined ? {} : { tls: await tlsIn(tls) }),
    ...(sasl === undefined ? {} : { sasl: parseConfig(login, await textOf(sasl)) }),
  };
}

/** Whom to believe, and, where the brokers ask for one, our own certificate with its key. */
async function tlsIn(folder: string): Promise<{ ca: string; cert?: string; key?: string }> {
  const ca = await textOf(join(folder, TLS_FILE_NAMES.ca));
  const own = await Promise.all(
    [TLS_FILE_NAMES.certificate, TLS_FILE_NAMES.key].map((name) =>
      readFile(join(folder, name), 'utf8').catch(() => null),
    ),
  );
  const [cert, key] = own;
  if (cert == null && key == null) return { ca };
  if (cert != null && key != null) return { ca, cert, key };
  const reason = 'a certificate and its key come together';
  throw berthError('BERTH_CERTIFICATE_FILES', { folder, reason });
}

/** @throws BERTH_CONFIG_BAD with the name of the file */
export async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw berthError('BERTH_CONFIG_BAD', { field: file, reason: describeError(error) }, error);
  }
}
