/**
 * `lease` and `heartbeats`: what a gateway's agent and its steering program tell each other, so
 * that a gateway whose agent is dead or frozen leaves ARP to another that lives (see berth_abi.h,
 * struct berth_lease).
 */
import type { GatewayLease } from '../port.ts';
import { structReader, structWriter } from './bytes.ts';
import { LAYOUT } from './layout.gen.ts';

const LEASE = LAYOUT.berth_lease;
const HEARTBEATS = LAYOUT.berth_heartbeats;

export const LEASE_BYTES = LEASE.size;
export const HEARTBEATS_BYTES = HEARTBEATS.size;

/** As before the first was set: no lease is needed. */
export const NO_LEASE: GatewayLease = {
  arpLeaseUntilNs: 0n,
  heartbeatFreshNs: 0n,
  heartbeatPort: 0,
};

export function encodeLease(lease: GatewayLease): Uint8Array {
  const value = structWriter('lease', LEASE.size);
  value.u64(LEASE.offsets.arp_lease_until_ns, lease.arpLeaseUntilNs);
  value.u64(LEASE.offsets.heartbeat_fresh_ns, lease.heartbeatFreshNs);
  value.u16(LEASE.offsets.heartbeat_port, lease.heartbeatPort);
  return value.bytes;
}

export function decodeLease(bytes: Uint8Array): GatewayLease {
  const value = structReader('lease', bytes, LEASE.size);
  return {
    arpLeaseUntilNs: value.u64(LEASE.offsets.arp_lease_until_ns),
    heartbeatFreshNs: value.u64(LEASE.offsets.heartbeat_fresh_ns),
    heartbeatPort: value.u16(LEASE.offsets.heartbeat_port),
  };
}

export function decodeHeartbeatSeen(bytes: Uint8Array): bigint {
  return structReader('heartbeats', bytes, HEARTBEATS.size).u64(
    HEARTBEATS.offsets.heartbeat_seen_ns,
  );
}
