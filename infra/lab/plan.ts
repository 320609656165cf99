/**
 * What a lab consists of, before anything exists: names, addresses, MACs, protected CIDRs. Pure:
 * the same init gives the same plan, so that two runs of a lab look alike in every capture.
 * Every namespace bears the lab's id, so that labs do not meet; what is inside one needs no id.
 */

import { type Cidr, cidrParts, parseCidr } from '../../services/contract/cidr.ts';
import { berthError } from '../../services/contract/errors.ts';
import {
  type IpAddress,
  ipFromBigInt,
  ipToBigInt,
  parseIp,
} from '../../services/contract/ip-address.ts';
import { protectedCidrs } from './protected-cidrs.ts';

export const FABRIC = parseCidr('10.77.0.0/24');
/** Answered for by gateways alone; on no interface. Each target has a route to it, on-link. */
export const NAT_ROUTE = parseCidr('203.0.113.0/24');
/** The device by which nodes, gateways, targets, control and outside reach the fabric. */
export const UPLINK = 'uplink';
/** On a target's fabric address, where control reaches it. */
export const ACL_SERVER_PORT = 8080;

const NODES_MAX = 100;
const GATEWAYS_MAX = 16;
const TARGETS_MAX = 16;
const ID = /^[a-z0-9]{1,8}$/;

/** Last byte of the fabric address, and what tells MACs of one kind from another. */
const FIRST = { control: 2, outside: 3, gateway: 11, target: 31, node: 101 } as const;
type HostKind = keyof typeof FIRST;

export interface LabTargetInit {
  readonly name: string;
  /** @default 20 CIDRs of the documentation networks */
  readonly cidrs?: readonly Cidr[];
  /** Opened once for the NAT addresses, or closed until its ACL server is told. @default opened */
  readonly acl?: 'opened' | 'server';
}

export interface LabInit {
  /** 1 to 8 lower-case letters and digits. @default drawn from `random` */
  readonly id?: string;
  /** How many, or their names (n1, n2 ... when counted). @default 3 */
  readonly nodes?: number | readonly string[];
  /** How many, or their names (gw1 ...). @default 1 */
  readonly gateways?: number | readonly string[];
  /** How many, or each (t1 ...). @default 2 */
  readonly targets?: number | readonly LabTargetInit[];
  /** What the targets' ACLs admit at the start. @default 203.0.113.16/28 */
  readonly natCidr?: Cidr;
}

/** A network namespace with one device, `uplink`, on the fabric. */
export interface LabHost {
  readonly name: string;
  /** Name below /run/netns. */
  readonly netns: string;
  readonly uplinkIp: IpAddress;
  readonly mac: string;
  /** The bridge port of it in the fabric's namespace. */
  readonly fabricPort: string;
}

/** A node or a gateway: where an agent runs. */
export interface LabNode extends LabHost {
  readonly role: 'node' | 'gateway';
  /** Null for a gateway: no pods there. */
  readonly podCidr: Cidr | null;
  /** On a bpffs of the lab's own. */
  readonly pinDir: string;
  readonly stateDir: string;
  /** Where this node's agent listens for the calls of the CNI plugin. */
  readonly cniSocket: string;
}

export interface TargetPlan extends LabHost {
  readonly cidrs: readonly Cidr[];
  /** One address of each protected CIDR, to talk to. */
  readonly addresses: readonly IpAddress[];
  /** Where its ACL server is and what its secret is called; null: its ACL was opened once. */
  readonly aclServer: { readonly url: string; readonly secret: string } | null;
}

export interface LabPlan {
  readonly id: string;
  readonly runDir: string;
  /** The files that AclTargets name as secrets. */
  readonly secretsDir: string;
  readonly fabricNetns: string;
  readonly natCidr: Cidr;
  readonly nodes: readonly LabNode[];
  readonly gateways: readonly LabNode[];
  readonly targets: readonly TargetPlan[];
  /** Where `berth up` runs; agents reach the hub at its `uplinkIp`. */
  readonly control: LabHost;
  /** An ordinary server outside all protected CIDRs; the nodes' default route leads to it. */
  readonly outside: LabHost & { readonly address: IpAddress };
}

const RUN_ROOT = '/run/berth-lab';
const OUTSIDE_ADDRESS = parseIp('198.18.0.10');

export function runRoot(): string {
  return RUN_ROOT;
}

export function netnsPrefix(id: string): string {
  return `b${id}-`;
}

/** @throws BERTH_CONFIG_BAD when a count, a name or the id is out of bounds. */
export function planLab(id: string, init: LabInit): LabPlan {
  if (!ID.test(id)) throw badConfig('id', `'${id}' is not 1 to 8 lower-case letters and digits`);
  const runDir = `${RUN_ROOT}/${id}`;
  const nodeNames = names('nodes', 'n', init.nodes ?? 3, NODES_MAX);
  const gatewayNames = names('gateways', 'gw', init.gateways ?? 1, GATEWAYS_MAX);
  const targets = targetInits(init.targets ?? 2);
  refuseTwins([...nodeNames, ...gatewayNames, ...targets.map((target) => target.name)]);
  return {
    id,
    runDir,
    secretsDir: `${runDir}/secrets`,
    fabricNetns: `${netnsPrefix(id)}fabric`,
    natCidr: init.natCidr ?? parseCidr('203.0.113.16/28'),
    nodes: nodeNames.map((name, at) => node(runDir, host(id, name, 'node', at, `n${at + 1}`), at)),
    gateways: gatewayNames.map((name, at) =>
      node(runDir, host(id, name, 'gateway', at, `gw${at + 1}`), null),
    ),
    targets: targets.map((target, at) => {
      const base = host(id, target.name, 'target', at, `t${at + 1}`);
      const url = `http://${base.uplinkIp}:${ACL_SERVER_PORT}/`;
      const aclServer = target.acl === 'server' ? { url, secret: `${target.name}-acl-key` } : null;
      return { ...base, ...protectedBy(target, at), aclServer };
    }),
    control: host(id, 'control', 'control', 0, 'ctl'),
    outside: { ...host(id, 'outside', 'outside', 0, 'out'), address: OUTSIDE_ADDRESS },
  };
}

/** The `n`th address of a network, counted from its first. */
export function nthAddress(cidr: Cidr, n: number): IpAddress {
  return ipFromBigInt(ipToBigInt(cidrParts(cidr).address) + BigInt(n));
}

function host(id: string, name: string, kind: HostKind, at: number, short: string): LabHost {
  const last = FIRST[kind] + at;
  return {
    name,
    netns: `${netnsPrefix(id)}${short}`,
    uplinkIp: nthAddress(FABRIC, last),
    mac: `02:be:00:00:00:${last.toString(16).padStart(2, '0')}`,
    fabricPort: short,
  };
}

/** `at` is the node's place among the nodes; null for a gateway. */
function node(runDir: string, base: LabHost, at: number | null): LabNode {
  return {
    ...base,
    role: at === null ? 'gateway' : 'node',
    podCidr: at === null ? null : parseCidr(`10.244.${at + 1}.0/24`),
    pinDir: `${runDir}/bpf/${base.fabricPort}`,
    stateDir: `${runDir}/state/${base.fabricPort}`,
    cniSocket: `${runDir}/state/${base.fabricPort}/cni.sock`,
  };
}

function protectedBy(
  target: LabTargetInit,
  at: number,
): { cidrs: readonly Cidr[]; addresses: readonly IpAddress[] } {
  const cidrs = target.cidrs ?? protectedCidrs(at);
  // Not the first of a wide one: that it is a network address would test too little.
  const addresses = cidrs.map((cidr) =>
    nthAddress(cidr, cidrParts(cidr).prefixLength === 128 ? 0 : 1),
  );
  return { cidrs, addresses };
}

function names(field: string, prefix: string, wanted: number | readonly string[], max: number) {
  const list =
    typeof wanted === 'number'
      ? Array.from({ length: wanted }, (_, at) => `${prefix}${at + 1}`)
      : wanted;
  if (list.length > max) throw badConfig(field, `${list.length} are more than ${max}`);
  return list;
}

function targetInits(wanted: number | readonly LabTargetInit[]): readonly LabTargetInit[] {
  if (typeof wanted !== 'number') {
    names('targets', 't', wanted.length, TARGETS_MAX);
    return wanted;
  }
  return names('targets', 't', wanted, TARGETS_MAX).map((name) => ({ name }));
}

function refuseTwins(all: readonly string[]): void {
  const twin = all.find((name, at) => all.indexOf(name) !== at);
  if (twin !== undefined) throw badConfig('names', `'${twin}' is there twice`);
}

function badConfig(field: string, reason: string) {
  return berthError('BERTH_CONFIG_BAD', { field: `lab ${field}`, reason });
}
