/**
 * What the tables mean, with every number of this node resolved, for the tests of this folder: two
 * nodes whose numbers differ mean the same when they do the same to packets.
 */
import type { Entry } from '../ports/datapath/port.ts';
import { decodeAddress } from '../ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../ports/datapath/tables/blocks.ts';
import { decodeInterface } from '../ports/datapath/tables/interfaces.ts';
import { decodeNode } from '../ports/datapath/tables/nodes.ts';
import { decodePod } from '../ports/datapath/tables/pods.ts';
import {
  decodePolicyEntry,
  isGuardSet,
  POLICY_SET_EVERY_POD,
  POLICY_SET_SELECTED_PODS,
  POLICY_SET_UNKNOWN_PODS,
} from '../ports/datapath/tables/policies.ts';
import { type Content, entriesOf } from './tables/content.ts';

export interface Meaning {
  /** Pod IP -> whether it is selected, and its berths: `place policy` in order. */
  readonly pods: Readonly<Record<string, readonly string[]>>;
  /** `address base` -> pod IP, or the node's underlay IP and MAC. */
  readonly blocks: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, string>>;
  readonly guards: Readonly<Record<string, string>>;
  /** Of all sets, sorted. */
  readonly policies: readonly string[];
  readonly nodes: readonly string[];
  readonly interfaces: Readonly<Record<string, string>>;
}

export const NO_PLACE = 'none';

export function meaningOf(content: Content): Meaning {
  const sets = policySets(content);
  const every = sets.get(POLICY_SET_EVERY_POD);
  const nodes = new Map(
    decoded(content.nodes, decodeNode).map(({ nodeIndex, underlayIp, mac }) => [
      nodeIndex,
      `${underlayIp} ${mac}`,
    ]),
  );
  const addresses = decoded(content.addresses, decodeAddress);
  const nameOfIndex = new Map(
    addresses.map(({ addressIndex, natAddress }) => [addressIndex, natAddress]),
  );
  return {
    pods: Object.fromEntries(
      decoded(content.pods, decodePod).map(({ ip, selected, berths }) => [
        ip,
        [
          selected ? 'selected' : 'not selected',
          ...berths.map(({ mapped, natAddress, base, policySet }) => {
            const place = mapped ? `${natAddress} ${base}` : NO_PLACE;
            return `${place} via ${sets.get(policySet) ?? ''}`;
          }),
        ],
      ]),
    ),
    blocks: Object.fromEntries(
      decoded(content.blocks, decodeBlock).map(({ addressIndex, base, target }) => [
        `${nameOfIndex.get(addressIndex)} ${base}`,
        target.kind === 'pod' ? target.ip : `node ${nodes.get(target.nodeIndex)}`,
      ]),
    ),
    addresses: Object.fromEntries(
      addresses.map(({ natAddress, sizeLog2, owned }) => [natAddress, `${2 ** sizeLog2} ${owned}`]),
    ),
    guards: {
      unknown: sets.get(POLICY_SET_UNKNOWN_PODS) ?? '',
      selected: sets.get(POLICY_SET_SELECTED_PODS) ?? '',
      ...(every === undefined ? {} : { every }),
    },
    policies: [...sets].flatMap(([number, text]) => (isGuardSet(number) ? [] : [text])).sort(),
    nodes: [...nodes.values()].sort(),
    interfaces: Object.fromEntries(
      decoded(content.interfaces, decodeInterface).map(({ ifindex, podIp }) => [ifindex, podIp]),
    ),
  };
}

/** Whoever has a slot mapped, and where packets that come back to it go. */
export function mappedPlaces(
  content: Content,
): { ip: string; place: string; returnsTo: string | null }[] {
  const { blocks } = meaningOf(content);
  return decoded(content.pods, decodePod).flatMap(({ ip, berths }) =>
    berths
      .filter(({ mapped }) => mapped)
      .map(({ natAddress, base }) => {
        const place = `${natAddress} ${base}`;
        return { ip, place, returnsTo: blocks[place] ?? null };
      }),
  );
}

function policySets(content: Content): Map<number, string> {
  const entries = decoded(content.policies, decodePolicyEntry);
  const sets = Map.groupBy(entries, ({ policySet }) => policySet);
  return new Map(
    [...sets].map(([number, set]) => {
      const texts = set.map(({ cidr, verdict, rules }) => {
        return `${cidr}${verdict === 'hole' ? '!' : ''}:${rules.map((rule) => rule.from).join()}`;
      });
      return [number, texts.sort().join(' ')];
    }),
  );
}

function decoded<T>(table: Content['pods'], decode: (entry: Entry) => T): T[] {
  return entriesOf(table).map(decode);
}
