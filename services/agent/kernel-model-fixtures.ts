/**
 * A model of the kernel's tables for the tests of this folder: as strict as the port says, with
 * room as the test says, and a look at it after every single entry that changes, since a packet
 * or a crash may come between any two.
 */
import { berthError } from '../contract/errors.ts';
import type { Entry, Hooks, ProgramName, TableName, Tables } from '../ports/datapath/port.ts';
import { type Content, emptyContent, entriesOf, keyText, sameBytes } from './tables/content.ts';

export interface KernelModel {
  readonly tables: Tables;
  readonly hooks: Hooks;
  readonly content: Content;
  /** Called after each entry that was put or removed. */
  onStep: () => void;
  /** Entries that changed since the model was made. */
  readonly writes: number;
  /** Table -> most entries. */
  readonly room: Map<TableName, number>;
  /** The change after so many fails, and all behind it until this is set again; null: none. */
  failAfter: number | null;
  readonly interfaces: Map<string, number>;
  readonly attached: Set<string>;
}

const ARRAYS: readonly TableName[] = ['blocks', 'nodes', 'config'];

export function createKernelModel(): KernelModel {
  const content = emptyContent();
  let writes = 0;

  function step(): void {
    writes += 1;
    model.onStep();
  }

  function mayFail(table: TableName): void {
    if (model.failAfter === null) return;
    model.failAfter -= 1;
    if (model.failAfter >= 0) return;
    throw berthError('BERTH_DATAPATH_FULL', { table, max: content[table].size });
  }

  function putOne(table: TableName, { key, value }: Entry): void {
    mayFail(table);
    const text = keyText(key);
    const max = model.room.get(table) ?? Number.POSITIVE_INFINITY;
    if (!content[table].has(text) && content[table].size >= max) {
      throw berthError('BERTH_DATAPATH_FULL', { table, max });
    }
    content[table].set(text, new Uint8Array(value));
    step();
  }

  function removeOne(table: TableName, key: Uint8Array): void {
    mayFail(table);
    const was = content[table].delete(keyText(key));
    if (!was && !ARRAYS.includes(table)) throw berthError('BERTH_DATAPATH_UNKNOWN_KEY', { table });
    step();
  }

  const model: KernelModel = {
    content,
    onStep: () => undefined,
    get writes() {
      return writes;
    },
    room: new Map(),
    failAfter: null,
    interfaces: new Map(),
    attached: new Set(),
    tables: {
      put(table, entries) {
        for (const entry of entries) putOne(table, entry);
      },
      remove(table, keys) {
        for (const key of keys) removeOne(table, key);
      },
      read: (table, keys) => keys.map((key) => content[table].get(keyText(key)) ?? null),
      dump: (table) => entriesOf(content[table]),
      clearSlots: () => undefined,
    },
    hooks: hooksOf(() => model),
  };
  return model;
}

function hooksOf(model: () => Pick<KernelModel, 'interfaces' | 'attached'>): Hooks {
  function indexOf(program: ProgramName, interfaceName: string): number {
    const index = model().interfaces.get(interfaceName);
    if (index !== undefined) return index;
    const reason = 'no such interface';
    throw berthError('BERTH_DATAPATH_ATTACH', { program, interface: interfaceName, reason });
  }
  return {
    async attach(program, interfaceName) {
      indexOf(program, interfaceName);
      model().attached.add(`${program} ${interfaceName}`);
    },
    detach: async (program, interfaceName) => {
      model().attached.delete(`${program} ${interfaceName}`);
    },
    attachments: () =>
      [...model().attached].map((text) => {
        const [program, interfaceName = ''] = text.split(' ');
        return { program: program as ProgramName, interfaceName, first: true };
      }),
    interfaceIndex: (interfaceName) => indexOf('pod', interfaceName),
  };
}

export function copyOf(content: Content): Content {
  const copy = emptyContent();
  for (const [table, entries] of Object.entries(content)) {
    for (const [key, value] of entries) copy[table as TableName].set(key, value);
  }
  return copy;
}

export function differsFrom(a: Content, b: Content): string[] {
  return Object.keys(a).flatMap((name) => {
    const table = name as TableName;
    const keys = new Set([...a[table].keys(), ...b[table].keys()]);
    return [...keys]
      .filter((key) => !sameBytes(a[table].get(key) ?? null, b[table].get(key) ?? null))
      .map((key) => `${table}/${key}`);
  });
}
