/**
 * The content of the kernel's tables as the agent compares it: entries by table and key, both as
 * the bytes that the kernel has. A reference names one place in them, whatever is there.
 */
import type { Entry, TableName } from '../../ports/datapath/port.ts';

export const TABLE_NAMES = [
  'nodes',
  'underlays',
  'blocks',
  'addresses',
  'policies',
  'interfaces',
  'pods',
  'localPods',
  'config',
] as const satisfies readonly TableName[];

/** Hexadecimal, so that keys can be compared and kept in maps. */
export type KeyText = string & { readonly __brand?: 'KeyText' };

export interface Ref {
  readonly table: TableName;
  readonly key: KeyText;
}

export type Content = Readonly<Record<TableName, Map<KeyText, Uint8Array>>>;

export function emptyContent(): Content {
  return {
    nodes: new Map(),
    underlays: new Map(),
    blocks: new Map(),
    addresses: new Map(),
    policies: new Map(),
    interfaces: new Map(),
    pods: new Map(),
    localPods: new Map(),
    config: new Map(),
  };
}

export function keyText(key: Uint8Array): KeyText {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex');
}

export function keyBytes(text: KeyText): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function entriesOf(table: ReadonlyMap<KeyText, Uint8Array>): Entry[] {
  return [...table].map(([key, value]) => ({ key: keyBytes(key), value }));
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}

/** Every place in either. */
export function refsOf(...contents: readonly Content[]): Ref[] {
  return TABLE_NAMES.flatMap((table) => {
    const keys = new Set(contents.flatMap((content) => [...content[table].keys()]));
    return [...keys].map((key) => ({ table, key }));
  });
}
