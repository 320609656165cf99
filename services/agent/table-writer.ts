/**
 * Writes steps into the datapath's tables and reads back what was written, before the next step.
 * Keeps what the tables hold, as last read from them, so that nothing is written twice and a
 * difference can be found without reading everything.
 */
import { berthError } from '../contract/errors.ts';
import type { TableName, Tables } from '../ports/datapath/port.ts';
import {
  type Content,
  emptyContent,
  keyText,
  type Ref,
  sameBytes,
  TABLE_NAMES,
} from './tables/content.ts';
import type { Step } from './tables/step.ts';

export interface TableWriter {
  /** What the tables held when last read. */
  readonly present: Content;
  /**
   * In order; stops at the first that fails, with what it changed known in `present`.
   * @throws BERTH_DATAPATH_*, BERTH_AGENT_READ_BACK
   */
  write(steps: readonly Step[]): void;
  /** Reads all tables. Answers the places that were not as they were thought to be. */
  reload(): Ref[];
}

export function createTableWriter(tables: Tables): TableWriter {
  const present = emptyContent();

  function note(table: TableName, keys: readonly Uint8Array[]): (Uint8Array | null)[] {
    const values = tables.read(table, keys);
    keys.forEach((key, index) => {
      const value = values[index] ?? null;
      if (value === null) present[table].delete(keyText(key));
      else present[table].set(keyText(key), new Uint8Array(value));
    });
    return values;
  }

  function change(table: TableName, keys: readonly Uint8Array[], call: () => void): void {
    try {
      call();
    } catch (error) {
      note(table, keys);
      throw error;
    }
  }

  function writeStep(step: Step): void {
    if (step.kind === 'clear') {
      tables.clearSlots(step.first, step.count);
      return;
    }
    const { table } = step;
    if (step.kind === 'put') {
      const keys = step.entries.map(({ key }) => key);
      change(table, keys, () => tables.put(table, step.entries));
      const held = note(table, keys);
      if (!step.entries.every(({ value }, i) => sameBytes(value, held[i] ?? null))) {
        throw berthError('BERTH_AGENT_READ_BACK', { table });
      }
      return;
    }
    // What is gone already needs no removal, whoever took it.
    const there = note(table, step.keys);
    const keys = step.keys.filter((_, i) => there[i] !== null);
    if (keys.length === 0) return;
    change(table, keys, () => tables.remove(table, keys));
    if (note(table, keys).some((value) => value !== null)) {
      throw berthError('BERTH_AGENT_READ_BACK', { table });
    }
  }

  return {
    present,
    write(steps) {
      for (const step of steps) writeStep(step);
    },
    reload() {
      const changed: Ref[] = [];
      for (const table of TABLE_NAMES) {
        const held = new Map(tables.dump(table).map(({ key, value }) => [keyText(key), value]));
        const known = present[table];
        for (const key of new Set([...known.keys(), ...held.keys()])) {
          const value = held.get(key) ?? null;
          if (sameBytes(known.get(key) ?? null, value)) continue;
          changed.push({ table, key });
          if (value === null) known.delete(key);
          else known.set(key, new Uint8Array(value));
        }
      }
      return changed;
    },
  };
}
