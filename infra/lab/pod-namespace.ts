/**
 * The network of one pod: a namespace, a veth pair into the node's, a /32 route towards it, and a
 * default route by a link-local next hop that only a permanent neighbour entry knows (as Calico
 * has it). Knows nothing of agents.
 */
import { existsSync } from 'node:fs';
import type { IpAddress } from '../../services/contract/ip-address.ts';
import type { PortRange } from './agent-call.ts';
import { ipBatch, ipBatchIn, setSysctls } from './command.ts';
import { type LabNode, netnsPrefix } from './plan.ts';

export interface PodPlace {
  readonly node: LabNode;
  readonly netns: string;
  readonly hostInterface: string;
  readonly ip: IpAddress;
  readonly podMac: string;
  readonly hostMac: string;
}

const NEXT_HOP = '169.254.1.1';
/** Newer kernels only; the same in every namespace. */
const REUSE_DELAY = 'net.ipv4.tcp_tw_reuse_delay';
const HAS_REUSE_DELAY = existsSync('/proc/sys/net/ipv4/tcp_tw_reuse_delay');

/** `number`: of the pod within its lab, never used twice. */
export function podPlace(labId: string, number: number, node: LabNode, ip: IpAddress): PodPlace {
  const tail = [number >> 8, number & 0xff]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':');
  return {
    node,
    netns: `${netnsPrefix(labId)}p${number}`,
    hostInterface: `pod${number}`,
    ip,
    podMac: `02:be:01:00:${tail}`,
    hostMac: `02:be:02:00:${tail}`,
  };
}

/** The link is made from outside, what is inside each namespace from within. */
export async function buildPodNamespace(labId: string, place: PodPlace): Promise<void> {
  const { netns, hostInterface, node, ip, podMac, hostMac } = place;
  const peer = `peer name eth0 netns ${netns} addr ${podMac}`;
  await ipBatch(labId, [
    `netns add ${netns}`,
    `link add name ${hostInterface} netns ${node.netns} addr ${hostMac} type veth ${peer}`,
  ]);
  const inPod = [
    'link set lo up',
    'link set eth0 addrgenmode none',
    `addr add ${ip}/32 dev eth0`,
    'link set eth0 up',
    `route add ${NEXT_HOP} dev eth0 scope link`,
    `neigh add ${NEXT_HOP} lladdr ${hostMac} dev eth0 nud permanent`,
    `route add default via ${NEXT_HOP} dev eth0`,
  ];
  const onNode = [`link set ${hostInterface} up`, `route add ${ip}/32 dev ${hostInterface}`];
  await Promise.all([ipBatchIn(labId, netns, inPod), ipBatchIn(labId, node.netns, onNode)]);
}

/** What the CNI plugin sets when the agent names a range. */
export async function confinePod(labId: string, netns: string, range: PortRange): Promise<void> {
  await setSysctls(labId, netns, {
    'net.ipv4.ip_local_port_range': `${range.from} ${range.to}`,
    'net.ipv4.tcp_tw_reuse': '1',
    ...(HAS_REUSE_DELAY ? { [REUSE_DELAY]: '100' } : {}),
  });
}

export async function removePodNamespace(labId: string, place: PodPlace): Promise<void> {
  try {
    // The link first: a deleted namespace takes its devices down only some time later.
    await ipBatchIn(labId, place.node.netns, [`link del ${place.hostInterface}`]);
  } finally {
    await ipBatch(labId, [`netns del ${place.netns}`]);
  }
}
