/** Which targets a recorded pod's EgressNats cover while the stream is played. Pure. */
import { selects } from '../../services/contract/label-selector.ts';
import type { EgressNatFacts } from '../../services/contract/objects.ts';
import type { WatchLine } from '../../services/ports/source/recording/watch-line.ts';
import type { RecordedPod } from './recorded-pod.ts';

export interface CoveringPolicies {
  take(line: WatchLine): void;
  /** Names of targets. */
  covering(pod: RecordedPod): readonly string[];
}

export function createCoveringPolicies(): CoveringPolicies {
  const inForce = new Map<string, { namespace: string; facts: EgressNatFacts }>();
  return {
    take: (line) => {
      if (line.is === 'present' && line.object.kind === 'EgressNat') {
        const { namespace, facts } = line.object;
        inForce.set(`${namespace}/${facts.name}`, { namespace, facts });
      }
      if (line.is === 'gone' && line.key.kind === 'EgressNat') {
        inForce.delete(`${line.key.namespace}/${line.key.name}`);
      }
    },
    covering: ({ namespace, labels }) =>
      [...inForce.values()]
        .filter((one) => one.namespace === namespace && selects(one.facts.spec.podSelector, labels))
        .flatMap(({ facts }) => facts.spec.targets),
  };
}
