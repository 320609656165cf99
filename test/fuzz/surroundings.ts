/**
 * Random tables, and what a packet must know of them to get anywhere. Each entry is one that the
 * agent could write; that they fit together is left to chance.
 */
import { type Cidr, parseCidr } from '../../services/contract/cidr.ts';
import { type IpAddress, ipToBytes, parseIp } from '../../services/contract/ip-address.ts';
import { RUN_IFINDEX } from '../../services/ports/datapath/packet-runner.ts';
import type { Entry, GatewayLease, TableName } from '../../services/ports/datapath/port.ts';
import { encodeAddress } from '../../services/ports/datapath/tables/addresses.ts';
import { encodeBlock } from '../../services/ports/datapath/tables/blocks.ts';
import { encodeConfig } from '../../services/ports/datapath/tables/config.ts';
import { encodeInterface } from '../../services/ports/datapath/tables/interfaces.ts';
import { ABI, LAYOUT } from '../../services/ports/datapath/tables/layout.gen.ts';
import { encodeLocalPods } from '../../services/ports/datapath/tables/local-pods.ts';
import { encodeNode } from '../../services/ports/datapath/tables/nodes.ts';
import { encodePod, type PodBerth, slotCount } from '../../services/ports/datapath/tables/pods.ts';
import {
  encodePolicyEntry,
  POLICY_SET_EVERY_POD,
  type PortRule,
} from '../../services/ports/datapath/tables/policies.ts';
import { encodeUnderlay } from '../../services/ports/datapath/tables/underlays.ts';
import type { Dice } from '../simulation/dice.ts';
import { type SlotFilling, slotFilling } from './slot-filling.ts';

export interface Surroundings {
  /** The words that the programs find; each berth's are its own. */
  readonly slots: readonly SlotFilling[];
  readonly lease: GatewayLease;
  readonly entries: readonly (readonly [TableName, readonly Entry[]])[];
  readonly pods: readonly KnownPod[];
  readonly nats: readonly Nat[];
  /** Blocks that lead elsewhere. */
  readonly remotes: readonly Block[];
  /** L, or what it would be. */
  readonly podPortFirst: number;
  readonly ownMac: string;
  /** Ports at the edges of port rules. */
  readonly rulePorts: readonly number[];
}

export interface KnownPod {
  readonly ip: IpAddress;
  readonly berths: readonly PodBerth[];
}

export interface Block {
  readonly natAddress: IpAddress;
  readonly base: number;
  readonly sizeLog2: number;
}

export interface Nat {
  readonly ip: IpAddress;
  readonly index: number;
  readonly sizeLog2: number;
}

/** A small world, so that what is chosen twice is often the same. */
export const POD_IPS = ['10.42.1.2', '10.42.1.3', '10.42.1.4', '10.42.2.5', '2001:db8:42::7'];
export const STRANGERS = ['10.42.1.99', '10.42.9.9', '172.16.0.9', '192.168.7.1', '0.0.0.0'];
export const NAT_IPS = ['198.51.100.7', '198.51.100.8', '203.0.113.9', '2001:db8:a::1'];
export const TARGETS = [
  ...['203.0.113.0', '203.0.113.5', '203.0.113.127', '203.0.113.128', '203.0.113.200'],
  ...['203.0.112.255', '192.0.2.9', '192.0.2.16', '198.18.0.5', '10.42.1.4', '255.255.255.255'],
];
export const TARGETS_V6 = ['2001:db8:1::5', '2001:db8:1:8000::1', 'fe80::1', 'ff02::2'];
const CIDRS = [
  ...['203.0.113.0/24', '203.0.113.128/25', '203.0.113.200/32', '203.0.112.0/23', '192.0.2.0/28'],
  ...['192.0.2.8/31', '198.18.0.0/15', '0.0.0.0/0', '10.42.0.0/16', '2001:db8:1::/48', '::/0'],
].map(parseCidr);
const POD_CIDRS = ['10.42.1.0/24', '10.42.0.0/16', '10.42.1.98/31', '2001:db8:42::/64'];
const NODE_INDEXES = [0, 1, 8191];
const BERTH_SETS = [2, 3, 4, 65534];
const PORTS = [0, 1, 53, 80, 443, 5432, 5433, 8000, 8010, 32767, 32768, 65535];
const USUAL_FIRST = 32768;
export const HEARTBEAT_PORT = 7946;
const ADDRESS_INDEXES = [0, 1, 3, 254, 255];

export function surroundings(dice: Dice): Surroundings {
  const podPortFirst = dice.chance(0.8) ? USUAL_FIRST : dice.between(1, 65535);
  const ownMac = dice.chance(0.95) ? '02:00:00:00:00:0b' : '00:00:00:00:00:00';
  const nats = seldomV6(dice, NAT_IPS, 0.8).map((ip): Nat => {
    const sizeLog2 = dice.chance(0.8) ? dice.between(6, 8) : dice.between(6, 14);
    return { ip: parseIp(ip), index: dice.pick(ADDRESS_INDEXES), sizeLog2 };
  });
  const withSlots = slotGiver();
  const pods = seldomV6(dice, POD_IPS, 0.75).map((ip): KnownPod => {
    const count = dice.pick([0, 1, 1, 2, 2, 3, 4]);
    const berths = Array.from({ length: count }, () => withSlots(dice, berthOf(dice, nats)));
    return { ip: parseIp(ip), berths };
  });
  const slotPorts = [...PORTS.slice(0, 6), 40_000, 40_001, podPortFirst];
  const rules: PortRule[] = [];
  const remotes: Block[] = [];
  const entries: (readonly [TableName, readonly Entry[]])[] = [
    ['policies', policies(dice, rules)],
    [
      'addresses',
      nats.map(({ ip, index, sizeLog2 }) => {
        const owned = dice.chance(0.5);
        return encodeAddress({ natAddress: ip, addressIndex: index, sizeLog2, owned });
      }),
    ],
    ['blocks', blocks(dice, nats, pods, remotes)],
    [
      'nodes',
      some(dice, NODE_INDEXES, 0.9).map((nodeIndex) => {
        const mac = `02:00:00:00:01:0${dice.below(10)}`;
        return encodeNode({ nodeIndex, mac, underlayIp: parseIp('192.168.7.2') });
      }),
    ],
    [
      'underlays',
      some(dice, STRANGERS, 0.4).map((ip) => {
        return encodeUnderlay({ underlayIp: parseIp(ip), nodeIndex: dice.pick(NODE_INDEXES) });
      }),
    ],
    ['localPods', some(dice, POD_CIDRS, 0.5).map((cidr) => encodeLocalPods(parseCidr(cidr)))],
    [
      'interfaces',
      some(dice, [dice.pick(POD_IPS)], 0.9).map((ip) => {
        return encodeInterface({ ifindex: RUN_IFINDEX, podIp: parseIp(ip) });
      }),
    ],
    [
      'config',
      some(dice, [ownMac], 0.95).map((uplinkMac) => {
        return encodeConfig({ podPortFirst, uplinkMac });
      }),
    ],
    ['pods', pods.map((pod) => podEntry(dice, pod))],
  ];
  const rulePorts = rules.flatMap(({ from, to }) => [from - 1, from, to, to + 1]);
  return {
    slots: pods.flatMap(({ berths }) =>
      berths.flatMap((berth) => slotFilling(dice, berth, slotPorts)),
    ),
    lease: leaseOf(dice),
    entries,
    pods,
    nats,
    remotes,
    podPortFirst,
    ownMac,
    rulePorts: [...PORTS, ...rulePorts],
  };
}

/** Over or not by far, since two clocks are read. */
function leaseOf(dice: Dice): GatewayLease {
  return {
    arpLeaseUntilNs: dice.pick([0n, 1n, 1n, 2n ** 63n]),
    heartbeatFreshNs: dice.pick([0n, 2n ** 62n]),
    heartbeatPort: dice.chance(0.7) ? HEARTBEAT_PORT : 0,
  };
}

/** What is not translated yet shall not be most of it. */
function seldomV6(dice: Dice, ips: readonly string[], probability: number): string[] {
  return ips.filter((ip) => dice.chance(ip.includes(':') ? 0.2 : probability));
}

function some<T>(dice: Dice, items: readonly T[], probability: number): T[] {
  return items.filter(() => dice.chance(probability));
}

/** Gives most berths flexible ports, each its own. */
function slotGiver(): (dice: Dice, berth: PodBerth) => PodBerth {
  let next = 1;
  return (dice, berth) => {
    if (!dice.chance(0.85)) return berth;
    const count = slotCount(berth.sizeLog2);
    const first = Math.ceil(next / count) * count;
    next = first + count;
    return { ...berth, slots: { first, generation: dice.below(16) } };
  };
}

function berthOf(dice: Dice, nats: readonly Nat[]): PodBerth {
  const nat = nats.length > 0 && dice.chance(0.95) ? dice.pick(nats) : null;
  const sizeLog2 = nat === null || dice.chance(0.05) ? dice.between(6, 14) : nat.sizeLog2;
  return {
    natAddress: nat?.ip ?? parseIp(dice.pick(NAT_IPS)),
    base: dice.below(65536 >> sizeLog2) << sizeLog2,
    sizeLog2,
    mapped: dice.chance(0.9),
    policySet: dice.pick(dice.chance(0.9) ? BERTH_SETS : [ABI.SET_UNKNOWN, ABI.SET_SELECTED]),
  };
}

function podEntry(dice: Dice, { ip, berths }: KnownPod): Entry {
  const { key, value } = encodePod({ ip, selected: dice.chance(0.6), berths });
  // As if another pod had just got this place.
  if (dice.chance(0.03)) value.set(ipToBytes(parseIp('10.42.1.77')), LAYOUT.berth_pod.offsets.ip);
  return { key, value };
}

function policies(dice: Dice, rules: PortRule[]): Entry[] {
  const sets = [ABI.SET_UNKNOWN, ABI.SET_SELECTED, POLICY_SET_EVERY_POD, ...BERTH_SETS];
  return sets.flatMap((policySet) => {
    // Berths shall mostly cover where their pods go, guards less.
    const density = dice.pick(BERTH_SETS.includes(policySet) ? [0.3, 0.5, 0.9] : [0.1, 0.3, 0.6]);
    return some<Cidr>(dice, CIDRS, density).map((cidr) => {
      const count = dice.pick([0, 0, 0, 0, 0, 1, 2, 3, 8]);
      const own = Array.from({ length: count }, () => portRule(dice));
      rules.push(...own);
      const verdict = dice.chance(0.8) ? 'covered' : dice.pick(['observed', 'hole'] as const);
      return encodePolicyEntry({ policySet, cidr, verdict, rules: own });
    });
  });
}

function portRule(dice: Dice): PortRule {
  const ports = [dice.pick(PORTS), dice.chance(0.5) ? dice.pick(PORTS) : dice.below(65536)];
  return {
    protocol: dice.pick(['any', 'TCP', 'UDP'] as const),
    from: Math.min(...ports),
    to: Math.max(...ports),
    observed: dice.chance(0.25),
  };
}

/** Most blocks are those of the berths; some lead elsewhere, some are of no berth. */
function blocks(
  dice: Dice,
  nats: readonly Nat[],
  pods: readonly KnownPod[],
  remotes: Block[],
): Entry[] {
  const strange = (): Entry[] =>
    nats.map(({ ip, index, sizeLog2 }) => {
      const base = dice.below(65536 >> sizeLog2) << sizeLog2;
      remotes.push({ natAddress: ip, base, sizeLog2 });
      const target = dice.chance(0.7)
        ? ({ kind: 'node', nodeIndex: dice.pick(NODE_INDEXES) } as const)
        : ({ kind: 'pod', ip: parseIp(dice.pick([...POD_IPS, ...STRANGERS])) } as const);
      return encodeBlock({ addressIndex: index, sizeLog2, base, target });
    });
  const own = pods.flatMap(({ ip, berths }) =>
    some(dice, berths, 0.9).flatMap(({ natAddress, base }) => {
      const nat = nats.find((one) => one.ip === natAddress);
      if (nat === undefined || base % 2 ** nat.sizeLog2 !== 0) return [];
      const { index, sizeLog2 } = nat;
      return [encodeBlock({ addressIndex: index, sizeLog2, base, target: { kind: 'pod', ip } })];
    }),
  );
  return [...strange(), ...strange(), ...own];
}
