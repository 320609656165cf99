/** `underlays`: the nodes in `nodes` by underlay IP; whose heartbeats count (see `lease.ts`). */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { structReader, structWriter } from './bytes.ts';
import { ipOfKey, keyOfIp } from './ip-key.ts';
import { LAYOUT } from './layout.gen.ts';

export interface UnderlayEntry {
  readonly underlayIp: IpAddress;
  readonly nodeIndex: number;
}

const UNDERLAY = LAYOUT.berth_underlay;

export function encodeUnderlay({ underlayIp, nodeIndex }: UnderlayEntry): Entry {
  const value = structWriter('underlays', UNDERLAY.size);
  value.u16(UNDERLAY.offsets.node_index, nodeIndex);
  return { key: keyOfIp(underlayIp), value: value.bytes };
}

export function decodeUnderlay(entry: Entry): UnderlayEntry {
  const value = structReader('underlays', entry.value, UNDERLAY.size);
  return {
    underlayIp: ipOfKey('underlays', entry.key),
    nodeIndex: value.u16(UNDERLAY.offsets.node_index),
  };
}
