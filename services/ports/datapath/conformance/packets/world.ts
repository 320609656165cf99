/**
 * The tables that all fixtures are told against: one node, its pods in each state, protected
 * networks. A fixture that needs another world changes an entry and puts it back.
 */
import { parseCidr } from '../../../../contract/cidr.ts';
import { parseIp } from '../../../../contract/ip-address.ts';
import { RUN_IFINDEX } from '../../packet-runner.ts';
import type { Tables } from '../../port.ts';
import { encodeAddress } from '../../tables/addresses.ts';
import { encodeBlock } from '../../tables/blocks.ts';
import { encodeConfig } from '../../tables/config.ts';
import { encodeInterface } from '../../tables/interfaces.ts';
import { encodeLocalPods } from '../../tables/local-pods.ts';
import { encodeNode } from '../../tables/nodes.ts';
import { encodePod } from '../../tables/pods.ts';
import {
  encodePolicyEntry,
  POLICY_SET_EVERY_POD,
  POLICY_SET_SELECTED_PODS,
  POLICY_SET_UNKNOWN_PODS,
  type PolicyEntry,
  type PortRule,
} from '../../tables/policies.ts';

import { encodeUnderlay } from '../../tables/underlays.ts';

export const L = 32768;
/** Has two berths, both in use. */
export const POD = '10.42.1.2';
/** Its berth's NAT address is not admitted yet. */
export const PENDING_POD = '10.42.1.3';
/** Selected, and has no berth. */
export const BARE_POD = '10.42.1.4';
/** Known, and no EgressNat selects it. */
export const FREE_POD = '10.42.1.5';
/** In the node's pod network, and the node does not know it. */
export const UNKNOWN_POD = '10.42.1.99';
/** In no pod network: the node itself. */
export const HOST = '192.168.7.1';

/** The berth by which POD reaches 203.0.113.0/24: 1024 ports, 768 of them direct. */
export const NAT = '198.51.100.7';
export const BASE = 2048;
export const DIRECT = 768;
/** The berth by which POD reaches some ports of 192.0.2.0/28: 256 ports, 192 of them direct. */
export const NAT_2 = '198.51.100.8';
export const BASE_2 = 4096;
export const DIRECT_2 = 192;

export const TARGET = '203.0.113.5';
/** In 203.0.113.128/25, an exception to 203.0.113.0/24. */
export const HOLE = '203.0.113.130';
/** In 203.0.113.200/32, covered in spite of the exception. */
export const IN_HOLE = '203.0.113.200';
export const PORTS_TARGET = '192.0.2.9';
/** Observed on every port, but TCP 5432 of the second is enforced. */
export const OBSERVED = '198.18.0.5';
export const MIXED = '198.18.1.5';
/** Enforced on TCP 5432, observed on TCP 5000-6000 and UDP 53, else not covered. */
export const SOME_OBSERVED = '198.18.2.5';
/** Only the guard for pods that no EgressNat selects names it. */
export const EVERY_TARGET = '198.18.3.5';
export const ELSEWHERE = '9.9.9.9';
export const TARGET_V6 = '2001:db8:1::5';

export const OWN_MAC = '02:00:00:00:00:0b';
export const NODE_MAC = '02:00:00:00:00:77';
/** Another gateway, and the node of REMOTE_BASE. */
export const GATEWAY_2 = '192.168.7.2';
/** A block of NAT whose pod is on another node. */
export const REMOTE_BASE = 3072;
/** A block of NAT that leads to a node that is not there. */
export const LOST_BASE = 5120;

const SET = 2;
const PORTS_SET = 3;
const PORT_RULES: readonly PortRule[] = [
  { protocol: 'TCP', from: 5432, to: 5433 },
  { protocol: 'UDP', from: 53, to: 53 },
  { protocol: 'any', from: 8000, to: 8010 },
];

export function fillWorld(tables: Tables): void {
  const guards = [POLICY_SET_UNKNOWN_PODS, POLICY_SET_SELECTED_PODS];
  const protectedNets = guards.flatMap((set) => [...mainNets(set), portsNet(set), v6Net(set)]);
  const observedNets = [...guards, POLICY_SET_EVERY_POD, SET].flatMap(observed);
  tables.put(
    'policies',
    [
      ...[...protectedNets, ...mainNets(SET), portsNet(PORTS_SET), ...observedNets],
      net(POLICY_SET_EVERY_POD, '198.18.3.0/24', 'covered'),
    ].map(encodePolicyEntry),
  );
  tables.put('addresses', [
    encodeAddress({ natAddress: parseIp(NAT), addressIndex: 3, sizeLog2: 10, owned: true }),
    encodeAddress({ natAddress: parseIp(NAT_2), addressIndex: 4, sizeLog2: 8, owned: false }),
  ]);
  const pod = { kind: 'pod', ip: parseIp(POD) } as const;
  const here = { addressIndex: 3, sizeLog2: 10 };
  tables.put('blocks', [
    encodeBlock({ ...here, base: BASE, target: pod }),
    encodeBlock({ addressIndex: 4, sizeLog2: 8, base: BASE_2, target: pod }),
    encodeBlock({ ...here, base: REMOTE_BASE, target: { kind: 'node', nodeIndex: 9 } }),
    encodeBlock({ ...here, base: LOST_BASE, target: { kind: 'node', nodeIndex: 10 } }),
  ]);
  const underlayIp = parseIp(GATEWAY_2);
  tables.put('nodes', [encodeNode({ nodeIndex: 9, mac: NODE_MAC, underlayIp })]);
  tables.put('underlays', [encodeUnderlay({ nodeIndex: 9, underlayIp })]);
  tables.put('localPods', [encodeLocalPods(parseCidr('10.42.1.0/24'))]);
  tables.put('interfaces', [encodeInterface({ ifindex: RUN_IFINDEX, podIp: parseIp(POD) })]);
  tables.put('config', [encodeConfig({ podPortFirst: L, uplinkMac: OWN_MAC })]);
  fillPods(tables);
}

function fillPods(tables: Tables): void {
  const first = { natAddress: parseIp(NAT), base: BASE, sizeLog2: 10, policySet: SET };
  const second = { natAddress: parseIp(NAT_2), base: BASE_2, sizeLog2: 8, policySet: PORTS_SET };
  const pending = { ...first, base: 6144, mapped: false };
  const berths = [
    { ...first, mapped: true },
    { ...second, mapped: true },
  ];
  tables.put('pods', [
    encodePod({ ip: parseIp(POD), selected: true, berths }),
    encodePod({ ip: parseIp(PENDING_POD), selected: true, berths: [pending] }),
    encodePod({ ip: parseIp(BARE_POD), selected: true, berths: [] }),
    encodePod({ ip: parseIp(FREE_POD), selected: false, berths: [] }),
  ]);
}

function net(
  policySet: number,
  cidr: string,
  verdict: PolicyEntry['verdict'],
  rules: readonly PortRule[] = [],
): PolicyEntry {
  return { policySet, cidr: parseCidr(cidr), verdict, rules };
}

function mainNets(policySet: number): PolicyEntry[] {
  return [
    net(policySet, '203.0.113.0/24', 'covered'),
    net(policySet, '203.0.113.128/25', 'hole'),
    net(policySet, '203.0.113.200/32', 'covered'),
  ];
}

function observed(policySet: number): PolicyEntry[] {
  const database: PortRule = { protocol: 'TCP', from: 5432, to: 5432 };
  return [
    net(policySet, '198.18.0.0/24', 'observed'),
    net(policySet, '198.18.1.0/24', 'observed', [database]),
    net(policySet, '198.18.2.0/24', 'covered', [
      { protocol: 'TCP', from: 5000, to: 6000, observed: true },
      { protocol: 'UDP', from: 53, to: 53, observed: true },
      database,
    ]),
  ];
}

function portsNet(policySet: number): PolicyEntry {
  return net(policySet, '192.0.2.0/28', 'covered', PORT_RULES);
}

function v6Net(policySet: number): PolicyEntry {
  return net(policySet, '2001:db8:1::/48', 'covered');
}
