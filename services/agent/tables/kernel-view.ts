/**
 * What the kernel's tables say of the numbers in use: which policy set, address index or node
 * index stands for which content. Read from the tables themselves, so that it needs no file and
 * cannot disagree with them. Made when first asked after a change, since it reads whole tables.
 */
import { createHash } from 'node:crypto';
import type { Entry } from '../../ports/datapath/port.ts';
import { decodeAddress } from '../../ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../../ports/datapath/tables/blocks.ts';
import { decodeNode } from '../../ports/datapath/tables/nodes.ts';
import { decodePod } from '../../ports/datapath/tables/pods.ts';
import {
  decodePolicyEntry,
  isGuardSet,
  type PolicyEntry,
} from '../../ports/datapath/tables/policies.ts';
import { type Content, entriesOf } from './content.ts';
import type { KernelIndices } from './index-book.ts';

export interface KernelView {
  readonly policySets: KernelIndices;
  readonly addresses: KernelIndices;
  readonly nodes: KernelIndices;
}

export function kernelView(present: Content): KernelView {
  return {
    policySets: lazily(() => policySetsIn(present)),
    addresses: lazily(() => addressesIn(present)),
    nodes: lazily(() => nodesIn(present)),
  };
}

/** What a policy set says, whatever its number: equal sets have equal texts. */
export function policyContent(entries: readonly Omit<PolicyEntry, 'policySet'>[]): string {
  const texts = entries.map(({ cidr, verdict, rules }) => {
    const ports = rules.map(({ protocol, from, to, observed = false }) => {
      return [protocol, from, to, observed];
    });
    return JSON.stringify([cidr, verdict, ports]);
  });
  return createHash('sha256').update(texts.sort().join('\n')).digest('base64');
}

/** Blocks of another size lie in other places, so an address of another size is another one. */
export function addressContent(natAddress: string, sizeLog2: number): string {
  return `${natAddress} ${sizeLog2}`;
}

interface Found {
  readonly byContent: Map<string, number>;
  readonly used: Set<number>;
}

function lazily(read: () => Found): KernelIndices {
  let found: Found | null = null;
  const get = (): Found => {
    found ??= read();
    return found;
  };
  return {
    find: (content) => get().byContent.get(content),
    uses: (index) => get().used.has(index),
  };
}

function policySetsIn(present: Content): Found {
  const entries = decoded(present.policies, decodePolicyEntry);
  const sets = Map.groupBy(entries, ({ policySet }) => policySet);
  const byContent = new Map<string, number>();
  const used = new Set(sets.keys());
  for (const { berths } of decoded(present.pods, decodePod)) {
    for (const { policySet } of berths) used.add(policySet);
  }
  // Descending, so that of several equal sets the lowest number is found.
  for (const [number, set] of [...sets].sort(([a], [b]) => b - a)) {
    // A guard that says the same is still no set for pods: it is changed in place.
    if (!isGuardSet(number)) byContent.set(policyContent(set), number);
  }
  return { byContent, used };
}

function addressesIn(present: Content): Found {
  const addresses = decoded(present.addresses, decodeAddress);
  const blocks = decoded(present.blocks, decodeBlock);
  return {
    byContent: new Map(
      addresses.map(({ natAddress, sizeLog2, addressIndex }) => [
        addressContent(natAddress, sizeLog2),
        addressIndex,
      ]),
    ),
    used: new Set([...addresses, ...blocks].map(({ addressIndex }) => addressIndex)),
  };
}

function nodesIn(present: Content): Found {
  const nodes = decoded(present.nodes, decodeNode);
  const targets = decoded(present.blocks, decodeBlock).map(({ target }) => target);
  const named = targets.flatMap((target) => (target.kind === 'node' ? [target.nodeIndex] : []));
  return {
    byContent: new Map(nodes.map(({ underlayIp, nodeIndex }) => [underlayIp, nodeIndex])),
    used: new Set([...named, ...nodes.map(({ nodeIndex }) => nodeIndex)]),
  };
}

/** What is no entry of ours stands for nothing, and goes when strangers go. */
export function decoded<T>(table: Content['pods'], decode: (entry: Entry) => T): T[] {
  return entriesOf(table).flatMap((entry) => {
    try {
      return [decode(entry)];
    } catch {
      return [];
    }
  });
}
