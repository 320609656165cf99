/**
 * The datapath of one node: tables that say what is to happen to packets, programs on interfaces
 * that do it, and counters of what they did. Tables are pushed as bytes (see `tables/`); nothing
 * here decides anything.
 *
 * Order: what one `put` or `remove` names is applied in its order, and is in force for the next
 * packet when the call returns. A packet sees an entry whole, old or new, never a mixture.
 * Failure: a call that throws BERTH_DATAPATH_* may leave the entries before the failing one in
 * force; a full table loses nothing that it held. Calls may be repeated.
 * Read-back: `read` and `dump` answer from the kernel, not from memory of what was put.
 * Durability: tables and attachments outlive `close` and the process. Opening again adopts them:
 * nothing is flushed, and packets flow on meanwhile. `detach` ends an attachment.
 * Attachments: first in their chain, or `attach` throws. Attaching what is attached replaces its
 * program by this version's, without losing a packet, and puts it first again if it is not: then
 * packets are dropped for some milliseconds, but none gets past.
 * Close: may be called twice; later calls of anything else throw BERTH_DATAPATH_CLOSED.
 */
import type { IpAddress } from '../../contract/ip-address.ts';
import type { ReasonName } from './tables/reasons.gen.ts';

export type TableName =
  | 'pods'
  | 'policies'
  | 'blocks'
  | 'nodes'
  | 'underlays'
  | 'addresses'
  | 'localPods'
  | 'interfaces'
  | 'config';

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface Tables {
  /** @throws BERTH_DATAPATH_FULL, BERTH_DATAPATH_BAD_ENTRY */
  put(table: TableName, entries: readonly Entry[]): void;
  /**
   * In the array tables (blocks, nodes, config) the element becomes zero.
   * @throws BERTH_DATAPATH_UNKNOWN_KEY for a key that is not there, in the others
   */
  remove(table: TableName, keys: readonly Uint8Array[]): void;
  /** One answer a key; null is not there. In the array tables: all zero is not there. */
  read(table: TableName, keys: readonly Uint8Array[]): (Uint8Array | null)[];
  /** All that is there, in no order. */
  dump(table: TableName): Entry[];
  /** Makes flexible ports free, before another berth gets them; the programs alone fill them. */
  clearSlots(first: number, count: number): void;
}

/**
 * Where each belongs: egress and return on a node's uplink (TC egress, TC ingress), steer on a
 * gateway's uplink (XDP), pod on the host-side veth of each pod (TC ingress).
 */
export type ProgramName = 'egress' | 'return' | 'steer' | 'pod';

export interface Attachment {
  readonly program: ProgramName;
  readonly interfaceName: string;
  /** Nothing sees packets before it. Another's program may have taken that place meanwhile. */
  readonly first: boolean;
}

/**
 * Attaching and detaching wait for the kernel, some milliseconds; the tables may be used meanwhile.
 * One program on one interface is not attached and detached at once.
 */
export interface Hooks {
  /** @throws BERTH_DATAPATH_ATTACH, with nothing attached by this call */
  attach(program: ProgramName, interfaceName: string): Promise<void>;
  /** What is not attached is no error: the interface may have gone, and its attachments with it. */
  detach(program: ProgramName, interfaceName: string): Promise<void>;
  attachments(): Attachment[];
  /**
   * Of the node's network namespace: the key in `interfaces`.
   * @throws BERTH_DATAPATH_ATTACH where there is no such interface
   */
  interfaceIndex(interfaceName: string): number;
}

/** In ns of CLOCK_MONOTONIC (`process.hrtime`), which the kernel programs read as well. */
export interface GatewayLease {
  /** Until then this gateway answers ARP for what it owns. 0: for ever. */
  readonly arpLeaseUntilNs: bigint;
  /** Afterwards too, unless another gateway's heartbeat was seen within so long. */
  readonly heartbeatFreshNs: bigint;
  /** Where heartbeats of other gateways come, by UDP. 0: none is looked for. */
  readonly heartbeatPort: number;
}

/** What a gateway's agent and its steering program tell each other. */
export interface GatewaySwitch {
  /** In force for the next packet; kept like a table. All zero until set. */
  setLease(lease: GatewayLease): void;
  lease(): GatewayLease;
  /** When the program last saw another gateway's heartbeat; 0: never. */
  heartbeatSeenNs(): bigint;
}

/** Sums since the tables were made. */
export interface Counter {
  readonly reason: ReasonName;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Why a pod's packet was held back, or would have been, for people. */
export interface DatapathEvent {
  readonly reason: ReasonName;
  /** The packet's source, or of whose interface it came. */
  readonly podIp: IpAddress;
  readonly destination: IpAddress;
  /** 0: it has none. */
  readonly destinationPort: number;
  /** An IP protocol number; 0: not known. */
  readonly protocol: number;
  /** CLOCK_MONOTONIC. */
  readonly seenNs: bigint;
  /** Of this pod and reason, since the last event of them, without one of their own. */
  readonly untold: number;
}

/** At most one a second of a pod and reason; a node remembers some thousand of them. */
export interface DatapathEvents {
  /** Those not taken yet, the oldest first, some hundred at most. One process takes. */
  take(): DatapathEvent[];
  /** How many found no room, since the tables were made: nobody took for long. */
  lost(): bigint;
}

export interface Announcement {
  readonly interfaceName: string;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
  readonly addresses: readonly IpAddress[];
}

export interface Datapath {
  readonly kind: 'kernel' | 'memory';
  readonly tables: Tables;
  readonly hooks: Hooks;
  readonly gateway: GatewaySwitch;
  readonly events: DatapathEvents;
  /** One for each reason, zero or not. */
  counters(): Counter[];
  /**
   * Tells everybody behind the interface that these NAT addresses are here now (gratuitous ARP; of
   * IPv6 addresses nothing is said yet). Once: whoever needs repeats calls again.
   * @throws BERTH_DATAPATH_ANNOUNCE
   */
  announce(announcement: Announcement): void;
  close(): void;
}
