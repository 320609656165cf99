/** The twin's events: told as seldom as the kernel's, and kept until somebody takes them. */
import { type IpAddress, ipFromBytes } from '../../../contract/ip-address.ts';
import type { DatapathEvent, DatapathEvents } from '../port.ts';
import { ABI, LAYOUT } from '../tables/layout.gen.ts';
import { REASONS, type ReasonName } from '../tables/reasons.gen.ts';
import type { Packet } from './programs/packet.ts';

/** What a ring puts before each record. */
const HEADER_BYTES = 8;
const EVENTS_MAX = Math.floor(ABI.EVENTS_BYTES / (LAYOUT.berth_event.size + HEADER_BYTES));
const TOLD: ReadonlySet<ReasonName> = new Set([
  ...REASONS.filter(({ kind }) => kind === 'reject').map(({ name }) => name),
  'WOULD_REJECT',
  'ICMP_OUT',
  'FRAGMENT_OUT',
  'IPV6_OUT',
  'SPOOFED',
]);

export type Tell = (reason: ReasonName, podIp: string, packet: Packet) => void;

interface Limit {
  readonly toldNs: bigint;
  untold: number;
}

export function memoryEvents(): DatapathEvents & { readonly tell: Tell } {
  const limits = new Map<string, Limit>();
  const kept: DatapathEvent[] = [];
  let lost = 0n;

  /** Null: one of them was told a moment ago. */
  function untoldOf(key: string, nowNs: bigint): number | null {
    const limit = limits.get(key);
    if (limit !== undefined && nowNs - limit.toldNs < BigInt(ABI.EVENT_INTERVAL_NS)) {
      limit.untold++;
      return null;
    }
    // Last in line again: the first is the one that was told longest ago.
    limits.delete(key);
    limits.set(key, { toldNs: nowNs, untold: 0 });
    const [oldest] = limits.keys();
    if (limits.size > ABI.EVENT_LIMITS_ENTRIES && oldest !== undefined) limits.delete(oldest);
    return limit?.untold ?? 0;
  }

  return {
    tell(reason, podIp, packet) {
      if (!TOLD.has(reason)) return;
      const seenNs = process.hrtime.bigint();
      const untold = untoldOf(`${podIp} ${reason}`, seenNs);
      if (untold === null) return;
      if (kept.length >= EVENTS_MAX) {
        lost++;
        return;
      }
      kept.push({
        reason,
        podIp: ipOf(podIp),
        destination: ipOf(packet.dst),
        destinationPort: packet.kind === 'ports' ? packet.dstPort : 0,
        protocol: packet.protocol,
        seenNs,
        untold,
      });
    },
    take: () => kept.splice(0),
    lost: () => lost,
  };
}

function ipOf(hex: string): IpAddress {
  return ipFromBytes(Buffer.from(hex, 'hex'));
}
