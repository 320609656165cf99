/**
 * When all is quiet, each `Webhook` target's server has in force what its target's aggregate wants,
 * under that revision, whatever was lost meanwhile; and the log says so.
 */
import { isInForce, wantedSet } from '../../../services/aggregates/target/wanted-set.ts';
import type { World } from '../../../services/aggregates/world.ts';
import type { History } from '../surroundings.ts';
import type { AclServers } from '../world/acl-servers.ts';

export function checkAclsInForce(world: World, servers: AclServers, history: History): void {
  for (const state of world.aggregates()) {
    const wanted = state.kind === 'target' ? wantedSet(state) : null;
    if (state.kind !== 'target' || wanted === null) continue;
    const { revision, addresses } = servers.at(wanted.driver.url).inForce();
    const is = `revision ${revision}: ${[...addresses].sort().join(', ')}`;
    const set = wanted.entries.map(({ address }) => address).sort();
    const shall = `revision ${wanted.revision}: ${set.join(', ')}`;
    if (is !== shall) history.broken('ACLs in force', `${state.key} has ${is}, not ${shall}`);
    if (!isInForce(state)) history.broken('ACLs in force', `the log knows not so of ${state.key}`);
  }
}
