/** Cases of the Datapath's suite: tables, entry by entry. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { parseCidr } from '../../../contract/cidr.ts';
import type { Entry, TableName } from '../port.ts';
import { policyKey } from '../tables/policies.ts';
import { TABLE_NAMES, TABLE_SPECS } from '../tables/specs.ts';
import { contents, MAKERS, made, texts } from './entries.ts';
import type { DatapathHarness } from './harness.ts';

const COUNTED_TABLES: readonly TableName[] = ['blocks', 'nodes', 'config'];
const KEYED_TABLES = TABLE_NAMES.filter((table) => !COUNTED_TABLES.includes(table));
const some = (table: TableName) => made(table, Math.min(10, TABLE_SPECS[table].maxEntries));

export const tableCases: ConformanceCases<DatapathHarness> = {
  async 'starts with empty tables'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) expect(tables.dump(table)).toEqual([]);
  },

  async 'reads back what was put, in every table'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) {
      const entries = some(table);
      tables.put(table, entries);
      const keys = entries.map(({ key }) => key);
      expect(tables.read(table, keys)).toEqual(entries.map(({ value }) => value));
      expect(contents(tables, table)).toEqual(texts(entries));
    }
  },

  async 'takes an empty batch for nothing to do'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) {
      tables.put(table, []);
      tables.remove(table, []);
      expect(tables.read(table, [])).toEqual([]);
      expect(tables.dump(table)).toEqual([]);
    }
  },

  async 'takes a batch twice as if once'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) {
      tables.put(table, some(table));
      tables.put(table, some(table));
      expect(contents(tables, table)).toEqual(texts(some(table)));
    }
  },

  async 'replaces the value of a key; the last of a batch stays'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) {
      const { key, value } = MAKERS[table](0);
      const other = value.slice().fill(0x5a);
      tables.put(table, [{ key, value }]);
      tables.put(table, [
        { key, value },
        { key, value: other },
      ]);
      expect(tables.read(table, [key])).toEqual([other]);
    }
  },

  async 'keeps what it was given, whatever becomes of the caller’s bytes'({ opened: { tables } }) {
    const entry = MAKERS.pods(1);
    const { key, value } = MAKERS.pods(1);
    tables.put('pods', [entry]);
    entry.value.fill(0);
    tables.read('pods', [key])[0]?.fill(0);
    expect(tables.read('pods', [key])).toEqual([value]);
  },

  async 'answers null for a key that is not there'({ opened: { tables } }) {
    for (const table of KEYED_TABLES) {
      tables.put(table, [MAKERS[table](0)]);
      const keys = [MAKERS[table](1).key, MAKERS[table](0).key];
      expect(tables.read(table, keys)).toEqual([null, MAKERS[table](0).value]);
    }
    tables.put('blocks', [MAKERS.blocks(0)]);
    expect(tables.read('blocks', [MAKERS.blocks(1).key])).toEqual([null]);
  },

  async 'reads a prefix as itself, not as one that covers it'({ opened: { tables } }) {
    const value = new Uint8Array(TABLE_SPECS.policies.valueSize).fill(1);
    const keyOf = (cidr: string) => policyKey(2, parseCidr(cidr));
    const cidrs = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '192.0.2.0/24'];
    tables.put(
      'policies',
      cidrs.map((cidr) => ({ key: keyOf(cidr), value })),
    );
    const strangers = ['10.1.2.0/24', '10.1.2.4/32', '10.0.0.0/9', '10.0.0.0/7', '192.0.2.0/25'];
    expect(tables.read('policies', cidrs.map(keyOf))).toEqual(cidrs.map(() => value));
    expect(tables.read('policies', strangers.map(keyOf))).toEqual(strangers.map(() => null));
  },

  async 'knows a prefix by the bits that it has, whatever comes after them'({
    opened: { tables },
  }) {
    const [first, second, third] = made('policies', 3) as [Entry, Entry, Entry];
    const keyOf = (lastByte: number) => {
      const key = policyKey(2, parseCidr('192.0.2.0/25'));
      key[key.length - 1] = lastByte;
      return key;
    };
    tables.put('policies', [
      { key: keyOf(0), value: first.value },
      { key: keyOf(0x80), value: second.value },
    ]);
    tables.put('policies', [{ key: keyOf(0x7f), value: third.value }]);
    expect(tables.read('policies', [keyOf(1), keyOf(0xff)])).toEqual([third.value, second.value]);
    expect(tables.dump('policies')).toHaveLength(2);
    tables.remove('policies', [keyOf(2)]);
    expect(tables.read('policies', [keyOf(0), keyOf(0x81)])).toEqual([null, second.value]);
  },

  async 'removes keys, and no others'({ opened: { tables } }) {
    for (const table of KEYED_TABLES) {
      const [first, second, third] = made(table, 3) as [never, never, never];
      tables.put(table, [first, second, third]);
      tables.remove(
        table,
        [first, third].map(({ key }) => key),
      );
      expect(contents(tables, table)).toEqual(texts([second]));
    }
  },

  async 'refuses to remove an unknown key; those before it are gone'({ opened: { tables } }) {
    for (const table of KEYED_TABLES) {
      const [first, second, third] = made(table, 3) as [never, never, never];
      tables.put(table, [first, third]);
      const keys = [first, second, third].map(({ key }) => key);
      expect(() => tables.remove(table, keys)).toThrow('BERTH_DATAPATH_UNKNOWN_KEY');
      expect(contents(tables, table)).toEqual(texts([third]));
    }
  },

  async 'empties an element of a counted table, as often as asked'({ opened: { tables } }) {
    for (const table of COUNTED_TABLES) {
      tables.put(table, some(table));
      const keys = some(table).map(({ key }) => key);
      tables.remove(table, keys);
      tables.remove(table, keys);
      expect(tables.read(table, keys)).toEqual(keys.map(() => null));
      expect(tables.dump(table)).toEqual([]);
    }
  },

  async 'refuses keys and values of a wrong size, with the whole batch'({ opened: { tables } }) {
    for (const table of TABLE_NAMES) {
      const good = MAKERS[table](0);
      for (const change of [-1, 1]) {
        const key = new Uint8Array(good.key.length + change);
        const value = new Uint8Array(good.value.length + change);
        const badKey = [good, { key, value: good.value }];
        const badValue = [good, { key: good.key, value }];
        expect(() => tables.put(table, badKey)).toThrow('BERTH_DATAPATH_BAD_ENTRY');
        expect(() => tables.put(table, badValue)).toThrow('BERTH_DATAPATH_BAD_ENTRY');
        expect(() => tables.remove(table, [key])).toThrow('BERTH_DATAPATH_BAD_ENTRY');
        expect(() => tables.read(table, [key])).toThrow('BERTH_DATAPATH_BAD_ENTRY');
      }
      expect(tables.dump(table)).toEqual([]);
    }
  },

  async 'refuses an element that is not in a counted table'({ opened: { tables } }) {
    for (const table of COUNTED_TABLES) {
      const { maxEntries, valueSize } = TABLE_SPECS[table];
      const key = new Uint8Array(Uint32Array.of(maxEntries).buffer);
      const entry = { key, value: new Uint8Array(valueSize).fill(1) };
      expect(() => tables.put(table, [entry])).toThrow('BERTH_DATAPATH_BAD_ENTRY');
      expect(() => tables.remove(table, [key])).toThrow('BERTH_DATAPATH_BAD_ENTRY');
    }
  },

  async 'refuses a prefix longer than an address'({ opened: { tables } }) {
    for (const table of ['policies', 'localPods'] as const) {
      const { key, value } = MAKERS[table](0);
      key[0] = 161;
      expect(() => tables.put(table, [{ key, value }])).toThrow('BERTH_DATAPATH_BAD_ENTRY');
    }
  },

  async 'takes as many entries as a table holds, in one batch'({ opened: { tables } }) {
    for (const table of TABLE_NAMES.filter((name) => name !== 'config')) {
      const entries = made(table, TABLE_SPECS[table].maxEntries);
      tables.put(table, entries);
      expect(tables.dump(table)).toHaveLength(entries.length);
      const last = entries.slice(-100);
      const read = tables.read(
        table,
        last.map(({ key }) => key),
      );
      expect(read).toEqual(last.map(({ value }) => value));
    }
  },

  async 'refuses one entry more than a table holds, and loses nothing'({ opened: { tables } }) {
    for (const table of KEYED_TABLES) {
      const max = TABLE_SPECS[table].maxEntries;
      const entries = made(table, max);
      tables.put(table, entries);
      // Of addresses and policies the maker's number must stay in its field.
      const extra = { key: MAKERS.pods(max).key, value: MAKERS[table](0).value };
      const entry = table === 'addresses' ? extra : MAKERS[table](max);
      expect(() => tables.put(table, [entry])).toThrow('BERTH_DATAPATH_FULL');
      expect(contents(tables, table)).toEqual(texts(entries));
    }
  },

  async 'replaces entries of a full table, and takes another once one is gone'({
    opened: { tables },
  }) {
    for (const table of ['addresses', 'localPods'] as const) {
      const entries = made(table, TABLE_SPECS[table].maxEntries);
      const [first] = entries as [never];
      tables.put(table, entries);
      tables.put(table, entries);
      const { key } = first;
      tables.remove(table, [key]);
      tables.put(table, [first]);
      expect(contents(tables, table)).toEqual(texts(entries));
    }
  },
};
