/**
 * `berth up`: the control process. One process owns the data folder and hosts every role on the
 * embedded adapters. It may be killed at any moment: what was acknowledged is in the log.
 */
import { openAuthorityFolder } from '../../credentials/authority-folder.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { type Random, systemRandom } from '../../runtime/random.ts';
import { readTlsFiles, type TlsFiles } from '../../runtime/tls-files.ts';
import { embeddedAdapters } from '../adapters/embedded.ts';
import { consoleRole } from '../roles/console-role.ts';
import { courierRole } from '../roles/courier-role.ts';
import { hostRoles } from '../roles/host-roles.ts';
import { hubRole } from '../roles/hub-role.ts';
import { janitorRole } from '../roles/janitor-role.ts';
import { mapperRole } from '../roles/mapper-role.ts';
import type { Role, RoleComponents } from '../roles/role.ts';
import { readRulings } from '../roles/rulings.ts';
import { watcherRole } from '../roles/watcher-role.ts';
import type { UpConfig } from './config.ts';

export async function up(
  config: UpConfig,
  { log }: { readonly log: Log },
  stop: AbortSignal,
): Promise<void> {
  const clock = systemClock();
  const random = systemRandom();
  const rulings = await readRulings(config.rulings);
  const adapters = await embeddedAdapters(config.data, { clock, random, log });
  const createRoles = (components: RoleComponents) => allRoles(config, components);
  const { metrics } = config;
  await hostRoles(
    { process: 'up', metrics, rulings, createRoles },
    { adapters, clock, random, log },
    stop,
  );
}

async function allRoles(
  config: UpConfig,
  components: RoleComponents,
): Promise<Readonly<Record<string, Role>>> {
  const { listen, operatorSocket, socket } = config;
  const certificate = await hubCertificate(config, components);
  const watcher = watcherRole(config, components);
  const mapper = mapperRole(components);
  const courier = await courierRole(config, components);
  const hub = await hubRole({ listen, operatorSocket, certificate }, components);
  const janitor = janitorRole(components);
  const console = await consoleRole({ socket }, components);
  return { watcher, mapper, courier, hub, janitor, console };
}

/** Given files, or what the built-in authority issues. */
async function hubCertificate(
  { certificates, data }: UpConfig,
  components: { readonly clock: Clock; readonly random: Random },
): Promise<() => Promise<TlsFiles>> {
  if (certificates !== null) return () => readTlsFiles(certificates);
  return (await openAuthorityFolder(data, components)).hubFiles;
}
