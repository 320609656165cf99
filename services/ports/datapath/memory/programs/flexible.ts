/**
 * Which port of its block a flow has outward, and which port of the pod a port of the block means:
 * a direct one where the arithmetic reaches, else a flexible one.
 */
import type { ReasonName } from '../../tables/reasons.gen.ts';
import { directIndex, directPorts } from './direct.ts';
import type { Berth } from './entries.ts';
import type { Lookup } from './lookup.ts';
import { type Packet, TCP, TCP_FIN, TCP_RST, TCP_SYN, UDP } from './packet.ts';
import {
  type Flow,
  type SlotEvent,
  type SlotProtocol,
  type Slots,
  slotIn,
  slotOf,
  slotOut,
} from './slots.ts';

const PORT_MAX = 65535;

/** A port, or why there is none. */
export type PortOr<Reason> = { readonly port: number } | { readonly reason: Reason };

/** The port outside of a packet that a pod sends. */
export function outwardPort(lookup: Lookup, packet: Packet, berth: Berth): PortOr<ReasonName> {
  const first = lookup.podPortFirst();
  if (first === 0 && hasPorts(packet)) return { reason: 'NO_CONFIG' };
  const direct = directOut(packet, first, berth);
  if (direct !== null) return { port: direct };
  const slots = slotsOf(berth);
  const number = slots === null ? 'none' : slotFor(lookup, slots, packet);
  if (number === 'full') return { reason: 'FLEXIBLE_FULL' };
  if (number === 'none') {
    return { reason: packet.kind === 'ports' ? 'PORT_OUT_OF_RANGE' : 'ICMP_OUT' };
  }
  return { port: berth.base + directPorts(berth.sizeLog2) + number };
}

/** The pod's port for what comes to a port of the block. */
export function inwardPort(lookup: Lookup, packet: Packet, berth: Berth): PortOr<ReasonName> {
  const first = lookup.podPortFirst();
  const index = directIndex(packet.dstPort, berth.base, berth.sizeLog2);
  if (index !== null && hasPorts(packet)) {
    if (first === 0) return { reason: 'NO_CONFIG' };
    return first + index > PORT_MAX ? { reason: 'PORT_NOT_MAPPED' } : { port: first + index };
  }
  const slots = slotsOf(berth);
  if (index !== null || slots === null) return { reason: 'PORT_NOT_MAPPED' };
  const number = packet.dstPort - berth.base - directPorts(berth.sizeLog2);
  const remote = { ip: packet.src, port: packet.srcPort };
  const flow = { protocol: protocolOf(packet), remote, event: eventOf(packet) };
  const port = slotIn(lookup.slots, slots, number, flow);
  return port === null ? { reason: 'PORT_NOT_MAPPED' } : { port };
}

function hasPorts({ kind }: Packet): boolean {
  return kind === 'ports' || kind === 'quoted';
}

/** An ICMP error finds a slot, and changes nothing (RFC 5508, REQ-6). */
function slotFor(lookup: Lookup, slots: Slots, packet: Packet): number | 'none' | 'full' {
  const flow = flowOf(packet);
  const isError = packet.kind === 'quoted' || packet.kind === 'quoted-echo';
  if (!isError) return slotOut(lookup.slots, slots, flow);
  return slotOf(lookup.slots, slots, flow) ?? 'none';
}

/** What a packet does to its flow; an error has no flags. */
function eventOf({ tcpFlags }: Packet): SlotEvent {
  if ((tcpFlags & TCP_RST) !== 0) return 'resets';
  if ((tcpFlags & TCP_SYN) !== 0) return 'opens';
  return (tcpFlags & TCP_FIN) !== 0 ? 'ends' : 'plain';
}

function directOut(packet: Packet, first: number, berth: Berth): number | null {
  if (!hasPorts(packet)) return null;
  const index = directIndex(packet.srcPort, first, berth.sizeLog2);
  return index === null ? null : berth.base + index;
}

function slotsOf({ flexible, generation, sizeLog2 }: Berth): Slots | null {
  const count = directPorts(sizeLog2) / 3;
  return flexible === 0 || count === 0 ? null : { first: flexible, count, generation };
}

function flowOf(packet: Packet): Flow {
  return {
    protocol: protocolOf(packet),
    port: packet.srcPort,
    remote: { ip: packet.dst, port: packet.dstPort },
    event: eventOf(packet),
  };
}

function protocolOf({ protocol }: Packet): SlotProtocol {
  return protocol === TCP ? 'TCP' : protocol === UDP ? 'UDP' : 'ICMP';
}
