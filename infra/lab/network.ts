/**
 * Builds the namespaces of a plan and the links between them: all hosts on one bridge, routes as
 * a data centre would have them (nodes reach protected CIDRs by the target's fabric address,
 * targets reach NAT addresses on-link and pod CIDRs by the nodes). All offloads stay on, but
 * where frames enter a gateway (see `serveXdp`).
 */
import { fileURLToPath } from 'node:url';

import { ipBatch, ipBatchIn, runIn, setSysctls } from './command.ts';
import { FABRIC, type LabHost, type LabNode, type LabPlan, NAT_ROUTE, UPLINK } from './plan.ts';

const BRIDGE = 'br0';
const XDP_PASS = fileURLToPath(new URL('../../build/bpf/test/xdp-pass.bpf.o', import.meta.url));

/** Before any device exists, so that devices inherit `default`. */
const QUIET = {
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv6.conf.all.disable_ipv6': '1',
  'net.ipv6.conf.default.disable_ipv6': '1',
};
const FORWARDING = {
  'net.ipv4.ip_forward': '1',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
};
/** Addresses that are local by route alone must not become the sender of an ARP request. */
const ARP_BY_FABRIC_ADDRESS = { 'net.ipv4.conf.all.arp_announce': '2' };

export function hostsOf(plan: LabPlan): readonly LabHost[] {
  return [...plan.nodes, ...plan.gateways, ...plan.targets, plan.control, plan.outside];
}

/** @throws BERTH_LAB_COMMAND; what is half built is the caller's to destroy. */
export async function buildNetwork(plan: LabPlan): Promise<void> {
  const hosts = hostsOf(plan);
  const spaces = [plan.fabricNetns, ...hosts.map((host) => host.netns)];
  await ipBatch(
    plan.id,
    spaces.map((netns) => `netns add ${netns}`),
  );
  await Promise.all(spaces.map((netns) => setSysctls(plan.id, netns, sysctlsOf(plan, netns))));
  await ipBatch(
    plan.id,
    hosts.map((host) => linkLine(plan, host)),
  );
  await ipBatchIn(plan.id, plan.fabricNetns, fabricLines(hosts));
  await Promise.all(plan.gateways.map((gateway) => serveXdp(plan, gateway)));
  await Promise.all(
    hosts.map((host) =>
      ipBatchIn(plan.id, host.netns, [...addressLines(host), ...routeLines(plan, host)]),
    ),
  );
}

/** Nothing passes between the host and the fabric until it is `up` again. */
export async function setFabricPort(
  plan: LabPlan,
  host: LabHost,
  state: 'up' | 'down',
): Promise<void> {
  await ipBatchIn(plan.id, plan.fabricNetns, [`link set ${host.fabricPort} ${state}`]);
}

/** The host's device on the fabric goes, and all that is on it; another one comes in its place. */
export async function remakeUplink(plan: LabPlan, host: LabHost): Promise<void> {
  await ipBatchIn(plan.id, host.netns, [`link del ${UPLINK}`]);
  await ipBatch(plan.id, [linkLine(plan, host)]);
  await ipBatchIn(plan.id, plan.fabricNetns, [portLine(host)]);
  const gateway = plan.gateways.find((each) => each.netns === host.netns);
  if (gateway !== undefined) await serveXdp(plan, gateway);
  const lines = [...addressLines(host), ...routeLines(plan, host)];
  await ipBatchIn(plan.id, host.netns, lines);
}

/** The two hosts reach all others, but not each other. */
export async function setBetween(
  plan: LabPlan,
  [a, b]: readonly [LabHost, LabHost],
  state: 'cut' | 'whole',
): Promise<void> {
  const verb = state === 'cut' ? 'add' : 'del';
  await ipBatchIn(plan.id, a.netns, [`route ${verb} blackhole ${b.uplinkIp}/32`]);
  await ipBatchIn(plan.id, b.netns, [`route ${verb} blackhole ${a.uplinkIp}/32`]);
}

function sysctlsOf(plan: LabPlan, netns: string): Record<string, string> {
  const isNode = [...plan.nodes, ...plan.gateways].some((node) => node.netns === netns);
  return { ...QUIET, ...ARP_BY_FABRIC_ADDRESS, ...(isNode ? FORWARDING : {}) };
}

function linkLine(plan: LabPlan, host: LabHost): string {
  const peer = `peer name ${UPLINK} netns ${host.netns} addr ${host.mac}`;
  return `link add name ${host.fabricPort} netns ${plan.fabricNetns} type veth ${peer}`;
}

function fabricLines(hosts: readonly LabHost[]): string[] {
  return [
    `link add ${BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${BRIDGE} up`,
    ...hosts.map(portLine),
  ];
}

function portLine(host: LabHost): string {
  return `link set ${host.fabricPort} master ${BRIDGE} up`;
}

/**
 * What a veth needs so that its other end, the gateway's, can send frames back by XDP: a program
 * of its own (or the returned frames lie in its ring), finished checksums (XDP forgets that one is
 * only half there); and GRO, so that what returns is put together again, as a real NIC does.
 */
async function serveXdp(plan: LabPlan, gateway: LabNode): Promise<void> {
  const port = gateway.fabricPort;
  const args = ['-K', port, 'tx', 'off', 'gro', 'on'];
  await runIn(plan.fabricNetns, { labId: plan.id, file: 'ethtool', args });
  const program = `xdp obj ${XDP_PASS} sec xdp.frags`;
  await ipBatchIn(plan.id, plan.fabricNetns, [`link set dev ${port} ${program}`]);
}

function addressLines(host: LabHost): string[] {
  const length = FABRIC.slice(FABRIC.indexOf('/'));
  return [
    'link set lo up',
    `addr add ${host.uplinkIp}${length} dev ${UPLINK}`,
    `link set ${UPLINK} up`,
  ];
}

function routeLines(plan: LabPlan, host: LabHost): string[] {
  const node = [...plan.nodes, ...plan.gateways].find((each) => each.netns === host.netns);
  if (node !== undefined) {
    const toTargets = plan.targets.flatMap((target) =>
      target.cidrs.map((cidr) => `route add ${cidr} via ${target.uplinkIp} dev ${UPLINK}`),
    );
    const elsewhere = `route add default via ${plan.outside.uplinkIp} dev ${UPLINK}`;
    return [...podRoutes(plan, host), ...toTargets, elsewhere];
  }
  const target = plan.targets.find((each) => each.netns === host.netns);
  if (target !== undefined) {
    // Local by route, not by address: a whole CIDR answers.
    const local = target.cidrs.map((cidr) => `route add local ${cidr} dev lo`);
    return [...podRoutes(plan, host), ...local, `route add ${NAT_ROUTE} dev ${UPLINK}`];
  }
  if (host.netns !== plan.outside.netns) return [];
  return [...podRoutes(plan, host), `addr add ${plan.outside.address}/32 dev lo`];
}

/** Pod CIDRs of every other node. */
function podRoutes(plan: LabPlan, host: LabHost): string[] {
  return plan.nodes
    .filter((node) => node.netns !== host.netns && node.podCidr !== null)
    .map((node) => `route add ${node.podCidr} via ${node.uplinkIp} dev ${UPLINK}`);
}
