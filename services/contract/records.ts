/**
 * The records of `berth.events`: observations (what the outside world says), decisions (what Berth
 * decided in answer to questions), forwards and receipts (messages between aggregates), Ticks and
 * Rules. Field names are frozen with the type; a change makes a new type.
 *
 * An id is the hash of what the record says, never of where or when it was stored. An observation
 * holds its source and its number there, so that one append repeated keeps its id and one fact
 * seen twice has two.
 */

import type { BlockGeometry } from './block.ts';
import { type Hash, hashOf } from './canonical.ts';
import type {
  AggregateKey,
  EgressNatName,
  NodeName,
  PodUid,
  PoolName,
  TargetName,
} from './identity.ts';
import type { IpAddress } from './ip-address.ts';
import type { Forward, Message } from './messages.ts';
import type {
  AclTargetSpec,
  EgressNatFacts,
  Fencing,
  Labels,
  NatPoolSpec,
  PodFacts,
} from './objects.ts';
import type { Version } from './version.ts';

export type RecordId = Hash;
/** `<id of the record that opened it>/<what it is about>`. */
export type QuestionId = string & { readonly __brand?: 'QuestionId' };
/** The question that asked for the address; so every claim ever made has its own id. */
export type ClaimId = QuestionId;
/** The question that asked for the release; so every release ever made has its own id. */
export type ReleaseId = QuestionId;

/** Where an observation comes from and its number there. */
export interface ObservationSource {
  /** A watcher's term, `hub/NODE`, `fence/NODE`, `ticks`, or `acl/TARGET`. */
  readonly by: string;
  readonly number: number;
}

export type Observation =
  | { readonly type: 'WatchStarted'; readonly term: string }
  | { readonly type: 'NamespaceObserved'; readonly labels: Labels }
  | { readonly type: 'NamespaceGone' }
  | { readonly type: 'PodObserved'; readonly pod: PodFacts }
  | { readonly type: 'PodGone'; readonly uid: PodUid }
  | { readonly type: 'EgressNatObserved'; readonly egressNat: EgressNatFacts }
  | { readonly type: 'EgressNatGone'; readonly name: EgressNatName }
  | { readonly type: 'PoolObserved'; readonly name: PoolName; readonly spec: NatPoolSpec }
  | { readonly type: 'PoolGone'; readonly name: PoolName }
  | { readonly type: 'TargetObserved'; readonly spec: AclTargetSpec }
  | { readonly type: 'TargetGone' };

/** By the hub: the node's kernel, read back, is at or after the release. */
export interface ReleaseAcked {
  readonly type: 'ReleaseAcked';
  readonly release: ReleaseId;
  readonly node: NodeName;
  readonly version: Version;
}

/** Who says that a node forwards nothing any more: a taint, an operator, or its absence. */
export type FencedBy = Suspicion | 'Operator';
/** What the API says of a node that is gone. */
export type Suspicion = 'Taint' | 'Deleted';

/**
 * By a hub, in the fence book (the aggregate `fences`): a node is suspected, fenced, or back. One
 * that is suspected for as long as it takes, with no other entry meanwhile, is fenced.
 */
export interface FenceBooked {
  readonly type: 'FenceBooked';
  readonly node: NodeName;
  /** Null: not fenced. */
  readonly by: FencedBy | null;
  /** Who says that it is gone; null: its link came up, or nobody does. */
  readonly suspect: FencedBy | null;
  /** It is here although it has the taint, which counts again only after it was taken away. */
  readonly taintSpent: boolean;
  /** The node's entry that this one follows; 0: it is the first. */
  readonly after: number;
}

/**
 * By a hub: the node forwards nothing any more, in place of its acks until it returns. Source
 * `fence/NODE`, with the number that the fence book gave it: the same by every hub, and an earlier
 * one that comes late is known as such.
 */
export interface NodeFenced {
  readonly type: 'NodeFenced';
  readonly node: NodeName;
  readonly by: FencedBy;
}

/** By a hub, before it pushes anything to the node: from here on its acks are needed again. */
export interface NodeReturned {
  readonly type: 'NodeReturned';
  readonly node: NodeName;
}

/** By a job: the quarantine of the release is over, if this record's own time says so. */
export interface Tick {
  readonly type: 'Tick';
  readonly release: ReleaseId;
}

/**
 * By the courier: what a target says is in force in its ACL, read back. It counts when its number
 * is the next one of its target, so that of two couriers only one is believed.
 */
export interface AclReported {
  readonly type: 'AclReported';
  /** Of the wanted set that the target says it has; 0: none that it knows of. */
  readonly revision: number;
  /** Sorted. */
  readonly addresses: readonly IpAddress[];
}

export interface Forwarded {
  readonly type: 'Forwarded';
  readonly from: AggregateKey;
  /** From 1, dense for each (from, to); the receiver takes exactly the next one. */
  readonly number: number;
  readonly message: Message;
}

/** In the sender's log: the forward is in the other log. */
export interface Receipt {
  readonly type: 'Receipt';
  readonly to: AggregateKey;
  readonly number: number;
}

/** From this record on, all readers fold by these rules. */
export interface Rules {
  readonly type: 'Rules';
  readonly rules: number;
}

/** Up to where a log was moved: to the seal, by partition. */
export interface LogCut {
  readonly generation: number;
  readonly version: Version;
}

/**
 * By `berth log copy`, the first record of each partition: what follows is another log's, and this
 * log's own only when all of it is there.
 */
export interface CopyBegan {
  readonly type: 'CopyBegan';
  /** Of this log; higher than that of every log that it goes on from. One that was not moved: 0. */
  readonly generation: number;
  /** Of this log; each has its own end. */
  readonly partitions: number;
  /** Of every log that it goes on from, the oldest first. */
  readonly cuts: readonly LogCut[];
}

/** By `berth log copy`: all that was to be copied into any partition is there. */
export interface CopyEnded {
  readonly type: 'CopyEnded';
  readonly generation: number;
}

/** By `berth log copy`, in the log that it moves: nobody goes on from here in this log. */
export interface LogSealed {
  readonly type: 'LogSealed';
  /** Of the log that goes on. */
  readonly generation: number;
  /** Where that one is, for people. */
  readonly to: string;
}

/** What a decision says to one question. */
export type Answer =
  | {
      readonly kind: 'BerthGranted';
      readonly question: QuestionId;
      readonly pod: PodUid;
      readonly egressNat: EgressNatName;
      readonly claim: ClaimId;
      readonly base: number;
      readonly node: NodeName;
    }
  | {
      readonly kind: 'BerthReleased';
      readonly question: QuestionId;
      readonly pod: PodUid;
      readonly egressNat: EgressNatName;
    }
  | {
      readonly kind: 'ClaimAsked';
      readonly question: QuestionId;
      readonly egressNat: EgressNatName;
      readonly pool: PoolName;
      readonly targets: readonly TargetName[];
    }
  | {
      readonly kind: 'ClaimUpdated';
      readonly question: QuestionId;
      readonly claim: ClaimId;
      readonly targets: readonly TargetName[];
    }
  | { readonly kind: 'ClaimReturned'; readonly question: QuestionId; readonly claim: ClaimId }
  | {
      readonly kind: 'AddressGranted';
      readonly question: QuestionId;
      readonly claim: ClaimId;
      readonly address: IpAddress;
      readonly geometry: BlockGeometry;
      readonly quarantineSeconds: number;
      readonly fencing: Fencing;
    }
  | { readonly kind: 'TargetsTold'; readonly question: QuestionId; readonly claim: ClaimId }
  | { readonly kind: 'AddressWithdrawn'; readonly question: QuestionId; readonly claim: ClaimId }
  | { readonly kind: 'EntryConfirmed'; readonly question: QuestionId; readonly claim: ClaimId }
  | { readonly kind: 'EntryRemoved'; readonly question: QuestionId; readonly claim: ClaimId };

export interface Decision {
  readonly type: 'Decision';
  /** Hash of the aggregate's last accepted decision; at first the hash of its name. */
  readonly predecessor: Hash;
  readonly answers: readonly Answer[];
  readonly forwards: readonly Forward[];
}

export type Body =
  | Observation
  | ReleaseAcked
  | FenceBooked
  | NodeFenced
  | NodeReturned
  | Tick
  | AclReported
  | Forwarded
  | Receipt
  | Rules
  | CopyBegan
  | CopyEnded
  | LogSealed
  | Decision;

export interface EventRecord {
  readonly id: RecordId;
  readonly aggregate: AggregateKey;
  /** Null for what no source numbers: decisions, forwards, receipts, Rules. */
  readonly source: ObservationSource | null;
  readonly body: Body;
  /** W3C Trace Context of what caused it; in no hash. */
  readonly traceparent: string | null;
}

/** A record where it stands in the log. */
export interface LoggedEvent {
  readonly partition: number;
  readonly offset: number;
  /** Append time, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly record: EventRecord;
}

export function eventRecord(
  aggregate: AggregateKey,
  body: Body,
  source: ObservationSource | null = null,
  traceparent: string | null = null,
): EventRecord {
  return { id: hashOf({ aggregate, source, body }), aggregate, source, body, traceparent };
}

/** The predecessor of an aggregate's first decision. */
export function genesisHash(aggregate: AggregateKey): Hash {
  return hashOf(aggregate);
}
