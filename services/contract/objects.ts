/**
 * What Berth knows of Kubernetes objects: only the fields that matter to it. Sources translate
 * what they read into these shapes (and refuse what does not fit); records carry them unchanged.
 * Field meanings follow the custom resources' documentation in docs/ARCHITECTURE.md.
 */
import type { Cidr } from './cidr.ts';
import type {
  EgressNatName,
  NamespaceName,
  NodeName,
  PodUid,
  PoolName,
  TargetName,
} from './identity.ts';
import type { IpAddress } from './ip-address.ts';

export type Labels = Readonly<Record<string, string>>;

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** A Kubernetes label selector; an empty one selects everything. */
export interface LabelSelector {
  readonly matchLabels: Labels;
  readonly matchExpressions: readonly LabelRequirement[];
}

/** Ports of a protected system; `from` and `to` inclusive. */
export interface PortRule {
  readonly protocol: 'TCP' | 'UDP' | 'any';
  readonly from: number;
  readonly to: number;
}

/** Destinations: every address in `cidrs` but not in `except`; no `ports` means all of them. */
export interface Destinations {
  readonly cidrs: readonly Cidr[];
  readonly except: readonly Cidr[];
  readonly ports: readonly PortRule[];
}

export interface PodFacts {
  readonly uid: PodUid;
  readonly name: string;
  readonly labels: Labels;
  /** Null until the scheduler binds the pod. */
  readonly node: NodeName | null;
  readonly ips: readonly IpAddress[];
  readonly hostNetwork: boolean;
  /** Phase Succeeded or Failed: it will never send again. */
  readonly finished: boolean;
  /** The StatefulSet that owns the pod, whose pods get their old block back where it is free. */
  readonly statefulSet: string | null;
}

export interface NamespaceFacts {
  readonly name: NamespaceName;
  readonly labels: Labels;
}

export interface NodeFacts {
  readonly name: NodeName;
  readonly labels: Labels;
  readonly addresses: readonly IpAddress[];
  readonly ready: boolean;
  /** The taint `node.kubernetes.io/out-of-service`: somebody says that the machine is off. */
  readonly outOfService: boolean;
}

/**
 * Whether the deletion of a Node, when no hub has had its link for a quarantine, frees the blocks
 * that are left there (`Deleted`), or only what somebody states (`Stated`).
 */
export type Fencing = 'Deleted' | 'Stated';

export interface NatPoolSpec {
  readonly addresses: readonly Cidr[];
  readonly ports: { readonly from: number; readonly to: number; readonly perPod: number };
  /** Null: no namespace may claim here. */
  readonly allowedNamespaces: LabelSelector | null;
  readonly addressesPerNamespaceMax: number;
  /** Null: no node is a gateway of this pool. */
  readonly gatewaySelector: LabelSelector | null;
  readonly quarantineSeconds: number;
  readonly fencing: Fencing;
}

export interface EgressNatSpec {
  readonly pool: PoolName;
  readonly addresses: { readonly min: number; readonly max: number };
  readonly podSelector: LabelSelector;
  /** Protected systems by name. */
  readonly targets: readonly TargetName[];
  /** Destinations written into the EgressNat itself; they count as confirmed at once. */
  readonly inline: readonly Destinations[];
  /** For the inline destinations only. */
  readonly onUnmapped: 'Drop' | 'Pass';
}

export interface EgressNatFacts {
  readonly name: EgressNatName;
  /** `metadata.creationTimestamp` (RFC 3339), null for manifests without one. */
  readonly createdAt: string | null;
  readonly spec: EgressNatSpec;
}

export interface NatPoolFacts {
  readonly name: PoolName;
  readonly spec: NatPoolSpec;
}

export interface AclTargetSpec {
  readonly destinations: Destinations;
  /** Null: no namespace may use this target. */
  readonly allowedNamespaces: LabelSelector | null;
  /** Whom the target is closed to; `Observe`: nobody, what would be rejected is only counted. */
  readonly enforcement: 'Observe' | 'Selected' | 'All';
  readonly driver: AclDriverSpec;
}

/** How the target's ACL is written. */
export type AclDriverSpec =
  /** Opened once, by ticket: addresses inside `allowed` count as confirmed. */
  { readonly type: 'Manual'; readonly allowed: readonly Cidr[] } | WebhookSpec;

/** We PUT the whole set there and read back what is in force. */
export interface WebhookSpec {
  readonly type: 'Webhook';
  readonly url: string;
  /** A file in the folder of secrets: it signs each request. The log never sees what is in it. */
  readonly secretRef: { readonly name: string };
  /** A file there too: the certificates that the server is checked against; null: the system's. */
  readonly caRef: { readonly name: string } | null;
  /** For one request, answer included. */
  readonly timeoutSeconds: number;
}

export interface AclTargetFacts {
  readonly name: TargetName;
  readonly spec: AclTargetSpec;
}
