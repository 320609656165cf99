/**
 * `localPods`: which source addresses count as pods of this node, so that one not in `pods` is held
 * back from protected destinations. The node's own addresses lie in none of these CIDRs.
 */
import { type Cidr, cidrParts, parseCidr } from '../../../contract/cidr.ts';
import { isV4 } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { structReader, structWriter } from './bytes.ts';
import { LAYOUT } from './layout.gen.ts';

const KEY = LAYOUT.berth_cidr_key;
const VALUE = LAYOUT.berth_local_pods;
const V4_BITS = 96;

export function encodeLocalPods(cidr: Cidr): Entry {
  const value = structWriter('localPods', VALUE.size);
  value.u8(VALUE.offsets.is_pod, 1);
  return { key: localPodsKey(cidr), value: value.bytes };
}

export function localPodsKey(cidr: Cidr): Uint8Array {
  const { address, prefixLength } = cidrParts(cidr);
  const key = structWriter('localPods', KEY.size);
  key.u32(KEY.offsets.prefixlen, prefixLength);
  key.ip(KEY.offsets.address, address);
  return key.bytes;
}

export function decodeLocalPods(entry: Entry): Cidr {
  const key = structReader('localPods', entry.key, KEY.size);
  const address = key.ip(KEY.offsets.address);
  const length = key.u32(KEY.offsets.prefixlen);
  return parseCidr(`${address}/${isV4(address) ? length - V4_BITS : length}`);
}
