/**
 * The smallest network that has every hop:
 *
 *	pod, bare --veth-- node --\
 *	                 gateway --- fabric (a bridge)
 *	                  target --/
 *
 * The target knows nothing of the gateway: it asks by ARP for the NAT address. All offloads are on,
 * but for the fabric's end of the gateway's veth: XDP_TX takes a frame as it is, so what the bridge
 * sends there must have whole checksums, and that end needs an XDP program of its own to be woken.
 */
import { join, resolve } from 'node:path';
import { parseCidr } from '../../services/contract/cidr.ts';
import { parseIp } from '../../services/contract/ip-address.ts';
import { kernelDatapath, removeKernelDatapath } from '../../services/ports/datapath/kernel.ts';
import type { Datapath } from '../../services/ports/datapath/port.ts';
import { encodeAddress } from '../../services/ports/datapath/tables/addresses.ts';
import { encodeBlock } from '../../services/ports/datapath/tables/blocks.ts';
import { encodeConfig } from '../../services/ports/datapath/tables/config.ts';
import { encodeInterface } from '../../services/ports/datapath/tables/interfaces.ts';
import { encodeLocalPods } from '../../services/ports/datapath/tables/local-pods.ts';
import { encodeNode } from '../../services/ports/datapath/tables/nodes.ts';
import { encodePod } from '../../services/ports/datapath/tables/pods.ts';
import { encodePolicyEntry } from '../../services/ports/datapath/tables/policies.ts';
import { mountBpfFileSystem } from './bpf-file-system.ts';
import { type Namespaces, namespaces } from './namespaces.ts';

export const POD = '10.42.1.2';
/** A pod that the node does not know. */
export const BARE_POD = '10.42.1.6';
export const TARGET = '192.0.2.51';
export const NAT = '192.0.2.100';
export const L = 32768;
export const BASE = 2048;
export const DIRECT = 768;

export interface SmallNetwork {
  readonly spaces: Namespaces;
  readonly node: Datapath;
  readonly gateway: Datapath;
  /** The node's datapath opened once more, as by an agent that starts again. */
  reopenNode(): Datapath;
  /** Whether the pod's berth may be used. */
  setMapped(mapped: boolean): void;
  close(): Promise<void>;
}

const XDP_PASS = resolve(import.meta.dirname, '../../build/bpf/test/xdp-pass.bpf.o');
const SET = 2;
const BLOCK = { addressIndex: 3, sizeLog2: 10, base: BASE };

export async function smallNetwork(mtu: number): Promise<SmallNetwork> {
  const fileSystem = mountBpfFileSystem();
  const spaces = namespaces();
  const opened: Datapath[] = [];
  const pinDir = (name: string) => join(fileSystem.path, name);
  const open = (name: string): Datapath => {
    const datapath = kernelDatapath({ pinDir: pinDir(name), netns: spaces.path(name) });
    opened.push(datapath);
    return datapath;
  };
  const close = async () => {
    for (const datapath of opened) datapath.close();
    for (const name of ['node', 'gateway']) await removeKernelDatapath(pinDir(name));
    spaces.close();
    fileSystem.unmount();
  };
  try {
    wire(spaces, mtu);
    const node = open('node');
    const gateway = open('gateway');
    fill(spaces, node, gateway);
    await node.hooks.attach('egress', 'eth0');
    await node.hooks.attach('return', 'eth0');
    await node.hooks.attach('pod', 'pod');
    await gateway.hooks.attach('steer', 'eth0');
    const setMapped = (mapped: boolean) => putPod(node, mapped);
    return { spaces, node, gateway, reopenNode: () => open('node'), setMapped, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function wire(spaces: Namespaces, mtu: number): void {
  for (const name of ['fabric', 'node', 'gateway', 'target', 'pod', 'bare']) spaces.add(name);
  spaces.ip('fabric', 'link add bridge type bridge');
  spaces.ip('fabric', 'link set bridge up');
  const hosts = { node: '192.0.2.11', gateway: '192.0.2.21', target: TARGET };
  for (const [name, address] of Object.entries(hosts)) {
    spaces.ip(
      name,
      `link add eth0 mtu ${mtu} type veth peer name ${name} mtu ${mtu} netns @fabric`,
    );
    spaces.ip('fabric', `link set ${name} master bridge`);
    spaces.ip('fabric', `link set ${name} up`);
    spaces.ip(name, `addr add ${address}/24 dev eth0`);
    spaces.ip(name, 'link set eth0 up');
  }
  spaces.ip('fabric', `link set dev gateway xdp obj ${XDP_PASS} sec xdp.frags`);
  spaces.run('fabric', 'ethtool', '-K', 'gateway', 'tx', 'off', 'gro', 'on');
  const pods = { pod: [POD, '10.42.1.1'], bare: [BARE_POD, '10.42.1.5'] } as const;
  for (const [name, [address, router]] of Object.entries(pods)) {
    spaces.ip(
      'node',
      `link add ${name} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns @${name}`,
    );
    spaces.ip('node', `addr add ${router}/30 dev ${name}`);
    spaces.ip('node', `link set ${name} up`);
    spaces.ip(name, `addr add ${address}/30 dev eth0`);
    spaces.ip(name, 'link set eth0 up');
    spaces.ip(name, `route add default via ${router}`);
    const range = `net.ipv4.ip_local_port_range=${L} ${L + DIRECT - 1}`;
    spaces.run(name, 'sysctl', '-qw', range);
  }
  spaces.run('node', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
}

function fill(spaces: Namespaces, node: Datapath, gateway: Datapath): void {
  const nat = { natAddress: parseIp(NAT), addressIndex: 3, sizeLog2: 10 };
  const mac = (name: string) => spaces.mac(name, 'eth0');
  const config = (name: string) => encodeConfig({ podPortFirst: L, uplinkMac: mac(name) });
  gateway.tables.put('config', [config('gateway')]);
  gateway.tables.put('addresses', [encodeAddress({ ...nat, owned: true })]);
  const nextHop = { nodeIndex: 5, mac: mac('node'), underlayIp: parseIp('192.0.2.11') };
  gateway.tables.put('nodes', [encodeNode(nextHop)]);
  gateway.tables.put('blocks', [encodeBlock({ ...BLOCK, target: { kind: 'node', nodeIndex: 5 } })]);

  const ip = parseIp(POD);
  node.tables.put('config', [config('node')]);
  node.tables.put('addresses', [encodeAddress({ ...nat, owned: false })]);
  node.tables.put('blocks', [encodeBlock({ ...BLOCK, target: { kind: 'pod', ip } })]);
  node.tables.put('localPods', [encodeLocalPods(parseCidr('10.42.1.0/24'))]);
  const ifindex = node.hooks.interfaceIndex('pod');
  node.tables.put('interfaces', [encodeInterface({ ifindex, podIp: ip })]);
  const cidr = parseCidr(`${TARGET}/32`);
  const covered = { cidr, verdict: 'covered', rules: [] } as const;
  node.tables.put(
    'policies',
    [0, 1, SET].map((policySet) => encodePolicyEntry({ ...covered, policySet })),
  );
  putPod(node, true);
}

function putPod(node: Datapath, mapped: boolean): void {
  const { base, sizeLog2 } = BLOCK;
  const berth = { natAddress: parseIp(NAT), base, sizeLog2, mapped, policySet: SET };
  node.tables.put('pods', [encodePod({ ip: parseIp(POD), selected: true, berths: [berth] })]);
}
