/**
 * `blocks`: which pod of this node, or which other node, a block of a NAT address belongs to. The
 * element's number is the address's index and the block's place on it, so a packet's port finds it
 * without a search.
 */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { badEntry, numberKey, numberOfKey, structReader, structWriter } from './bytes.ts';
import { ABI, LAYOUT } from './layout.gen.ts';
import { blockFault } from './pods.ts';

export interface BlockPlace {
  /** The NAT address's index in `addresses`. */
  readonly addressIndex: number;
  /** As in `addresses`: all blocks of an address have one size. */
  readonly sizeLog2: number;
  readonly base: number;
}

export type BlockTarget =
  | { readonly kind: 'pod'; readonly ip: IpAddress }
  | { readonly kind: 'node'; readonly nodeIndex: number };

export interface BlockEntry extends BlockPlace {
  readonly target: BlockTarget;
}

/** What is in the table: the size is the address's, not the block's. */
export interface DecodedBlock {
  readonly addressIndex: number;
  readonly base: number;
  readonly target: BlockTarget;
}

export const ADDRESS_INDEXES = ABI.ADDRESSES_ENTRIES;

const BLOCK = LAYOUT.berth_block;
const PER_ADDRESS_LOG2 = ABI.BLOCKS_PER_ADDRESS_LOG2;

export function encodeBlock(block: BlockEntry): Entry {
  const value = structWriter('blocks', BLOCK.size);
  value.u16(BLOCK.offsets.base, block.base);
  if (block.target.kind === 'pod') {
    value.u8(BLOCK.offsets.kind, ABI.BLOCK_POD);
    value.ip(BLOCK.offsets.pod_ip, block.target.ip);
  } else {
    value.u8(BLOCK.offsets.kind, ABI.BLOCK_NODE);
    value.u16(BLOCK.offsets.node_index, block.target.nodeIndex);
  }
  return { key: blockKey(block), value: value.bytes };
}

export function blockKey({ addressIndex, sizeLog2, base }: BlockPlace): Uint8Array {
  const fault = blockFault(base, sizeLog2);
  if (fault !== null) throw badEntry('blocks', fault);
  if (!Number.isInteger(addressIndex) || addressIndex < 0 || addressIndex >= ADDRESS_INDEXES) {
    throw badEntry('blocks', `address index ${addressIndex}`);
  }
  return numberKey('blocks', (addressIndex << PER_ADDRESS_LOG2) | (base >> sizeLog2));
}

export function decodeBlock(entry: Entry): DecodedBlock {
  const value = structReader('blocks', entry.value, BLOCK.size);
  const kind = value.u8(BLOCK.offsets.kind);
  if (kind !== ABI.BLOCK_POD && kind !== ABI.BLOCK_NODE) throw badEntry('blocks', `kind ${kind}`);
  return {
    addressIndex: numberOfKey('blocks', entry.key) >> PER_ADDRESS_LOG2,
    base: value.u16(BLOCK.offsets.base),
    target:
      kind === ABI.BLOCK_POD
        ? { kind: 'pod', ip: value.ip(BLOCK.offsets.pod_ip) }
        : { kind: 'node', nodeIndex: value.u16(BLOCK.offsets.node_index) },
  };
}
