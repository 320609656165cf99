/**
 * State of `ns/<namespace>`: its pods and EgressNats, the addresses it holds (claims) and the
 * blocks that it handed out (berths) or that rest (releases).
 */
import type { BlockGeometry } from '../../contract/block.ts';
import type {
  AggregateKey,
  EgressNatName,
  NodeName,
  PodUid,
  PoolName,
  TargetName,
} from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { EgressNatFacts, Fencing, Labels, PodFacts } from '../../contract/objects.ts';
import type { ClaimId, FencedBy, ReleaseId } from '../../contract/records.ts';
import { emptyLedger, type LedgerState } from '../aggregate/ledger-state.ts';

export type NamespaceQuestion =
  | { readonly kind: 'berth'; readonly pod: PodUid; readonly egressNat: EgressNatName }
  | { readonly kind: 'release'; readonly pod: PodUid; readonly egressNat: EgressNatName }
  | { readonly kind: 'claim'; readonly egressNat: EgressNatName }
  | { readonly kind: 'update-claim'; readonly claim: ClaimId }
  | { readonly kind: 'return-claim'; readonly claim: ClaimId };

export interface EgressNatState {
  readonly facts: EgressNatFacts;
  /** From 1, in the order in which they were first observed here. */
  readonly order: number;
}

/** What the pools granted with a claim. */
export interface Grant {
  readonly address: IpAddress;
  readonly geometry: BlockGeometry;
  readonly quarantineSeconds: number;
  readonly fencing: Fencing;
}

/** What was last observed of a node's fences here. */
export interface Fence {
  /** Where the node's fence book has it; only a later one counts. */
  readonly number: number;
  /** Null: the node returned. */
  readonly by: FencedBy | null;
}

export interface Claim {
  readonly id: ClaimId;
  readonly egressNat: EgressNatName;
  readonly pool: PoolName;
  /** Namespace labels as the pools last heard them. */
  labels: Labels;
  /** From 1; grows when the targets or the labels change. */
  revision: number;
  /** Targets as the pools last heard them, with the revision at which each joined. */
  readonly targets: Map<TargetName, number>;
  /** Targets that confirmed the address; the revision that they confirmed. */
  readonly confirmed: Map<TargetName, { address: IpAddress; revision: number }>;
  /** Null until the pools' answer. */
  grant: Grant | null;
  /** The pool took the address away: no new blocks, running pods keep theirs. */
  withdrawn: boolean;
  /** Free blocks by base port, the one that rested longest first. */
  readonly free: Set<number>;
  /** Blocks in use or resting: base port to what holds it. */
  readonly used: Map<number, BlockHolder>;
}

export type BlockHolder =
  | { readonly kind: 'berth'; readonly pod: PodUid }
  | { readonly kind: 'release'; readonly release: ReleaseId };

export interface Berth {
  readonly pod: PodUid;
  readonly egressNat: EgressNatName;
  readonly claim: ClaimId;
  readonly base: number;
  readonly node: NodeName;
}

/** A block that was taken back and is not yet free again. */
export interface Release {
  readonly id: ReleaseId;
  readonly pod: PodUid;
  readonly egressNat: EgressNatName;
  readonly claim: ClaimId;
  readonly base: number;
  readonly node: NodeName;
  /** Append time of the decision. */
  readonly releasedAtMs: number;
  /** Where the decision stands: a node whose version covers it has let go of the block. */
  readonly position: { readonly partition: number; readonly offset: number };
  acked: boolean;
  /** The fence that counted in place of the ack. */
  fenced: FencedBy | null;
  ticked: boolean;
}

export interface PodState {
  readonly facts: PodFacts;
  /** Its berths, by EgressNat. */
  readonly berths: Map<EgressNatName, Berth>;
  /** Still in the cluster; a pod that is gone stays here until its berths are released. */
  readonly present: boolean;
}

export interface NamespaceState extends LedgerState<NamespaceQuestion> {
  readonly kind: 'namespace';
  labels: Labels;
  readonly pods: Map<PodUid, PodState>;
  readonly egressNats: Map<EgressNatName, EgressNatState>;
  egressNatsSeen: number;
  readonly claims: Map<ClaimId, Claim>;
  readonly releases: Map<ReleaseId, Release>;
  /** Nodes that were ever fenced here: what is late must be known as such for ever. */
  readonly fences: Map<NodeName, Fence>;
  /** Pods without a berth whose question is open, by EgressNat, in the order of arrival. */
  readonly waiting: Map<EgressNatName, Set<PodUid>>;
  /** Last block of a StatefulSet's pod, by `EGRESSNAT/POD`, to give it back where it is free. */
  readonly lastBlocks: Map<string, { readonly claim: ClaimId; readonly base: number }>;
}

export function emptyNamespace(key: AggregateKey): NamespaceState {
  return {
    ...emptyLedger<NamespaceQuestion>(key),
    kind: 'namespace',
    labels: {},
    pods: new Map(),
    egressNats: new Map(),
    egressNatsSeen: 0,
    claims: new Map(),
    releases: new Map(),
    fences: new Map(),
    waiting: new Map(),
    lastBlocks: new Map(),
  };
}
