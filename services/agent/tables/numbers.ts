/**
 * The numbers by which the kernel's tables name policies, addresses and nodes on this node. The
 * guards have fixed ones; an address of another block size is another address to the table of
 * blocks; a node keeps its number while its underlay IP stays.
 */
import { berthError } from '../../contract/errors.ts';
import type { NodeName } from '../../contract/identity.ts';
import { ipFromBytes } from '../../contract/ip-address.ts';
import type { TableName } from '../../ports/datapath/port.ts';
import { ADDRESS_INDEXES } from '../../ports/datapath/tables/blocks.ts';
import { NODE_INDEXES } from '../../ports/datapath/tables/nodes.ts';
import {
  POLICY_SET_EVERY_POD,
  POLICY_SET_FIRST,
  POLICY_SET_SELECTED_PODS,
  POLICY_SET_UNKNOWN_PODS,
} from '../../ports/datapath/tables/policies.ts';
import type { ResourceBody } from '../resource.ts';
import { type AddressPlace, policyEntries } from './compile.ts';
import { createIndexBook } from './index-book.ts';
import { addressContent, type KernelView, policyContent } from './kernel-view.ts';

export interface Numbers {
  /**
   * What the resource is now; null: gone. True where its number has changed.
   * @throws BERTH_DATAPATH_FULL when there is no number left.
   */
  assign(key: string, body: ResourceBody | null, kernel: KernelView): boolean;
  policySet(name: string): number | null;
  addressPlace(address: string): AddressPlace | null;
  nodeIndex(name: NodeName): number | null;
}

interface NumberedKind {
  assign(name: string, body: ResourceBody | null, kernel: KernelView): void;
  numberOf(name: string): number | null;
}

/** Above any number of EgressNats that a node can have pods of. */
const POLICY_SETS_MAX = 4096;
const GUARDS: Readonly<Record<string, number>> = {
  unknown: POLICY_SET_UNKNOWN_PODS,
  selected: POLICY_SET_SELECTED_PODS,
  every: POLICY_SET_EVERY_POD,
};

export function createNumbers(): Numbers {
  const policies = numberedPolicies();
  const addresses = numberedAddresses();
  const nodes = numberedNodes();
  const kinds: Readonly<Record<string, NumberedKind>> = {
    policy: policies,
    address: addresses,
    node: nodes,
  };
  return {
    assign(key, body, kernel) {
      const slash = key.indexOf('/');
      const kind = kinds[key.slice(0, slash)];
      if (kind === undefined) return false;
      const name = key.slice(slash + 1);
      const before = kind.numberOf(name);
      kind.assign(name, body, kernel);
      return kind.numberOf(name) !== before;
    },
    policySet: policies.numberOf,
    addressPlace: addresses.placeOf,
    nodeIndex: nodes.numberOf,
  };
}

function numberedPolicies(): NumberedKind {
  const book = createIndexBook({ first: POLICY_SET_FIRST, last: POLICY_SETS_MAX });
  const guards = new Set<string>();
  return {
    assign(name, body, kernel) {
      if (name in GUARDS) {
        if (body === null) guards.delete(name);
        else guards.add(name);
        return;
      }
      const content = body?.case === 'policy' ? policyContent(policyEntries(body.value)) : null;
      const index = book.assign(name, content, kernel.policySets);
      if (content !== null) requireNumber('policies', POLICY_SETS_MAX, index);
    },
    numberOf(name) {
      const guard = GUARDS[name];
      if (guard === undefined) return book.indexOf(name);
      return guards.has(name) ? guard : null;
    },
  };
}

function numberedAddresses(): NumberedKind & { placeOf: Numbers['addressPlace'] } {
  const book = createIndexBook({ first: 0, last: ADDRESS_INDEXES - 1 });
  const sizes = new Map<string, number>();
  return {
    assign(name, body, kernel) {
      if (body?.case !== 'address') {
        book.assign(name, null, kernel.addresses);
        sizes.delete(name);
        return;
      }
      const sizeLog2 = Math.log2(body.value.blockSize);
      sizes.set(name, sizeLog2);
      const index = book.assign(name, addressContent(name, sizeLog2), kernel.addresses);
      requireNumber('addresses', ADDRESS_INDEXES, index);
    },
    numberOf: book.indexOf,
    placeOf(address) {
      const addressIndex = book.indexOf(address);
      const sizeLog2 = sizes.get(address);
      return addressIndex === null || sizeLog2 === undefined ? null : { addressIndex, sizeLog2 };
    },
  };
}

function numberedNodes(): NumberedKind {
  const book = createIndexBook({ first: 0, last: NODE_INDEXES - 1 });
  return {
    assign(name, body, kernel) {
      const content = body?.case === 'node' ? ipFromBytes(body.value.underlayIp) : null;
      const index = book.assign(name, content, kernel.nodes);
      if (content !== null) requireNumber('nodes', NODE_INDEXES, index);
    },
    numberOf: book.indexOf,
  };
}

function requireNumber(table: TableName, max: number, index: number | null): void {
  if (index === null) throw berthError('BERTH_DATAPATH_FULL', { table, max });
}
