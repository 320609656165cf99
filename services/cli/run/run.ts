/**
 * `berth run ROLE...`: some roles as a process of their own, on the distributed adapters. Any
 * number of such processes make one installation; each may be killed at any moment, and each stops
 * in order on SIGTERM, so that others take over at once what it had.
 */
import { hostname } from 'node:os';
import { brokerTopic } from '../../contract/topics.ts';
import { ticksFunction } from '../../mapper/ticks.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { DrivenInit } from '../../runtime/events/driven-functions.ts';
import type { Log } from '../../runtime/log.ts';
import { systemRandom } from '../../runtime/random.ts';
import { readTlsFiles } from '../../runtime/tls-files.ts';
import { distributedAdapters } from '../adapters/distributed.ts';
import { consoleRole } from '../roles/console-role.ts';
import { courierRole } from '../roles/courier-role.ts';
import { hostRoles } from '../roles/host-roles.ts';
import { hubRole } from '../roles/hub-role.ts';
import { janitorRole } from '../roles/janitor-role.ts';
import { mapperRole } from '../roles/mapper-role.ts';
import type { Role, RoleComponents } from '../roles/role.ts';
import { readRulings } from '../roles/rulings.ts';
import { watcherRole } from '../roles/watcher-role.ts';
import type { RoleName, RunConfig } from './config.ts';

export async function run(
  config: RunConfig,
  { log }: { readonly log: Log },
  stop: AbortSignal,
): Promise<void> {
  const clock = systemClock();
  const random = systemRandom();
  const rulings = await readRulings(config.rulings ?? null);
  const adapters = await distributedAdapters(config, { clock, random, log });
  const init = {
    process: config.name ?? `${config.roles.join('+')}-${hostname()}-${process.pid}`,
    metrics: config.metrics ?? null,
    rulings,
    ...(config.trigger === undefined ? {} : { events: eventsOf(config, config.trigger) }),
    createRoles: (components: RoleComponents) => createRoles(config, components),
  };
  await hostRoles(init, { adapters, clock, random, log }, stop);
}

/** The broker's topics have the prefix of the installation. */
function eventsOf({ prefix }: RunConfig, trigger: string): DrivenInit {
  const listen = trigger.slice(trigger.indexOf('=') + 1);
  return { listen, brokerTopic: (topic) => brokerTopic(prefix, topic) };
}

async function createRoles(
  config: RunConfig,
  components: RoleComponents,
): Promise<Readonly<Record<string, Role>>> {
  const roles: Record<string, Role> = {};
  for (const name of config.roles) roles[name] = await CREATE[name](config, components);
  return roles;
}

/** What a role cannot do without is there: `parseRunConfig` has seen to it. */
const CREATE: Readonly<
  Record<RoleName, (config: RunConfig, components: RoleComponents) => Role | Promise<Role>>
> = {
  watcher: ({ manifests, recording = '' }, components) => {
    const manifestsOr = manifests === undefined ? 'recording' : 'manifests';
    const source = { kind: manifestsOr, path: manifests ?? recording } as const;
    return watcherRole({ source }, components);
  },
  mapper: (_, components) => mapperRole(components),
  courier: async ({ secrets = null, roles }, components) => {
    const role = await courierRole({ secrets }, components);
    // It always runs: so Ticks come, and are something to do, where every mapper is scaled away.
    const ticks = roles.includes('mapper') ? [] : [ticksFunction(components.eventLog)];
    return { ...role, functions: [...role.functions, ...ticks] };
  },
  hub: ({ listen = '', certificates = '', operatorSocket }, components) =>
    hubRole(
      {
        listen,
        certificate: () => readTlsFiles(certificates),
        ...(operatorSocket === undefined ? {} : { operatorSocket }),
      },
      components,
    ),
  janitor: (_, components) => janitorRole(components),
  console: ({ socket = '' }, components) => consoleRole({ socket }, components),
};
