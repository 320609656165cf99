/** The two maps of a gateway's switch, each of one element. */
import type { GatewaySwitch } from '../port.ts';
import { badEntry, numberKey } from '../tables/bytes.ts';
import {
  decodeHeartbeatSeen,
  decodeLease,
  encodeLease,
  HEARTBEATS_BYTES,
  LEASE_BYTES,
} from '../tables/lease.ts';
import { errnoName } from './errno.ts';
import type { KernelObjects } from './objects.ts';

export function kernelGateway({ library, map }: KernelObjects): GatewaySwitch {
  const key = numberKey('lease', 0);

  function read(name: 'lease' | 'heartbeats', size: number): Uint8Array {
    const value = new Uint8Array(size);
    const result = library.mapLookupBatch(map(name), key, value, new Uint8Array(1), 1);
    if (result < 0) throw badEntry(name, errnoName(result));
    return value;
  }

  return {
    setLease(lease) {
      const result = library.mapUpdateBatch(map('lease'), key, encodeLease(lease), ONE.slice());
      if (result < 0) throw badEntry('lease', errnoName(result));
    },
    lease: () => decodeLease(read('lease', LEASE_BYTES)),
    heartbeatSeenNs: () => decodeHeartbeatSeen(read('heartbeats', HEARTBEATS_BYTES)),
  };
}

const ONE = Uint32Array.of(1);
