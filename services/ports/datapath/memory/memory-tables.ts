/**
 * The tables as maps in memory, entry by entry as strict as the kernel's. An entry is known by its
 * key; in the prefix tables by what of the key counts, which is all up to the prefix's length.
 */
import { berthError } from '../../../contract/errors.ts';
import type { Entry, TableName, Tables } from '../port.ts';
import { numberOfKey } from '../tables/bytes.ts';
import { checkEntry, checkKey, TABLE_NAMES, TABLE_SPECS } from '../tables/specs.ts';
import type { Kept } from './kept.ts';
import type { MemorySlots } from './memory-slots.ts';
import { type Prefix, prefixOf, prefixTable } from './prefix-table.ts';
import type { Contents } from './programs/lookup.ts';

export interface MemoryTables extends Tables {
  readonly contents: Contents;
}

/** A length before the prefix itself. */
const LENGTH_BYTES = 4;

export function memoryTables(kept: Kept, slots: MemorySlots): MemoryTables {
  const maps = new Map<TableName, Map<string, Entry>>();
  const prefixes = new Map<TableName, ReturnType<typeof prefixTable<Uint8Array>>>();
  const mapOf = (table: TableName) => maps.get(table) ?? new Map<string, Entry>();
  const save = (table: TableName) => {
    prefixes.delete(table);
    const entries = [...mapOf(table).values()];
    kept.save(
      table,
      entries.map(({ key, value }) => [toHex(key), toHex(value)]),
    );
  };
  for (const table of TABLE_NAMES) {
    const entries = kept.load(table).map(([key, value]) => entryOf(fromHex(key), fromHex(value)));
    maps.set(table, new Map(entries.map((entry) => [nameOf(table, entry.key), entry])));
  }

  function putOne(table: TableName, { key, value }: Entry): void {
    const { kind, maxEntries } = TABLE_SPECS[table];
    const map = mapOf(table);
    const name = nameOf(table, key);
    if (kind === 'array' && value.every((byte) => byte === 0)) {
      map.delete(name);
      return;
    }
    if (!map.has(name) && map.size >= maxEntries) {
      throw berthError('BERTH_DATAPATH_FULL', { table, max: maxEntries });
    }
    map.set(name, entryOf(key, value));
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
          const isThere = mapOf(table).delete(nameOf(table, key));
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
      return keys.map((key) => mapOf(table).get(nameOf(table, key))?.value.slice() ?? null);
    },
    clearSlots: slots.clear,
    dump: (table) => [...mapOf(table).values()].map(({ key, value }) => entryOf(key, value)),
    contents: {
      exact: (table, key) => mapOf(table).get(key)?.value ?? null,
      longest(table, key) {
        let known = prefixes.get(table);
        if (known === undefined) {
          known = prefixTable(
            [...mapOf(table).values()].map(({ key, value }) => {
              return { ...prefixIn(key), value };
            }),
          );
          prefixes.set(table, known);
        }
        return known(key);
      },
    },
  };
}

function nameOf(table: TableName, key: Uint8Array): string {
  if (TABLE_SPECS[table].kind !== 'lpm-trie') return toHex(key);
  const { bits, digits, rest } = prefixIn(key);
  return `${bits}/${digits}${rest}`;
}

function prefixIn(key: Uint8Array): Prefix {
  const bits = numberOfKey('policies', key.subarray(0, LENGTH_BYTES));
  return prefixOf(toHex(key.subarray(LENGTH_BYTES)), bits);
}

function entryOf(key: Uint8Array, value: Uint8Array): Entry {
  return { key: key.slice(), value: value.slice() };
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
