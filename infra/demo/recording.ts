/**
 * A recording as the player needs it: its lines in one order with the time of each, and which
 * nodes, namespaces and policies it speaks of. Read as a whole, once; what a line says beyond that
 * is the control process's matter, malformed lines included.
 */
import { recordingLines } from '../../services/ports/source/recording-time.ts';

export interface RecordedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string | null;
  /** Succeeded, Failed, or deleted: its sandbox goes. */
  readonly ended: boolean;
  readonly deleted: boolean;
  readonly hostNetwork: boolean;
}

export interface RecordedLine {
  readonly text: string;
  /** Since the first line, in recorded time. */
  readonly atMs: number;
  /** What it says of a pod; null where it speaks of something else, or cannot be understood. */
  readonly pod: RecordedPod | null;
}

export interface ReadRecording {
  readonly lines: readonly RecordedLine[];
  readonly nodes: readonly string[];
  readonly namespacesWithPods: readonly string[];
  readonly hasPolicies: boolean;
  readonly durationMs: number;
}

const POLICY_KINDS = ['NatPool', 'EgressNat', 'AclTarget'];

export async function readRecording(path: string): Promise<ReadRecording> {
  const lines: RecordedLine[] = [];
  const nodes = new Set<string>();
  const namespaces = new Set<string>();
  let hasPolicies = false;
  for await (const { text, atMs } of recordingLines(path)) {
    const event = parse(text);
    const pod = event === null ? null : podOf(event);
    lines.push({ text, atMs, pod });
    if (pod !== null) namespaces.add(pod.namespace);
    if (pod?.node != null) nodes.add(pod.node);
    if (event?.object?.kind === 'Node') nodes.add(event.object.metadata?.name ?? '');
    if (POLICY_KINDS.includes(event?.object?.kind ?? '')) hasPolicies = true;
  }
  nodes.delete('');
  return {
    lines,
    nodes: [...nodes].sort(),
    namespacesWithPods: [...namespaces].sort(),
    hasPolicies,
    durationMs: lines.at(-1)?.atMs ?? 0,
  };
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: {
    readonly kind?: string;
    readonly metadata?: {
      readonly namespace?: string;
      readonly name?: string;
      readonly uid?: string;
    };
    readonly spec?: { readonly nodeName?: string; readonly hostNetwork?: boolean };
    readonly status?: { readonly phase?: string };
  };
}

function parse(text: string): WatchEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function podOf({ type, object }: WatchEvent): RecordedPod | null {
  const { namespace, name, uid } = object?.metadata ?? {};
  if (object?.kind !== 'Pod' || type === 'BOOKMARK' || type === 'ERROR') return null;
  if (namespace === undefined || name === undefined || uid === undefined) return null;
  const phase = object.status?.phase;
  const deleted = type === 'DELETED';
  return {
    namespace,
    name,
    uid,
    node: object.spec?.nodeName ?? null,
    ended: deleted || phase === 'Succeeded' || phase === 'Failed',
    deleted,
    hostNetwork: object.spec?.hostNetwork === true,
  };
}
