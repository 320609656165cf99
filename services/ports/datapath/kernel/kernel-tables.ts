/** The tables as maps in the kernel, one call a batch. */
import { berthError } from '../../../contract/errors.ts';
import type { Entry, TableName, Tables } from '../port.ts';
import { badEntry } from '../tables/bytes.ts';
import { MAPS } from '../tables/layout.gen.ts';
import { checkEntry, checkKey, TABLE_SPECS } from '../tables/specs.ts';
import { E2BIG, ENOENT, ENOSPC, errnoName, isErrno } from './errno.ts';
import type { KernelObjects } from './objects.ts';

/** Room for a first dump; a bigger one is asked for again with what it needs. */
const DUMP_ENTRIES = 4096;
const SLOT_BYTES = MAPS.slots.valueSize;

export function kernelTables(objects: KernelObjects): Tables {
  const { library } = objects;
  const map = (table: TableName) => objects.map(TABLE_SPECS[table].mapName);

  function put(table: TableName, entries: readonly Entry[]): void {
    for (const entry of entries) checkEntry(table, entry);
    const { keySize, valueSize, maxEntries } = TABLE_SPECS[table];
    const keys = joined(
      entries.map((entry) => entry.key),
      keySize,
    );
    const values = joined(
      entries.map((entry) => entry.value),
      valueSize,
    );
    const result = library.mapUpdateBatch(map(table), keys, values, counted(entries.length));
    if (isErrno(result, E2BIG) || isErrno(result, ENOSPC)) {
      throw berthError('BERTH_DATAPATH_FULL', { table, max: maxEntries });
    }
    if (result < 0) throw badEntry(table, errnoName(result));
  }

  function remove(table: TableName, keys: readonly Uint8Array[]): void {
    for (const key of keys) checkKey(table, key);
    const { kind, keySize, valueSize } = TABLE_SPECS[table];
    if (kind === 'array') {
      put(
        table,
        keys.map((key) => ({ key, value: new Uint8Array(valueSize) })),
      );
      return;
    }
    const result = library.mapDeleteBatch(map(table), joined(keys, keySize), counted(keys.length));
    if (isErrno(result, ENOENT)) throw berthError('BERTH_DATAPATH_UNKNOWN_KEY', { table });
    if (result < 0) throw badEntry(table, errnoName(result));
  }

  function read(table: TableName, keys: readonly Uint8Array[]): (Uint8Array | null)[] {
    for (const key of keys) checkKey(table, key);
    const { kind, keySize, valueSize } = TABLE_SPECS[table];
    const values = new Uint8Array(keys.length * valueSize);
    const found = new Uint8Array(keys.length);
    const all = joined(keys, keySize);
    const result = library.mapLookupBatch(map(table), all, values, found, keys.length);
    if (result < 0) throw badEntry(table, errnoName(result));
    return keys.map((_, index) => {
      const value = values.slice(index * valueSize, (index + 1) * valueSize);
      const isThere = found[index] === 1 && (kind !== 'array' || value.some((byte) => byte !== 0));
      return isThere ? value : null;
    });
  }

  function dump(table: TableName): Entry[] {
    const { keySize, valueSize, maxEntries } = TABLE_SPECS[table];
    let room = Math.min(maxEntries, DUMP_ENTRIES);
    for (;;) {
      const keys = new Uint8Array(room * keySize);
      const values = new Uint8Array(room * valueSize);
      const count = counted(room);
      const result = library.mapDump(map(table), keys, values, count);
      const length = count[0] ?? 0;
      if (result === 0) {
        return Array.from({ length }, (_, index) => ({
          key: keys.slice(index * keySize, (index + 1) * keySize),
          value: values.slice(index * valueSize, (index + 1) * valueSize),
        }));
      }
      if (!isErrno(result, ENOSPC) || length <= room) throw badEntry(table, errnoName(result));
      room = length;
    }
  }

  function clearSlots(first: number, count: number): void {
    const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, i) => first + i).buffer);
    const words = new Uint8Array(count * SLOT_BYTES);
    const result = library.mapUpdateBatch(objects.map('slots'), keys, words, counted(count));
    if (result < 0)
      throw badEntry('pods', `slots ${first}, ${count} of them: ${errnoName(result)}`);
  }

  return { put, remove, read, dump, clearSlots };
}

function counted(count: number): Uint32Array {
  return Uint32Array.of(count);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(parts.length * size);
  parts.forEach((part, index) => {
    bytes.set(part, index * size);
  });
  return bytes;
}
