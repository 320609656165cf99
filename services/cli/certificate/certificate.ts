/**
 * `berth certificate NAME...`: what agents show a hub, or, with `--hub`, hubs an agent, issued by
 * the built-in authority of a data folder, whether `berth up` runs on it or not yet. One folder a
 * name, as `--certificates` wants it; a certificate that is there is replaced.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nodeUri } from '../../contract/link-names.ts';
import { HUB_BEARER, nodeBearer } from '../../credentials/authority.ts';
import { openAuthorityFolder } from '../../credentials/authority-folder.ts';
import type { Clock } from '../../runtime/clock.ts';
import { parseConfig } from '../../runtime/config.ts';
import { replaceFile } from '../../runtime/durable-file.ts';
import type { Random } from '../../runtime/random.ts';
import { TLS_FILE_NAMES } from '../../runtime/tls-files.ts';

const DAYS_MAX = 3650;
const FOLDER_MODE = 0o700;

const schema = z.strictObject({
  data: z.string().min(1),
  out: z.string().min(1),
  days: z.coerce.number().int().min(1).max(DAYS_MAX).default(365),
  hub: z.boolean().default(false),
});

export const CERTIFICATE_OPTIONS = [
  ['--data <dir>', 'data folder of `berth up`; its authority is made when it is not there'],
  ['--out <dir>', 'where the folders go, one a name'],
  ['--days <n>', 'how long they are valid (365)'],
  ['--hub', 'the names are those of hubs: any hub may serve any node'],
] as const;

/** @throws BERTH_CONFIG_BAD, BERTH_CERTIFICATE_FILES */
export async function certificate(
  names: readonly string[],
  given: unknown,
  components: { readonly clock: Clock; readonly random: Random },
): Promise<void> {
  const { data, out, days, hub } = parseConfig(schema, JSON.stringify(given));
  for (const name of names) nodeUri(name);
  await mkdir(data, { recursive: true });
  const { authority } = await openAuthorityFolder(data, components);
  for (const name of names) {
    const folder = join(out, name);
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const files = await authority.issue(hub ? HUB_BEARER : nodeBearer(name), { days });
    for (const part of ['ca', 'certificate', 'key'] as const) {
      await replaceFile(join(folder, TLS_FILE_NAMES[part]), files[part]);
    }
  }
}
