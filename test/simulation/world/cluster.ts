/**
 * The outside world: the objects that there are, and every change in order. What is true here is
 * what Berth shall come to believe.
 */
import type { NamespaceName, NodeName, PodUid } from '../../../services/contract/identity.ts';
import type { PodFacts } from '../../../services/contract/objects.ts';
import { keyOf, keyText } from '../../../services/ports/source/object-key.ts';
import type { SourceKey, SourceObject } from '../../../services/ports/source/port.ts';

export type ClusterChange =
  | { readonly type: 'present'; readonly object: SourceObject }
  | { readonly type: 'gone'; readonly key: SourceKey };

export interface ClusterPod {
  readonly namespace: NamespaceName;
  readonly pod: PodFacts;
}

export interface Cluster {
  put(object: SourceObject): void;
  /** False where there is no such object. */
  remove(key: SourceKey): boolean;
  get(key: SourceKey): SourceObject | undefined;
  objects(): readonly SourceObject[];
  pods(): readonly ClusterPod[];
  pod(uid: PodUid): ClusterPod | undefined;
  readonly changes: readonly ClusterChange[];
  /** Called after each change. */
  watch(look: () => void): () => void;
}

export function createCluster(tell: (what: string) => void): Cluster {
  const objects = new Map<string, SourceObject>();
  const changes: ClusterChange[] = [];
  const watchers = new Set<() => void>();

  function changed(change: ClusterChange): void {
    changes.push(change);
    tell(textOf(change));
    for (const look of [...watchers]) look();
  }

  const pods = (): ClusterPod[] =>
    [...objects.values()].flatMap((object) =>
      object.kind === 'Pod' ? [{ namespace: object.namespace, pod: object.pod }] : [],
    );

  return {
    put(object) {
      objects.set(keyText(keyOf(object)), object);
      changed({ type: 'present', object });
    },
    remove(key) {
      if (!objects.delete(keyText(key))) return false;
      changed({ type: 'gone', key });
      return true;
    },
    get: (key) => objects.get(keyText(key)),
    objects: () => [...objects.values()],
    pods,
    pod: (uid) => pods().find(({ pod }) => pod.uid === uid),
    changes,
    watch(look) {
      watchers.add(look);
      return () => {
        watchers.delete(look);
      };
    },
  };
}

export function isOn(pod: PodFacts, node: NodeName): boolean {
  return pod.node === node && !pod.finished && !pod.hostNetwork;
}

function textOf(change: ClusterChange): string {
  if (change.type === 'gone') return `gone: ${keyText(change.key)}`;
  const { object } = change;
  const facts = object.kind === 'Pod' ? object.pod : object.facts;
  return `present: ${keyText(keyOf(object))} ${JSON.stringify(facts)}`;
}
