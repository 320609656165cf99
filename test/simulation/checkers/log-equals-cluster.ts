/** Where the folded log does not say what the cluster says, in words; none when all is well. */
import type { World } from '../../../services/aggregates/world.ts';
import { canonicalJson } from '../../../services/contract/canonical.ts';
import { aggregateName } from '../../../services/contract/identity.ts';
import { keyOf, keyText } from '../../../services/ports/source/object-key.ts';
import type { SourceObject } from '../../../services/ports/source/port.ts';
import type { Cluster } from '../world/cluster.ts';

export function differencesFromCluster(world: World, cluster: Cluster): string[] {
  const inLog = factsInLog(world);
  const inCluster = new Map(
    cluster
      .objects()
      .filter(({ kind }) => kind !== 'Node')
      .map((object) => [keyText(keyOf(object)), factsOf(object)]),
  );
  // A namespace without labels is one that was never seen.
  for (const facts of [inLog, inCluster]) {
    for (const [key, text] of facts) {
      if (key.startsWith('Namespace ') && text === '{}') facts.delete(key);
    }
  }
  return [...new Set([...inLog.keys(), ...inCluster.keys()])]
    .filter((key) => inLog.get(key) !== inCluster.get(key))
    .map((key) => `${key}: ${inLog.get(key) ?? 'absent'}, not ${inCluster.get(key) ?? 'absent'}`);
}

function factsOf(object: SourceObject): string {
  switch (object.kind) {
    case 'Pod':
      return canonicalJson(object.pod);
    case 'Namespace':
      return canonicalJson(object.facts.labels);
    case 'NatPool':
    case 'AclTarget':
      return canonicalJson(object.facts.spec);
    case 'EgressNat':
    case 'Node':
      return canonicalJson(object.facts);
  }
}

function factsInLog(world: World): Map<string, string> {
  const facts = new Map<string, string>();
  for (const state of world.aggregates()) {
    const name = aggregateName(state.key);
    switch (state.kind) {
      case 'namespace':
        facts.set(`Namespace ${name}`, canonicalJson(state.labels));
        for (const [uid, pod] of state.pods) {
          if (pod.present) facts.set(`Pod ${name}/${uid}`, canonicalJson(pod.facts));
        }
        for (const [nat, { facts: said }] of state.egressNats) {
          facts.set(`EgressNat ${name}/${nat}`, canonicalJson(said));
        }
        break;
      case 'pools':
        for (const [pool, { spec, gone }] of state.pools) {
          if (!gone) facts.set(`NatPool ${pool}`, canonicalJson(spec));
        }
        break;
      case 'target':
        if (state.spec !== null) facts.set(`AclTarget ${name}`, canonicalJson(state.spec));
    }
  }
  return facts;
}
