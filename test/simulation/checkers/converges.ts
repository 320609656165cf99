/**
 * When all is quiet: the log says what the cluster says, no question is open that could be
 * answered, nothing is on its way, nothing rests for ever, aggregates agree about claims and
 * entries, and everybody who folds the log has come to the same bytes.
 */
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';
import type { World } from '../../../services/aggregates/world.ts';
import { canonicalJson } from '../../../services/contract/canonical.ts';
import { createMapperCore } from '../../../services/mapper/mapper-core.ts';
import type { History } from '../surroundings.ts';
import type { Cluster } from '../world/cluster.ts';
import { differencesFromCluster } from './log-equals-cluster.ts';
import { freeBlocks, openQuestions } from './open-questions.ts';

const RULE = 'converges when quiet';

export function checkConverged(world: World, cluster: Cluster, history: History): void {
  const broken = (what: string): void => history.broken(RULE, what);
  for (const change of differencesFromCluster(world, cluster)) broken(change);
  const open = createMapperCore(world).next();
  if (open.length > 0) broken(`a mapper would still say ${canonicalJson(open[0])}`);
  for (const state of world.aggregates()) {
    if (state.kind !== 'namespace') continue;
    for (const { id, node, acked, ticked } of state.releases.values()) {
      broken(`release ${id} on ${node} still rests: acked ${acked}, ticked ${ticked}`);
    }
    for (const [node, { by }] of state.fences) {
      if (by !== null) broken(`${state.key} still has ${node} fenced by ${by}`);
    }
    checkWaiting(state, broken);
  }
  for (const [node, { by, suspect }] of world.fences.nodes) {
    if (by !== null || suspect !== null) broken(`${node} is still fenced: ${by}, ${suspect}`);
  }
  checkClaims(world, broken);
}

function checkWaiting(state: NamespaceState, broken: (what: string) => void): void {
  for (const [pod, egressNat] of openQuestions(state)) {
    const free = freeBlocks(state, egressNat);
    if (free.length > 0) broken(`${pod} waits for ${egressNat}, though ${free[0]} is free`);
  }
}

function checkClaims(world: World, broken: (what: string) => void): void {
  const held = new Set<string>();
  for (const state of world.aggregates()) {
    if (state.kind === 'namespace') for (const id of state.claims.keys()) held.add(id);
  }
  for (const [id, claim] of world.pools.claims) {
    if (!held.has(id)) broken(`the pools keep claim ${id}, which nobody holds`);
    if (claim.dropping.size > 0) broken(`claim ${id} waits for a target to drop it`);
    for (const target of claim.told.keys()) {
      if (world.target(target)?.entries.has(id) !== true) broken(`${target} lacks entry ${id}`);
    }
  }
  for (const id of held) if (!world.pools.claims.has(id)) broken(`the pools forgot claim ${id}`);
  for (const [address, id] of world.pools.holders) {
    if (!held.has(id)) broken(`${address} is held by ${id}, which nobody has`);
  }
  for (const state of world.aggregates()) {
    if (state.kind !== 'target') continue;
    for (const id of state.entries.keys()) {
      if (world.pools.claims.get(id)?.told.has(state.key.slice('target/'.length)) !== true) {
        broken(`${state.key} has entry ${id}, which nobody wants`);
      }
    }
  }
}
