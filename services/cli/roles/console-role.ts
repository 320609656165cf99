/** The console as a role: the installation as people are shown it, on a unix socket. */
import { type ConsoleInit, consoleFunctions } from '../../console/console.ts';
import { TOPICS } from '../../contract/topics.ts';
import { MAPPER_GROUP } from '../../mapper/mapper.ts';
import { lagReader } from '../../runtime/consumer-lag.ts';
import { exposeGroupLag } from './lag-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

/** Those that may be scaled to nothing: somebody must see that there is something to do. */
const GROUPS = [{ group: MAPPER_GROUP, topic: TOPICS.events.name }];

export async function consoleRole(
  { socket }: Pick<ConsoleInit, 'socket'>,
  components: RoleComponents,
): Promise<Role> {
  const { eventLog, metrics } = components;
  exposeGroupLag(metrics, GROUPS, { eventLog, lagOf: lagReader(components) });
  return { functions: await consoleFunctions({ socket, own: components.board }, components) };
}
