/** What a recorded line says of a pod, as its kubelet would take it. Pure. */
import type { Labels } from '../../services/contract/objects.ts';
import type { WatchLine } from '../../services/ports/source/recording/watch-line.ts';

export interface RecordedPod {
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Labels;
  /** Null: not bound to a node, or not said. */
  readonly node: string | null;
  readonly hostNetwork: boolean;
  /** Once it is finished or deleted its sandbox goes. */
  readonly is: 'present' | 'finished' | 'deleted';
}

/** Null where the line speaks of something else, or is refused. */
export function recordedPod(line: WatchLine): RecordedPod | null {
  if (line.is === 'present' && line.object.kind === 'Pod') {
    const { namespace, pod } = line.object;
    const { uid, labels, node, hostNetwork, finished } = pod;
    return { namespace, uid, labels, node, hostNetwork, is: finished ? 'finished' : 'present' };
  }
  if (line.is === 'gone' && line.key.kind === 'Pod') {
    const { namespace, uid } = line.key;
    return { namespace, uid, labels: {}, node: null, hostNetwork: false, is: 'deleted' };
  }
  return null;
}
