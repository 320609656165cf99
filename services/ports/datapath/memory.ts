/**
 * The datapath's twin in memory: the same tables, byte for byte and as strict as the kernel's, and
 * the same programs, written a second time, which see the packets that they are given. Attachments
 * attach nothing.
 *
 * With `pinDir`, tables and attachments are kept in files there, as pins would keep them. A `fault`
 * lets a test fail any call as a kernel might.
 */
import { berthError } from '../../contract/errors.ts';
import { KEPT_NOWHERE, keptInFolder, removeKept } from './memory/kept.ts';
import { keptCounters } from './memory/memory-counters.ts';
import { memoryEvents } from './memory/memory-events.ts';
import { memoryGateway } from './memory/memory-gateway.ts';
import { memoryHooks } from './memory/memory-hooks.ts';
import { memoryPackets } from './memory/memory-packets.ts';
import { memorySlots } from './memory/memory-slots.ts';
import { memoryTables } from './memory/memory-tables.ts';
import type { PacketDatapath } from './packet-runner.ts';
import type { ProgramName, TableName } from './port.ts';

export type MemoryCall =
  | { readonly call: 'put' | 'remove' | 'read' | 'dump'; readonly table: TableName }
  | { readonly call: 'attach' | 'detach'; readonly program: ProgramName; readonly on: string };

export interface MemoryInit {
  /** Where to keep everything. @default nowhere */
  readonly pinDir?: string;
  /** The interfaces that there are. @default every name is one */
  readonly interfaces?: readonly string[];
  /** Asked before each call; what it answers is thrown, and the call is not made. @default none */
  readonly fault?: (call: MemoryCall) => Error | null;
}

/** Removes what a twin kept there; answers what there was. */
export async function removeMemoryDatapath(pinDir: string): Promise<readonly string[]> {
  return removeKept(pinDir);
}

export function memoryDatapath(init: MemoryInit = {}): PacketDatapath {
  const kept = init.pinDir === undefined ? KEPT_NOWHERE : keptInFolder(init.pinDir);
  const slots = memorySlots(kept);
  const tables = memoryTables(kept, slots);
  const hooks = memoryHooks(kept, init.interfaces ?? null);
  const counters = keptCounters(kept);
  const gateway = memoryGateway(kept);
  const events = memoryEvents();
  const { count } = counters;
  const { tell } = events;
  const packets = memoryPackets(tables.contents, slots, gateway, { count, tell });
  let isClosed = false;
  const check = (call?: MemoryCall) => {
    if (isClosed) throw berthError('BERTH_DATAPATH_CLOSED', {});
    const fault = call === undefined ? null : (init.fault?.(call) ?? null);
    if (fault !== null) throw fault;
  };
  const guarded = <Args extends unknown[], Answer>(call: (...args: Args) => Answer) => {
    return (...args: Args): Answer => {
      check();
      return call(...args);
    };
  };
  return {
    kind: 'memory',
    tables: {
      put(table, entries) {
        check({ call: 'put', table });
        tables.put(table, entries);
      },
      remove(table, keys) {
        check({ call: 'remove', table });
        tables.remove(table, keys);
      },
      read(table, keys) {
        check({ call: 'read', table });
        return tables.read(table, keys);
      },
      dump(table) {
        check({ call: 'dump', table });
        return tables.dump(table);
      },
      clearSlots: guarded(tables.clearSlots),
    },
    hooks: {
      async attach(program, on) {
        check({ call: 'attach', program, on });
        await hooks.attach(program, on);
      },
      async detach(program, on) {
        check({ call: 'detach', program, on });
        await hooks.detach(program, on);
      },
      attachments: guarded(hooks.attachments),
      interfaceIndex: guarded(hooks.interfaceIndex),
    },
    gateway: {
      setLease: guarded(gateway.setLease),
      lease: guarded(gateway.lease),
      heartbeatSeenNs: guarded(gateway.heartbeatSeenNs),
    },
    events: { take: guarded(events.take), lost: guarded(events.lost) },
    counters: guarded(counters.read),
    slots: {
      read: guarded(slots.read),
      write: guarded(slots.write),
    },
    packets: {
      run(program, frames) {
        check();
        const outcomes = packets.run(program, frames);
        counters.save();
        slots.save();
        return outcomes;
      },
    },
    announce({ interfaceName }) {
      check();
      if (init.interfaces?.includes(interfaceName) ?? true) return;
      const reason = 'no such interface';
      throw berthError('BERTH_DATAPATH_ANNOUNCE', { interface: interfaceName, reason });
    },
    close() {
      isClosed = true;
    },
  };
}
