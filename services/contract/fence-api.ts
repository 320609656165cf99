/**
 * What the hub says on its operator socket: `GET /api/fences/NODE` (what a fence would free) and
 * `POST /api/fences/NODE` (fence it; `?force=true` although it has a link). An error comes as
 * `{code, details}` of the error table.
 */
import type { NodeName, PodUid } from './identity.ts';
import type { FencedBy } from './records.ts';

export interface FencePreview {
  readonly node: NodeName;
  /** Its agent is linked to this hub right now: it lives, and may forward. */
  readonly linked: boolean;
  /** Who fenced it already; null: it is not. */
  readonly by: FencedBy | null;
  readonly blocks: readonly BlockOnNode[];
}

export interface BlockOnNode {
  readonly namespace: string;
  readonly pod: PodUid;
  readonly egressNat: string;
  readonly address: string;
  readonly base: number;
  /** Resting: its pod let go of it. In use: the pod is still bound there, and keeps it for now. */
  readonly state: 'in use' | 'resting';
}
