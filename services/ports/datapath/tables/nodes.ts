/** `nodes`: where a gateway sends what belongs to a block of another node. */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { badEntry, numberKey, numberOfKey, structReader, structWriter } from './bytes.ts';
import { ABI, LAYOUT } from './layout.gen.ts';

export interface NodeEntry {
  /** Chosen by whoever writes the table; `blocks` names it. Below `NODE_INDEXES`. */
  readonly nodeIndex: number;
  /** The next hop's MAC, `02:00:00:00:00:01`. */
  readonly mac: string;
  readonly underlayIp: IpAddress;
}

export const NODE_INDEXES = ABI.NODES_ENTRIES;

const NODE = LAYOUT.berth_node;

export function encodeNode(node: NodeEntry): Entry {
  const value = structWriter('nodes', NODE.size);
  value.mac(NODE.offsets.mac, node.mac);
  value.u8(NODE.offsets.in_use, 1);
  value.ip(NODE.offsets.underlay_ip, node.underlayIp);
  return { key: nodeKey(node.nodeIndex), value: value.bytes };
}

export function nodeKey(nodeIndex: number): Uint8Array {
  if (nodeIndex >= NODE_INDEXES) throw badEntry('nodes', `node index ${nodeIndex}`);
  return numberKey('nodes', nodeIndex);
}

export function decodeNode(entry: Entry): NodeEntry {
  const value = structReader('nodes', entry.value, NODE.size);
  return {
    nodeIndex: numberOfKey('nodes', entry.key),
    mac: value.mac(NODE.offsets.mac),
    underlayIp: value.ip(NODE.offsets.underlay_ip),
  };
}
