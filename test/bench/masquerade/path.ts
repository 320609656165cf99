/**
 * One way from a pod through a node to a target, three namespaces and two veths, with one kind of
 * node in the middle. The target drops what was sent to its networks as early as it can, and
 * counts it.
 */
import { join } from 'node:path';
import type { Namespaces } from '../../../bpf/test/namespaces.ts';
import { parseCidr } from '../../../services/contract/cidr.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { kernelDatapath } from '../../../services/ports/datapath/kernel.ts';
import type { Datapath } from '../../../services/ports/datapath/port.ts';
import { encodeAddress } from '../../../services/ports/datapath/tables/addresses.ts';
import { encodeBlock } from '../../../services/ports/datapath/tables/blocks.ts';
import { encodeConfig } from '../../../services/ports/datapath/tables/config.ts';
import { encodeInterface } from '../../../services/ports/datapath/tables/interfaces.ts';
import { encodeLocalPods } from '../../../services/ports/datapath/tables/local-pods.ts';
import { encodePod } from '../../../services/ports/datapath/tables/pods.ts';
import { encodePolicyEntry } from '../../../services/ports/datapath/tables/policies.ts';

/** What the node is to packets; `conntrack`: whether it tracks connections. */
export interface NodeKind {
  readonly name: string;
  readonly berth: boolean;
  /** Rules for nft. */
  readonly rules: string;
  /** Whose address the target sees. */
  readonly seenAs: string;
}

export interface Path {
  readonly kind: NodeKind;
  readonly pod: string;
  readonly target: string;
  /** Packets that reached the target's networks from the address that it shall see, ever. */
  arrived(): number;
  /** What came from another. */
  strangers(): number;
  close(): void;
}

const POD = '10.42.0.2';
const NODE = '192.0.2.1';
const NAT = '192.0.2.100';
export const TARGET = '192.0.2.2';
/** Behind the target; it drops what comes for them. */
export const FLOODED = '198.18.0.1';
const PROTECTED = [`${TARGET}/32`, '198.18.0.0/16'];
const L = 32768;
const D = 768;
const SET = 2;

const masquerade = (exempt: string) => `table ip cni {
  chain post {
    type nat hook postrouting priority srcnat;
    ${exempt}
    ip saddr 10.42.0.0/24 masquerade
  }
}`;
const MASQUERADE = masquerade('');
const EXEMPTION = masquerade(`ip daddr { ${PROTECTED.join(', ')} } return`);

export const PLAIN: NodeKind = { name: 'plain', berth: false, rules: '', seenAs: POD };
export const KINDS: readonly NodeKind[] = [
  PLAIN,
  { name: 'masquerade', berth: false, rules: MASQUERADE, seenAs: NODE },
  { name: 'berth', berth: true, rules: '', seenAs: NAT },
  { name: 'berth beside masquerade', berth: true, rules: EXEMPTION, seenAs: NAT },
];

export async function openPath(
  spaces: Namespaces,
  kind: NodeKind,
  place: { readonly number: number; readonly pinRoot: string },
): Promise<Path> {
  const names = {
    pod: `p${place.number}`,
    node: `n${place.number}`,
    target: `t${place.number}`,
  };
  wire(spaces, names);
  count(spaces, names.target, kind);
  if (kind.rules !== '') spaces.run(names.node, 'nft', kind.rules);
  const datapath = kind.berth ? await attach(spaces, names, place) : null;
  const counter = (name: string) => readCounter(spaces, names.target, name);
  return {
    kind,
    pod: spaces.path(names.pod),
    target: spaces.path(names.target),
    arrived: () => counter('arrived'),
    strangers: () => counter('strangers'),
    close: () => datapath?.close(),
  };
}

interface Names {
  readonly pod: string;
  readonly node: string;
  readonly target: string;
}

function wire(spaces: Namespaces, { pod, node, target }: Names): void {
  for (const name of [pod, node, target]) spaces.add(name);
  spaces.ip(node, `link add pod type veth peer name eth0 netns @${pod}`);
  spaces.ip(node, `link add eth0 type veth peer name eth0 netns @${target}`);
  for (const [name, device, address] of [
    [pod, 'eth0', `${POD}/24`],
    [node, 'pod', '10.42.0.1/24'],
    [node, 'eth0', `${NODE}/24`],
    [target, 'eth0', `${TARGET}/24`],
  ] as const) {
    spaces.ip(name, `addr add ${address} dev ${device}`);
    spaces.ip(name, `link set ${device} up`);
  }
  spaces.ip(pod, 'route add default via 10.42.0.1');
  spaces.ip(node, `route add 198.18.0.0/16 via ${TARGET}`);
  spaces.ip(target, `route add 10.42.0.0/24 via ${NODE}`);
  // The gateway's part is not measured here: the target knows the way.
  spaces.ip(target, `neigh add ${NAT} lladdr ${spaces.mac(node, 'eth0')} dev eth0 nud permanent`);
  spaces.run(node, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  spaces.run(pod, 'sysctl', '-qw', `net.ipv4.ip_local_port_range=${L} ${L + D - 1}`);
  spaces.run(target, 'sysctl', '-qw', 'net.core.somaxconn=65535');
}

function count(spaces: Namespaces, target: string, { seenAs }: NodeKind): void {
  spaces.run(
    target,
    'nft',
    `table netdev seen {
      counter arrived {
      }
      counter strangers {
      }
      chain seen {
        type filter hook ingress device eth0 priority -500;
        ip daddr 198.18.0.0/16 ip saddr ${seenAs} counter name arrived drop
        ip daddr 198.18.0.0/16 counter name strangers drop
        ip daddr ${TARGET} ip protocol tcp ip saddr != ${seenAs} counter name strangers
      }
    }`,
  );
}

function readCounter(spaces: Namespaces, target: string, name: string): number {
  const text = spaces.run(target, 'nft', '-j', 'list', 'counter', 'netdev', 'seen', name);
  const { nftables } = JSON.parse(text) as { nftables: { counter?: { packets: number } }[] };
  return nftables.find(({ counter }) => counter !== undefined)?.counter?.packets ?? 0;
}

async function attach(
  spaces: Namespaces,
  { node }: Names,
  { number, pinRoot }: { readonly number: number; readonly pinRoot: string },
): Promise<Datapath> {
  const pinDir = join(pinRoot, `node-${number}`);
  const datapath = kernelDatapath({ pinDir, netns: spaces.path(node) });
  fill(datapath, spaces.mac(node, 'eth0'));
  await datapath.hooks.attach('egress', 'eth0');
  await datapath.hooks.attach('return', 'eth0');
  await datapath.hooks.attach('pod', 'pod');
  return datapath;
}

function fill({ tables, hooks }: Datapath, uplinkMac: string): void {
  const ip = parseIp(POD);
  const natAddress = parseIp(NAT);
  const block = { addressIndex: 0, sizeLog2: 10, base: 2048 };
  const cidrs = [0, 1, SET].flatMap((policySet) =>
    PROTECTED.map((cidr) => ({ policySet, cidr: parseCidr(cidr) })),
  );
  tables.put(
    'policies',
    cidrs.map((entry) => encodePolicyEntry({ ...entry, verdict: 'covered', rules: [] })),
  );
  tables.put('config', [encodeConfig({ podPortFirst: L, uplinkMac })]);
  tables.put('addresses', [
    encodeAddress({ natAddress, addressIndex: 0, sizeLog2: 10, owned: false }),
  ]);
  tables.put('blocks', [encodeBlock({ ...block, target: { kind: 'pod', ip } })]);
  tables.put('localPods', [encodeLocalPods(parseCidr('10.42.0.0/24'))]);
  const ifindex = hooks.interfaceIndex('pod');
  tables.put('interfaces', [encodeInterface({ ifindex, podIp: ip })]);
  const berth = { natAddress, base: 2048, sizeLog2: 10, mapped: true, policySet: SET };
  tables.put('pods', [encodePod({ ip, selected: true, berths: [berth] })]);
}
