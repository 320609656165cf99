/**
 * The pods of a lab and their life: a pod runs once its node's agent was told and has answered;
 * then the port range and the TIME_WAIT settings are set, by the lab as the CNI plugin's stand-in,
 * never by the agent. On deletion its sockets go first, then the agent is told, then the namespace
 * goes.
 */

import { cidrSize } from '../../services/contract/cidr.ts';
import { berthError } from '../../services/contract/errors.ts';
import type { IpAddress } from '../../services/contract/ip-address.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { type AgentAnswer, type AgentRequest, callAgent, type PortRange } from './agent-call.ts';
import { type LabNode, type LabPlan, nthAddress } from './plan.ts';
import {
  buildPodNamespace,
  confinePod,
  type PodPlace,
  podPlace,
  removePodNamespace,
} from './pod-namespace.ts';
import type { Traffic } from './traffic/traffic.ts';

export interface PodInit {
  readonly uid: string;
  /** The node's name. */
  readonly node: string;
  /** @default the lowest free one of the node's pod CIDR, so that addresses come again soon */
  readonly ip?: IpAddress;
  /** False: no call to the agent; the pod runs as one that Berth does not know. @default true */
  readonly viaAgent?: boolean;
  /** How long the calls to the agent, add and del, are repeated. @default 15000 */
  readonly agentTimeoutMs?: number;
  /** Called when the namespace is there, before the agent is. */
  readonly sandboxMade?: () => Promise<void>;
}

export interface LabPod {
  readonly uid: string;
  readonly node: string;
  /** Name below /run/netns. */
  readonly netns: string;
  readonly ip: IpAddress;
  /** The veth's end in the node's namespace. */
  readonly hostInterface: string;
  /** What the agent answered, and was set; null: an ordinary range. */
  readonly portRange: PortRange | null;
}

export interface Pods {
  create(init: PodInit): Promise<LabPod>;
  delete(uid: string): Promise<void>;
  list(): readonly LabPod[];
}

interface Components {
  readonly clock: Clock;
  readonly traffic: Traffic;
}

interface Entry {
  readonly init: PodInit;
  readonly place: PodPlace;
  /** By a deletion that comes while it is being created. */
  readonly cancelled: AbortController;
}

interface Live extends Entry {
  readonly created: Promise<LabPod>;
  pod: LabPod | null;
  deleted: Promise<void> | null;
}

const AGENT_TIMEOUT_MS = 15_000;
/** Of a pod CIDR: the network's own address, and the one that a bridge would have. */
const ADDRESSES_RESERVED = 2;

export function labPods(plan: LabPlan, components: Components): Pods {
  const lives = new Map<string, Live>();
  let lastNumber = 0;

  const begin = (init: PodInit): Live => {
    const node = plan.nodes.find((each) => each.name === init.node);
    if (node === undefined) throw badPod(`no node ${init.node} with pods in this lab`);
    if (lives.has(init.uid)) throw badPod(`${init.uid} is there already`);
    const inUse = new Set([...lives.values()].map((live) => live.place.ip));
    const place = podPlace(plan.id, ++lastNumber, node, init.ip ?? lowestFree(node, inUse));
    const entry: Entry = { init, place, cancelled: new AbortController() };
    const created = build(plan.id, entry, components).catch(async (error: unknown) => {
      await takeDown(plan.id, entry, components).catch(() => {});
      lives.delete(init.uid);
      throw error;
    });
    return { ...entry, created, pod: null, deleted: null };
  };

  const end = async (live: Live): Promise<void> => {
    live.cancelled.abort();
    const created = await live.created.then(
      () => true,
      () => false,
    );
    // One that could not be created has taken itself down.
    if (!created) return;
    try {
      await takeDown(plan.id, live, components);
    } finally {
      lives.delete(live.init.uid);
    }
  };

  return {
    create: async (init) => {
      const live = begin(init);
      lives.set(init.uid, live);
      live.pod = await live.created;
      return live.pod;
    },
    delete: async (uid) => {
      const live = lives.get(uid);
      if (live === undefined) return;
      live.deleted ??= end(live);
      await live.deleted;
    },
    list: () => [...lives.values()].flatMap(({ pod }) => (pod === null ? [] : [pod])),
  };
}

async function build(labId: string, entry: Entry, { clock }: Components): Promise<LabPod> {
  const { init, place, cancelled } = entry;
  const { netns, ip, hostInterface } = place;
  await buildPodNamespace(labId, place);
  await init.sandboxMade?.();
  const pod = { uid: init.uid, node: init.node, netns, ip, hostInterface };
  if (init.viaAgent === false) return { ...pod, portRange: null };
  const path = `/run/netns/${netns}`;
  const answer = await call(
    entry,
    { verb: 'add', uid: init.uid, ip, netns: path, hostInterface },
    clock,
    cancelled.signal,
  );
  if (!answer.ok) throw refused(init.uid, answer);
  if (answer.portRange !== null) await confinePod(labId, netns, answer.portRange);
  return { ...pod, portRange: answer.portRange };
}

/** The namespace goes in any case; the agent's refusal is told afterwards. */
async function takeDown(labId: string, entry: Entry, components: Components): Promise<void> {
  await components.traffic.drop(entry.place.netns);
  const { uid, viaAgent } = entry.init;
  const answer =
    viaAgent === false ? null : await call(entry, { verb: 'del', uid }, components.clock);
  await removePodNamespace(labId, entry.place);
  if (answer?.ok === false) throw refused(uid, answer);
}

function call(
  { init, place }: Entry,
  request: AgentRequest,
  clock: Clock,
  signal?: AbortSignal,
): Promise<AgentAnswer> {
  const timeoutMs = init.agentTimeoutMs ?? AGENT_TIMEOUT_MS;
  const base = { socketPath: place.node.cniSocket, request, timeoutMs };
  return callAgent(signal === undefined ? base : { ...base, signal }, clock);
}

function lowestFree(node: LabNode, inUse: ReadonlySet<IpAddress>): IpAddress {
  if (node.podCidr !== null) {
    const size = Number(cidrSize(node.podCidr));
    for (let n = ADDRESSES_RESERVED; n < size - 1; n++) {
      const address = nthAddress(node.podCidr, n);
      if (!inUse.has(address)) return address;
    }
  }
  throw badPod(`no address is free on ${node.name}`);
}

function refused(uid: string, { code, message }: AgentAnswer & { ok: false }) {
  return berthError('BERTH_LAB_POD_REFUSED', { uid, code, message });
}

function badPod(reason: string) {
  return berthError('BERTH_CONFIG_BAD', { field: 'lab pod', reason });
}
