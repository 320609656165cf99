/**
 * What one resource puts into the kernel's tables. Pure: everything else that it rests on (the
 * numbers of sets, addresses and nodes, a pod's attachment) is asked of `CompileContext`, and what
 * was asked is in `dependsOn`, so that the resource is compiled again when that changes. What
 * cannot be said yet is left out: a slot without its policy or its address maps nothing, and the
 * guard rejects.
 */
import type {
  Address,
  Block,
  Node,
  Pod,
  Policy,
  Slot,
} from '../../contract/gen/berth/link/v1/link_pb.ts';
import { PortRule_Protocol } from '../../contract/gen/berth/link/v1/link_pb.ts';
import type { NodeName } from '../../contract/identity.ts';
import { type IpAddress, ipFromBytes, parseIp } from '../../contract/ip-address.ts';
import { encodeAddress } from '../../ports/datapath/tables/addresses.ts';
import { type BlockTarget, encodeBlock } from '../../ports/datapath/tables/blocks.ts';
import { encodeInterface } from '../../ports/datapath/tables/interfaces.ts';
import { encodeNode } from '../../ports/datapath/tables/nodes.ts';
import { encodePod, type PodBerth } from '../../ports/datapath/tables/pods.ts';
import { encodePolicyEntry, type PolicyEntry } from '../../ports/datapath/tables/policies.ts';
import { encodeUnderlay } from '../../ports/datapath/tables/underlays.ts';
import type { LocalAttachment } from '../pod-attachment.ts';
import { destinationOf } from '../resource.ts';
import type { OwnedEntry } from './claims.ts';
import type { SlotRanges } from './slot-ranges.ts';

export interface AddressPlace {
  readonly addressIndex: number;
  readonly sizeLog2: number;
}

export interface CompileContext {
  readonly self: NodeName;
  policySet(name: string): number | null;
  /** Of the address's resource, by its text. */
  addressPlace(address: string): AddressPlace | null;
  nodeIndex(name: NodeName): number | null;
  /** As in SlotRanges. */
  slotRanges: SlotRanges['assign'];
  /** Whether this node answers for an address that these gateways serve. */
  owns: Owns;
}

export type Owns = (address: IpAddress, gateways: readonly NodeName[]) => boolean;

export interface Compiled {
  readonly entries: readonly OwnedEntry[];
  /** Keys of other resources. */
  readonly dependsOn: readonly string[];
}

/** The kernel's entry of a pod holds so many; what is behind them is rejected by the guard. */
export const SLOTS_MAX = 4;
const NO_ADDRESS = parseIp('::');
const SIZE_LOG2_ANY = 6;
const RANK_PLAIN = 0;
/** A gateway that runs the pod itself hands its packets over here. */
const RANK_LOCAL_POD = 1;

/** Without an attachment the pod's address is not known, and it has no entries. */
export function compilePod(
  pod: Pod,
  attachment: LocalAttachment | null,
  context: CompileContext,
): Compiled & { readonly mapped: boolean } {
  const slots = pod.slots.slice(0, SLOTS_MAX);
  const dependsOn = slots.flatMap(({ policy, natAddress }) => {
    const address = natAddress.length === 0 ? [] : [`address/${ipFromBytes(natAddress)}`];
    return [`policy/${policy}`, ...address];
  });
  if (attachment === null) {
    context.slotRanges(pod.uid, null, []);
    return { entries: [], dependsOn, mapped: false };
  }
  const { ip } = attachment;
  const places = slots.flatMap((slot) => berthOf(slot, context));
  const berths = withSlots(places, (mapped) => context.slotRanges(pod.uid, ip, mapped));
  const entry = encodePod({ ip, selected: pod.selected, berths });
  const blocks = berths.flatMap((berth) => {
    const place = context.addressPlace(berth.natAddress);
    if (!berth.mapped || place === null) return [];
    const target: BlockTarget = { kind: 'pod', ip };
    return [owned('blocks', encodeBlock({ ...place, base: berth.base, target }), RANK_LOCAL_POD)];
  });
  const mapped = berths.some((berth) => berth.mapped);
  return { entries: [owned('pods', entry), ...blocks], dependsOn, mapped };
}

function withSlots(
  berths: readonly PodBerth[],
  assign: (mapped: readonly PodBerth[]) => ReturnType<SlotRanges['assign']>,
): PodBerth[] {
  const mapped = berths.filter((berth) => berth.mapped);
  const ranges = assign(mapped);
  return berths.map((berth) => {
    const slots = ranges[mapped.indexOf(berth)] ?? null;
    return slots === null ? berth : { ...berth, slots };
  });
}

/** None where the policy is not there: then nothing is covered, and the guard rejects. */
function berthOf(slot: Slot, context: CompileContext): PodBerth[] {
  const policySet = context.policySet(slot.policy);
  if (policySet === null) return [];
  const unmapped = {
    natAddress: NO_ADDRESS,
    base: 0,
    sizeLog2: SIZE_LOG2_ANY,
    mapped: false,
    policySet,
  };
  if (slot.natAddress.length === 0) return [unmapped];
  const natAddress = ipFromBytes(slot.natAddress);
  const sizeLog2 = Math.log2(slot.blockSize);
  // Replies find the pod by the address's entry alone, so a berth without it would be one-way.
  if (context.addressPlace(natAddress)?.sizeLog2 !== sizeLog2) return [unmapped];
  return [{ natAddress, base: slot.base, sizeLog2, mapped: true, policySet }];
}

export function compilePolicy(policy: Policy, policySet: number | null): Compiled {
  if (policySet === null) return { entries: [], dependsOn: [] };
  const entries = policyEntries(policy).map((entry) =>
    owned('policies', encodePolicyEntry({ ...entry, policySet })),
  );
  return { entries, dependsOn: [] };
}

export function policyEntries(policy: Policy): Omit<PolicyEntry, 'policySet'>[] {
  return policy.entries.flatMap(({ address, prefixLength, hole, observe, ports }) => {
    const cidr = destinationOf(address, prefixLength);
    if (cidr === null) return [];
    const rules = ports.map(({ protocol, from, to, observe: observed }) => {
      return { protocol: protocolName(protocol), from, to, ...(observed ? { observed } : {}) };
    });
    const verdict = observe ? ('observed' as const) : ('covered' as const);
    return [{ cidr, verdict: hole ? ('hole' as const) : verdict, rules }];
  });
}

function protocolName(protocol: PortRule_Protocol): 'TCP' | 'UDP' | 'any' {
  if (protocol === PortRule_Protocol.TCP) return 'TCP';
  return protocol === PortRule_Protocol.UDP ? 'UDP' : 'any';
}

export function compileAddress(address: Address, context: CompileContext): Compiled {
  const natAddress = ipFromBytes(address.address);
  const place = context.addressPlace(natAddress);
  if (place === null) return { entries: [], dependsOn: [] };
  const entry = encodeAddress({
    natAddress,
    ...place,
    owned: context.owns(natAddress, address.gateways),
  });
  return { entries: [owned('addresses', entry)], dependsOn: [] };
}

export function compileNode(node: Node, context: CompileContext): Compiled {
  const nodeIndex = context.nodeIndex(node.name);
  if (nodeIndex === null) return { entries: [], dependsOn: [] };
  const underlayIp = ipFromBytes(node.underlayIp);
  const entry = encodeNode({ nodeIndex, mac: macText(node.mac), underlayIp });
  const underlay = encodeUnderlay({ underlayIp, nodeIndex });
  return { entries: [owned('nodes', entry), owned('underlays', underlay)], dependsOn: [] };
}

/** Blocks of this node's own pods come with the pods. */
export function compileBlock(block: Block, context: CompileContext): Compiled {
  if (block.node === context.self) return { entries: [], dependsOn: [] };
  const address = ipFromBytes(block.address);
  const dependsOn = [`address/${address}`, `node/${block.node}`];
  const place = context.addressPlace(address);
  const nodeIndex = context.nodeIndex(block.node);
  if (place === null || nodeIndex === null || place.sizeLog2 !== Math.log2(block.blockSize)) {
    return { entries: [], dependsOn };
  }
  const target: BlockTarget = { kind: 'node', nodeIndex };
  const entry = encodeBlock({ ...place, base: block.base, target });
  return { entries: [owned('blocks', entry)], dependsOn };
}

/** The source guard, whether or not the hub knows the pod. */
export function compileAttachment({ ip, ifindex }: LocalAttachment): Compiled {
  const none = { entries: [], dependsOn: [] };
  if (ifindex === null) return none;
  return { ...none, entries: [owned('interfaces', encodeInterface({ ifindex, podIp: ip }))] };
}

export function owned(
  table: OwnedEntry['table'],
  { key, value }: { readonly key: Uint8Array; readonly value: Uint8Array },
  rank = RANK_PLAIN,
): OwnedEntry {
  return { table, key, value, rank };
}

export function macText(mac: Uint8Array): string {
  return [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
