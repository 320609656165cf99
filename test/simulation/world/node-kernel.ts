/**
 * One node's kernel: the memory twin of the datapath, which outlives every agent and goes on with
 * what it has. Shows each single entry that changes, since a packet may come between any two;
 * refuses calls, or takes the agent's life between two entries, as the faults say.
 */

import { berthError } from '../../../services/contract/errors.ts';
import type { NodeName } from '../../../services/contract/identity.ts';
import { memoryDatapath } from '../../../services/ports/datapath/memory.ts';
import type { Datapath, Entry, TableName, Tables } from '../../../services/ports/datapath/port.ts';
import { endLife, type Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface NodeKernel {
  readonly node: NodeName;
  /** As one incarnation of the agent sees it. */
  open(life: Life): Pick<Datapath, 'tables' | 'hooks'>;
  dump(table: TableName): readonly Entry[];
  /** The machine starts anew. */
  reboot(): void;
}

export type OnKernelChange = (kernel: NodeKernel, table: TableName) => void;

export function createNodeKernel(
  node: NodeName,
  surroundings: Surroundings,
  onChange: OnKernelChange,
): NodeKernel {
  const { dice } = surroundings;
  let datapath = memoryDatapath();

  function each(life: Life, table: TableName, work: () => void): void {
    requireAlive(life);
    if (dice.chance(surroundings.faults.agentDiesInKernel)) {
      surroundings.history.tell(node, 'dies between two entries');
      endLife(life);
      requireAlive(life);
    }
    work();
    onChange(kernel, table);
  }

  function mayRefuse(table: TableName): void {
    if (!dice.chance(surroundings.faults.kernelRefuses)) return;
    throw berthError('BERTH_DATAPATH_FULL', { table, max: 0 });
  }

  function tablesOf(life: Life): Tables {
    return {
      put(table, entries) {
        mayRefuse(table);
        for (const entry of entries) {
          each(life, table, () => datapath.tables.put(table, [entry]));
        }
      },
      remove(table, keys) {
        mayRefuse(table);
        for (const key of keys) {
          each(life, table, () => datapath.tables.remove(table, [key]));
        }
      },
      read: (table, keys) => datapath.tables.read(table, keys),
      dump: (table) => datapath.tables.dump(table),
      clearSlots: (first, count) => datapath.tables.clearSlots(first, count),
    };
  }

  const kernel: NodeKernel = {
    node,
    open: (life) => ({ tables: tablesOf(life), hooks: datapath.hooks }),
    dump: (table) => datapath.tables.dump(table),
    reboot() {
      datapath = memoryDatapath();
      onChange(kernel, 'pods');
    },
  };
  return kernel;
}

function requireAlive(life: Life): void {
  if (!life.alive) throw new Error(`${life.name} is dead`);
}
