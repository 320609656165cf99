/** The node, as its link to the hub sees it. */
import type { Push } from '../contract/gen/berth/link/v1/link_pb.ts';
import type { NodeName, PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';
import type { Version } from '../contract/version.ts';

export interface NodeIdentity {
  readonly node: NodeName;
  readonly bootId: string;
  readonly underlayIp: IpAddress;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Of a gateway: public key of its heartbeats, 32 bytes. */
  readonly heartbeatKey?: Uint8Array;
}

/** What became of a push. */
export type PushAnswer =
  | {
      readonly kind: 'ack';
      readonly version: Version;
      readonly checksum: bigint;
      readonly readBackAtMs: number;
      readonly mapped: readonly PodUid[];
    }
  | { readonly kind: 'nack'; readonly code: string; readonly message: string };

/** The node, as the link sees it. */
export interface LinkedNode {
  held(): { readonly version: Version; readonly checksum: bigint };
  push(push: Push): Promise<PushAnswer>;
}
