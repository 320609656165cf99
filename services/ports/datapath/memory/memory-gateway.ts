/** The lease of a gateway in memory, kept like a table, and what its program hears. */
import type { GatewaySwitch } from '../port.ts';
import { decodeLease, encodeLease, NO_LEASE } from '../tables/lease.ts';
import type { Kept } from './kept.ts';
import type { ArpLease } from './programs/steer.ts';

const NAME = 'lease';

export function memoryGateway(kept: Kept): GatewaySwitch & ArpLease {
  const [pair] = kept.load(NAME);
  let bytes = pair === undefined ? encodeLease(NO_LEASE) : fromHex(pair[1]);
  let seenNs = 0n;
  return {
    setLease(lease) {
      bytes = encodeLease(lease);
      kept.save(NAME, [['0', Buffer.from(bytes).toString('hex')]]);
    },
    lease: () => decodeLease(bytes),
    heartbeatSeenNs: () => seenNs,
    mayAnswerArp() {
      const { arpLeaseUntilNs, heartbeatFreshNs } = decodeLease(bytes);
      const nowNs = process.hrtime.bigint();
      if (arpLeaseUntilNs === 0n || nowNs < arpLeaseUntilNs || seenNs === 0n) return true;
      return nowNs - seenNs >= heartbeatFreshNs;
    },
    heartbeatPort: () => decodeLease(bytes).heartbeatPort,
    heartbeatSeen() {
      seenNs = process.hrtime.bigint();
    },
  };
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
