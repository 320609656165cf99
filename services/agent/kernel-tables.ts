/**
 * Wanted against present: everything that changes the kernel's tables goes through here, as a
 * difference in safe order, read back. What is there but known to nobody (a stranger) is touched
 * only where the caller says so.
 */
import type { PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';
import type { TableName, Tables } from '../ports/datapath/port.ts';
import { decodeAddress } from '../ports/datapath/tables/addresses.ts';
import type { LocalAttachment } from './pod-attachment.ts';
import { createTableWriter } from './table-writer.ts';
import { type Content, type Ref, refsOf, TABLE_NAMES } from './tables/content.ts';
import { decoded, kernelView } from './tables/kernel-view.ts';
import { createNodeTables, type NodeTables, type NodeTablesInit } from './tables/node-tables.ts';
import { planSteps } from './tables/plan.ts';
import type { Step } from './tables/step.ts';

export type Resources = ReadonlyMap<string, Uint8Array | null>;

/** How many entries were repaired, by table. */
export type Repairs = Readonly<Partial<Record<TableName, number>>>;

/** Each call throws BERTH_DATAPATH_* or BERTH_AGENT_READ_BACK when the kernel did not follow. */
export interface KernelTables extends Pick<NodeTables, 'podState' | 'mapped'> {
  /** All that is known at the start, as one change; strangers stay. Call once, first. */
  adopt(resources: Resources, attachments: readonly LocalAttachment[]): void;
  /** Null: gone. `all`: strangers go as well. */
  setResources(touched: Resources, which: 'touched' | 'all'): void;
  /** Which addresses this node owns may have changed. */
  followOwnership(): void;
  /** The addresses that it owns, as last read from the kernel. */
  owned(): ReadonlySet<IpAddress>;
  /** `also` are places that shall be as wanted too, strangers or not. */
  setAttachment(uid: PodUid, attachment: LocalAttachment | null, also?: readonly Ref[]): void;
  /** Reads everything, and repairs what is not as it shall be. */
  repair(strangers: 'keep' | 'remove'): Repairs;
  /** By table, as last read back. */
  heldEntries(): Readonly<Record<TableName, number>>;
}

/** Reads what the kernel has; changes nothing yet. */
export function openKernelTables(init: NodeTablesInit, tables: Tables): KernelTables {
  const writer = createTableWriter(tables);
  const { present } = writer;
  const shall = createNodeTables(init, present.pods);
  writer.reload();

  // Places where the kernel did not follow. The next change takes them along: what it builds on
  // may be among them.
  let behind: readonly Ref[] = [];

  function write(refs: readonly Ref[]): Step[] {
    const due = [...behind, ...refs];
    behind = due;
    const steps = planSteps(due, shall.wanted, present);
    writer.write(steps);
    behind = [];
    return steps;
  }

  return {
    podState: shall.podState,
    mapped: shall.mapped,
    adopt(resources, attachments) {
      shall.setResources(resources, kernelView(present));
      for (const attachment of attachments) shall.setAttachment(attachment.uid, attachment);
      write(refsOf(shall.all()));
    },
    setResources(touched, which) {
      const refs = shall.setResources(touched, kernelView(present));
      write(which === 'touched' ? refs : refsOf(present, shall.all()));
    },
    setAttachment(uid, attachment, also = []) {
      const before = shall.attachment(uid);
      const refs = shall.setAttachment(uid, attachment);
      try {
        write([...refs, ...also]);
      } catch (error) {
        // What could not be taken away is still there, and still wanted until it can.
        if (attachment === null) shall.setAttachment(uid, before);
        throw error;
      }
    },
    followOwnership() {
      write(shall.ownershipChanged());
    },
    owned: () => ownedIn(present),
    heldEntries() {
      const counts = TABLE_NAMES.map((table) => [table, present[table].size]);
      return Object.fromEntries(counts) as Record<TableName, number>;
    },
    repair(strangers) {
      writer.reload();
      const all = shall.all();
      return counts(write(strangers === 'remove' ? refsOf(present, all) : refsOf(all)));
    },
  };
}

function ownedIn({ addresses }: Content): Set<IpAddress> {
  return new Set(
    decoded(addresses, decodeAddress).flatMap(({ natAddress, owned }) =>
      owned ? [natAddress] : [],
    ),
  );
}

function counts(steps: readonly Step[]): Repairs {
  const result: Partial<Record<TableName, number>> = {};
  for (const step of steps) {
    if (step.kind === 'clear') continue;
    const count = step.kind === 'put' ? step.entries.length : step.keys.length;
    result[step.table] = (result[step.table] ?? 0) + count;
  }
  return result;
}
