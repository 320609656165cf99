/** The tables as maps in memory, entry by entry as strict as the kernel's. */
import { berthError } from '../../../contract/errors.ts';
import type { Entry, TableName, Tables } from '../port.ts';
import { checkEntry, checkKey, TABLE_NAMES, TABLE_SPECS } from '../tables/specs.ts';
import type { Kept } from './kept.ts';

export function memoryTables(kept: Kept): Tables {
  const maps = new Map<TableName, Map<string, Uint8Array>>();
  for (const table of TABLE_NAMES) {
    const pairs = kept.load(table).map(([key, value]) => [key, fromHex(value)] as const);
    maps.set(table, new Map(pairs));
  }
  const mapOf = (table: TableName) => maps.get(table) ?? new Map<string, Uint8Array>();
  const save = (table: TableName) => {
    const pairs = [...mapOf(table)].map(([key, value]) => [key, toHex(value)] as const);
    kept.save(table, pairs);
  };

  function putOne(table: TableName, { key, value }: Entry): void {
    const { kind, maxEntries } = TABLE_SPECS[table];
    const map = mapOf(table);
    const name = toHex(key);
    if (kind === 'array' && value.every((byte) => byte === 0)) {
      map.delete(name);
      return;
    }
    if (!map.has(name) && map.size >= maxEntries) {
      throw berthError('BERTH_DATAPATH_FULL', { table, max: maxEntries });
    }
    map.set(name, value.slice());
  }

  return {
    put(table, entries) {
      for (const entry of entries) checkEntry(table, entry);
      try {
        for (const entry of entries) putOne(table, entry);
      } finally {
        save(table);
      }
    },
    remove(table, keys) {
      for (const key of keys) checkKey(table, key);
      try {
        for (const key of keys) {
          const isThere = mapOf(table).delete(toHex(key));
          if (!isThere && TABLE_SPECS[table].kind !== 'array') {
            throw berthError('BERTH_DATAPATH_UNKNOWN_KEY', { table });
          }
        }
      } finally {
        save(table);
      }
    },
    read(table, keys) {
      for (const key of keys) checkKey(table, key);
      return keys.map((key) => mapOf(table).get(toHex(key))?.slice() ?? null);
    },
    dump(table) {
      const entries = [...mapOf(table)];
      return entries.map(([key, value]) => ({ key: fromHex(key), value: value.slice() }));
    },
  };
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
