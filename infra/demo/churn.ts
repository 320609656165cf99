/**
 * The demo's churn as a plan, made before anything runs: which pods start, and which is replaced
 * when. Pure: the same seed gives the same plan, down to the pods' names.
 */
import type { SeededRandom } from './seeded-random.ts';

export interface PlannedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type ChurnStep =
  | { readonly do: 'create'; readonly pod: PlannedPod }
  | { readonly do: 'delete'; readonly pod: PlannedPod };

export interface ChurnPlan {
  /** All started at once. */
  readonly first: readonly PlannedPod[];
  /** One after the other; each either lets a pod go or brings one. */
  readonly steps: readonly ChurnStep[];
}

export interface ChurnInit {
  /** What uids begin with: as from an API server, none comes twice. */
  readonly run: string;
  readonly nodes: readonly string[];
  readonly apps: readonly { readonly namespace: string; readonly app: string }[];
  /** Pods at a time. */
  readonly pods: number;
  readonly replacements: number;
}

export function planChurn(init: ChurnInit, random: SeededRandom): ChurnPlan {
  let made = 0;
  function nextPod(): PlannedPod {
    const { namespace, app } = init.apps[made % init.apps.length] ?? { namespace: '', app: '' };
    const node = init.nodes[random.below(init.nodes.length)] ?? '';
    made += 1;
    const name = `${app}-${random.suffix(5)}`;
    return { namespace, name, uid: `${init.run}-${made}`, node, labels: { app } };
  }

  const live = Array.from({ length: init.pods }, nextPod);
  const first = [...live];
  const steps: ChurnStep[] = [];
  for (let i = 0; i < init.replacements; i++) {
    const [gone] = live.splice(random.below(live.length), 1);
    if (gone !== undefined) steps.push({ do: 'delete', pod: gone });
    const pod = nextPod();
    live.push(pod);
    steps.push({ do: 'create', pod });
  }
  return { first, steps };
}
