/** `events`: struct berth_event of berth_abi.h, as it lies in the ring. */
import type { DatapathEvent } from '../port.ts';
import { structReader } from './bytes.ts';
import { LAYOUT } from './layout.gen.ts';
import { REASONS } from './reasons.gen.ts';

const { size, offsets } = LAYOUT.berth_event;

export const EVENT_BYTES = size;

export function decodeEvent(bytes: Uint8Array): DatapathEvent {
  const event = structReader('events', bytes, size);
  return {
    // A number that this version does not know is of a newer one's programs.
    reason: REASONS[event.u8(offsets.reason)]?.name ?? 'NONE',
    podIp: event.ip(offsets.pod_ip),
    destination: event.ip(offsets.destination),
    destinationPort: event.u16(offsets.destination_port),
    protocol: event.u8(offsets.protocol),
    seenNs: event.u64(offsets.seen_ns),
    untold: event.u32(offsets.untold),
  };
}
