/** The shape of `GET /api/status`: what the console says of the installation at one moment. */
import type { WaitsFor } from '../aggregates/namespace/exhausted.ts';
import type { EntryRefusal } from '../aggregates/target/decide.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { NodeName } from '../contract/identity.ts';
import type { FencedBy } from '../contract/records.ts';
import type { Version } from '../contract/version.ts';
import type { Quantiles } from './propagation.ts';

export interface NodeAckStatus {
  readonly node: NodeName;
  readonly bootId: string;
  readonly version: Version;
  readonly checksum: string;
  /** Milliseconds since the epoch, by the node's clock. */
  readonly readBackAtMs: number;
}

export interface Condition {
  readonly type: 'Exhausted' | 'Conflict';
  readonly code: ErrorCode;
  /** For people: code, what is wrong, what to do. */
  readonly message: string;
}

export interface EgressNatStatus {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly pods: { readonly matched: number; readonly mapped: number };
  readonly waitsFor: WaitsFor | null;
  /** What its owner should know; none: all is well. */
  readonly conditions: readonly Condition[];
  /** Names of the pods that cannot get a block. */
  readonly exhausted: readonly string[];
}

/** A protected system and its ACL, as the log has them. */
export interface TargetStatus {
  readonly name: string;
  /** Null: entries are left of an AclTarget that is gone, or never was. */
  readonly driver: 'Manual' | 'Webhook' | null;
  /** Addresses that belong into its ACL, and the revision of that set. */
  readonly wanted: { readonly revision: number; readonly addresses: readonly string[] };
  /** What it last said is in force; null: it was never asked, or has nothing to say (Manual). */
  readonly reported: {
    readonly revision: number;
    readonly addresses: readonly string[];
    readonly atMs: number;
  } | null;
  /** Confirmed once, and not in force by its last report. */
  readonly lost: readonly string[];
  /** Addresses that are not confirmed yet, and why; pods wait for them. */
  readonly needsEntry: readonly {
    readonly address: string;
    readonly namespace: string;
    readonly because: EntryRefusal;
  }[];
}

/** How the last push to a `Webhook` target went. */
export interface PushStatus {
  readonly target: string;
  /** Null: what was wanted was in force when it was last read back. */
  readonly code: ErrorCode | null;
  /** For people: code, what is wrong, what to do. */
  readonly message: string | null;
  readonly sinceMs: number;
  readonly readBackAtMs: number | null;
}

export interface BerthStatus {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly egressNat: string;
  readonly node: NodeName;
  readonly address: string;
  readonly base: number;
  readonly blockSize: number;
}

/** A block that was let go of and is not free again, and what it waits for. */
export interface RestStatus {
  readonly namespace: string;
  readonly pod: string;
  readonly egressNat: string;
  readonly node: NodeName;
  readonly address: string;
  readonly base: number;
  /** Milliseconds since the epoch, by the log. */
  readonly sinceMs: number;
  /** The Tick: its quarantine is not over. The ack: its node has not let go, and is not fenced. */
  readonly waitsFor: readonly ('Tick' | 'ack')[];
  /** The fence that counts in place of the ack. */
  readonly fenced: FencedBy | null;
}

/** A node of which somebody says that it is gone. */
export interface FenceStatus {
  readonly node: NodeName;
  /** Null: only suspected. */
  readonly by: FencedBy | null;
  readonly suspect: FencedBy | null;
  /** Of the last word, by the log. */
  readonly sinceMs: number;
}

/** What the log alone says. */
export interface LogStatus {
  readonly version: Version;
  readonly pods: {
    readonly present: number;
    readonly selected: number;
    readonly mapped: number;
    readonly exhausted: number;
    readonly hostNetwork: number;
  };
  readonly egressNats: readonly EgressNatStatus[];
  readonly targets: readonly TargetStatus[];
  /** Specifications of targets and pools that were observed to change, since the beginning. */
  readonly policyChanges: number;
  /** Blocks that were released and are not yet free again. */
  readonly resting: number;
  /** Those, the ones that rest longest first; as many as `RESTS_SHOWN_MAX`. */
  readonly rests: readonly RestStatus[];
  readonly fences: readonly FenceStatus[];
  readonly berths: readonly BerthStatus[];
  readonly acks: readonly NodeAckStatus[];
  /** Of pods bound since the moment that was asked for. */
  readonly propagationMs: Quantiles | null;
  /** Since that moment: records in acked pushes, counted for each node that got them. */
  readonly recordsSent: number;
}

/** What the hub that has a node's link says of it, as far as the console has read. */
export interface LinkStatus {
  readonly node: NodeName;
  readonly connected: boolean;
  /** It is connected, and has acked all that it shall have. */
  readonly inSync: boolean;
}

/** A process that has said something of itself. */
export interface ProcessStatus {
  readonly process: string;
  /** Another one each time it starts. */
  readonly run: string;
  readonly roles: readonly string[];
  /** Of its program. */
  readonly release: string;
  /** It has spoken lately; only then does what it says count. */
  readonly isLive: boolean;
  /** It said that it stopped. */
  readonly hasEnded: boolean;
  /** By the log, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly lastSeenMs: number;
  /** Hubs only: how far it has folded. */
  readonly version: Version | null;
}

/** What the living processes say. */
export interface LiveStatus {
  /** What stands behind the ports: `unknown` where no living process has said it. */
  readonly adapters: {
    readonly eventLog: string;
    readonly jobs: string;
    readonly source: string;
  };
  readonly links: readonly LinkStatus[];
  /**
   * Every living hub has read at least what is shown here, and every node concerned has acked its
   * last version to the hub that has its link.
   */
  readonly converged: boolean;
  /** One for each `Webhook` target that a living courier has pushed to. */
  readonly pushes: readonly PushStatus[];
  /** Input that living watchers refused: the newest, newest last. */
  readonly problems: readonly string[];
  /** How many in all. */
  readonly problemCount: number;
  /** The living first. */
  readonly processes: readonly ProcessStatus[];
}

export type Status = LogStatus & LiveStatus;
