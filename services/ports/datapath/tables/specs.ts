/**
 * What each table takes, and the checks that both adapters make before anything else, so that a
 * bad entry is refused alike, and before any of its batch is in force.
 */
import type { Entry, TableName } from '../port.ts';
import { badEntry, numberOfKey } from './bytes.ts';
import { LAYOUT, MAPS } from './layout.gen.ts';

export interface TableSpec {
  /** The kernel's name for it. */
  readonly mapName: string;
  readonly kind: 'hash' | 'array' | 'lpm-trie';
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
}

export const TABLE_SPECS: Readonly<Record<TableName, TableSpec>> = {
  pods: { mapName: 'pods_2', ...MAPS.pods_2 },
  policies: { mapName: 'policies', ...MAPS.policies },
  blocks: { mapName: 'blocks', ...MAPS.blocks },
  nodes: { mapName: 'nodes', ...MAPS.nodes },
  underlays: { mapName: 'underlays', ...MAPS.underlays },
  addresses: { mapName: 'addresses', ...MAPS.addresses },
  localPods: { mapName: 'local_pods', ...MAPS.local_pods },
  interfaces: { mapName: 'interfaces', ...MAPS.interfaces },
  config: { mapName: 'config', ...MAPS.config },
};

export const TABLE_NAMES = Object.keys(TABLE_SPECS) as readonly TableName[];

/** The length of an LPM key comes first, and counts the bits after it. */
const PREFIX_LENGTH_BYTES = LAYOUT.berth_cidr_key.offsets.address;

/** @throws BERTH_DATAPATH_BAD_ENTRY */
export function checkKey(table: TableName, key: Uint8Array): void {
  const { kind, keySize, maxEntries } = TABLE_SPECS[table];
  if (key.length !== keySize) {
    throw badEntry(table, `a key of ${key.length} bytes instead of ${keySize}`);
  }
  if (kind === 'array' && numberOfKey(table, key) >= maxEntries) {
    throw badEntry(table, `element ${numberOfKey(table, key)} of ${maxEntries}`);
  }
  if (kind === 'lpm-trie') {
    const bits = numberOfKey(table, key.subarray(0, PREFIX_LENGTH_BYTES));
    const max = (keySize - PREFIX_LENGTH_BYTES) * 8;
    if (bits > max) throw badEntry(table, `a prefix of ${bits} bits, at most ${max}`);
  }
}

/** @throws BERTH_DATAPATH_BAD_ENTRY */
export function checkEntry(table: TableName, entry: Entry): void {
  checkKey(table, entry.key);
  const { valueSize } = TABLE_SPECS[table];
  if (entry.value.length !== valueSize) {
    throw badEntry(table, `a value of ${entry.value.length} bytes instead of ${valueSize}`);
  }
}
