/**
 * An agent put together: adopt what the kernel has, attach the programs, then serve the hub and
 * the container runtime until told to stop. Stopping changes nothing in the kernel: packets flow
 * on, and the next agent adopts.
 */
import { lookup } from 'node:dns/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Datapath, Hooks } from '../ports/datapath/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { readTlsFiles } from '../runtime/tls-files.ts';
import { openAckedFile } from './acked-file.ts';
import { openAgentMetrics } from './agent-metrics.ts';
import { type AttachedPods, createAttachedPods } from './attached-pods.ts';
import { isSameBoot, openAttachmentFiles } from './attachment-files.ts';
import { createCniHandler } from './cni-handler.ts';
import { openCniSocket } from './cni-socket.ts';
import type { AgentConfig } from './config.ts';
import type { Gateway } from './gateway/gateway.ts';
import { type GatewayState, openGatewayState } from './gateway/gateway-state.ts';
import { createMembership, type Membership } from './gateway/membership.ts';
import { openGateway } from './gateway/open-gateway.ts';
import { createGuards } from './guards.ts';
import { createHeldBack } from './held-back.ts';
import {
  attachEach,
  guardsOf,
  keepAttached,
  nodePrograms,
  type WantedProgram,
} from './keep-attached.ts';
import { openKernelTables } from './kernel-tables.ts';
import { createLink, type Link } from './link.ts';
import { createNodeAgent, type NodeAgent } from './node-agent.ts';
import type { Owns } from './tables/compile.ts';
import { createTurns } from './turns.ts';
import { indexOf, type WatchedInterfaces, watchInterfaces } from './watch-interfaces.ts';

export interface AgentComponents {
  readonly datapath: Datapath;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const CHECK_EVERY_MS = 60_000;
/** What leaves by a new uplink before its programs are there leaves untranslated. */
const UPLINKS_EVERY_MS = 20;
const GUARDED_EVERY_MS = 1_000;

export async function runAgent(
  config: AgentConfig,
  components: AgentComponents,
  stop: AbortSignal,
): Promise<void> {
  const { clock, random } = components;
  const { node, bootId, hub: hubs, underlayIp } = config;
  const log = components.log.child({ node });
  const state = config.gateway ? await openGatewayState(config.stateDir) : null;
  const opened = await openAgent(config, { ...components, log });
  const served = state === null ? null : gatewayAround(opened, state);
  const gateway = served?.gateway ?? null;
  const self = { node, bootId, underlayIp, mac: macBytes(config.mac) };
  const link = createLink(
    {
      hubs,
      certificate: () => readTlsFiles(config.certificates),
      self: state === null ? self : { ...self, heartbeatKey: state.keyPair.publicKey },
    },
    { clock, random, log, node: served?.node ?? opened.agent, resolve: addressesOf },
  );

  function gatewayAround({ agent, membership, resources }: OpenedAgent, known: GatewayState) {
    return openGateway(
      { config, state: known, membership, resources },
      { ...components, log, agent, linkIsUp: () => link.isUp() },
    );
  }

  const ending = new AbortController();
  // Others shall hear it as soon as may be: until they do they answer for its addresses.
  const beating = gateway?.run(AbortSignal.any([stop, ending.signal]));
  try {
    await serve(config, { ...components, log }, { ...opened, link, gateway }, stop);
  } finally {
    ending.abort();
    await beating;
  }
}

interface Served extends OpenedAgent {
  readonly link: Link;
  readonly gateway: Gateway | null;
}

async function serve(
  config: AgentConfig,
  { datapath, clock, log }: AgentComponents,
  { agent, interfaces, interfaceNumbers, podOf, announced, link, gateway }: Served,
  stop: AbortSignal,
): Promise<void> {
  const { hooks } = datapath;
  try {
    const { uids, readBackAtMs } = await agent.adopt(announced);
    link.mapped(uids, readBackAtMs);
  } catch (error) {
    // The kernel goes on with what it has; the hub's first push is the next try.
    log.error({ error }, 'what was acked before could not be brought into force');
  }
  const programs = nodePrograms(config.uplinks, config.gateway);
  for (const { program, interfaceName } of programs) await hooks.attach(program, interfaceName);
  await attachEach(guardsOf(interfaces()), { hooks, log });
  const heldBack = createHeldBack({ events: datapath.events, podOf, clock, log });
  const handler = createCniHandler({}, { agent, link, clock, heldBack, gateway });
  const socket = await openCniSocket(config.cniSocket, { handler, clock, log });
  const closeMetrics = await openAgentMetrics(config.metrics, { agent, datapath, clock, log });
  log.info({ version: agent.held().version, pods: interfaces().length }, 'agent is up');

  async function checkForEver(): Promise<void> {
    while (!stop.aborted) {
      await clock.sleep(CHECK_EVERY_MS, stop);
      if (stop.aborted) return;
      await agent.checkTables();
      await keepAttached([...programs, ...guardsOf(interfaces())], { hooks, log });
    }
  }

  const parts = { hooks, clock, log };
  try {
    await Promise.all([
      link.run(stop),
      checkForEver(),
      heldBack.run(stop),
      watchInterfaces(uplinksOf(programs, parts), parts, stop),
      watchInterfaces(guardedOf(agent, interfaceNumbers, log), parts, stop),
    ]);
  } finally {
    await closeMetrics();
    await socket.close();
  }
}

interface OpenedAgent {
  readonly agent: NodeAgent;
  readonly announced: Parameters<NodeAgent['adopt']>[0];
  readonly interfaces: () => string[];
  readonly interfaceNumbers: AttachedPods['interfaceNumbers'];
  readonly podOf: AttachedPods['podOf'];
  readonly membership: Membership;
  /** What the hub sent and this node has. */
  readonly resources: ReadonlyMap<string, Uint8Array>;
}

/** The uplinks, whose programs have just been attached. */
function uplinksOf(
  programs: readonly WantedProgram[],
  { hooks, log }: { readonly hooks: Hooks; readonly log: Log },
): WatchedInterfaces {
  const numberOf = (name: string) => [name, indexOf(name, hooks)] as const;
  const known = new Map(programs.map(({ interfaceName }) => numberOf(interfaceName)));
  return {
    everyMs: UPLINKS_EVERY_MS,
    known: () => [...known],
    cameBack: async (interfaceName) => {
      known.set(...numberOf(interfaceName));
      const its = programs.filter((one) => one.interfaceName === interfaceName);
      await attachEach(its, { hooks, log });
      log.warn({ interface: interfaceName }, 'uplink came back: its programs are there again');
    },
  };
}

function guardedOf(
  agent: NodeAgent,
  known: AttachedPods['interfaceNumbers'],
  log: Log,
): WatchedInterfaces {
  return {
    everyMs: GUARDED_EVERY_MS,
    known,
    cameBack: async (interfaceName) => {
      try {
        await agent.interfaceChanged(interfaceName);
        log.warn({ interface: interfaceName }, 'the interface of a pod came back: it is guarded');
      } catch (error) {
        log.error({ interface: interfaceName, error }, 'the interface of a pod is not guarded yet');
      }
    },
  };
}

async function openAgent(
  { node, bootId, stateDir, podCidrs, mac, gateway }: AgentConfig,
  { datapath, clock, log }: AgentComponents,
): Promise<OpenedAgent> {
  await mkdir(stateDir, { recursive: true });
  const sameBoot = await isSameBoot(stateDir, bootId);
  const ackedPath = join(stateDir, 'acked');
  const { file: acked, wanted, damaged } = await openAckedFile(ackedPath, { sameBoot });
  const { files, attachments, damaged: podsDamaged } = await openAttachmentFiles(stateDir, bootId);
  if (podsDamaged) log.warn({}, 'some of the announced pods cannot be read: such are held');
  if (damaged) log.warn({ version: wanted.version }, 'the end of what was acked cannot be read');
  const membership = createMembership(node, clock.nowMs());
  const owns: Owns = gateway ? membership.owns : () => false;
  const init = { self: node, podCidrs, uplinkMac: mac, owns };
  const tables = openKernelTables(init, datapath.tables);
  const pods = createAttachedPods({ files, tables, hooks: datapath.hooks, log });
  const turns = createTurns();
  const guards = createGuards(datapath.hooks);
  const agent = createNodeAgent({ clock, log, turns, tables, pods, guards, acked, wanted });
  const { interfaces, interfaceNumbers, podOf } = pods;
  const { resources } = wanted;
  const known = { interfaces, interfaceNumbers, podOf, membership, resources };
  return { agent, announced: attachments, ...known };
}

/** All that the system knows; a name that is an address is its own. */
async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}
