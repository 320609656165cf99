/**
 * An agent process on one node: the real core, CNI handler and link session, put together as
 * services/agent/run-agent.ts does, over a simulated kernel, disk and network.
 */
import { createAttachedPods } from '../../../services/agent/attached-pods.ts';
import { createCniHandler } from '../../../services/agent/cni-handler.ts';
import type { CniHandler } from '../../../services/agent/cni-socket.ts';
import { createGatewayQuestions } from '../../../services/agent/gateway-questions.ts';
import { createGuards } from '../../../services/agent/guards.ts';
import { openKernelTables } from '../../../services/agent/kernel-tables.ts';
import { type LinkSession, openLinkSession } from '../../../services/agent/link-session.ts';
import type { LinkedNode, NodeIdentity } from '../../../services/agent/linked-node.ts';
import { createMappedReports } from '../../../services/agent/mapped-reports.ts';
import { createNodeAgent, type NodeAgent } from '../../../services/agent/node-agent.ts';
import { createTurns } from '../../../services/agent/turns.ts';
import { parseCidr } from '../../../services/contract/cidr.ts';
import { describeError } from '../../../services/contract/errors.ts';
import type { NodeName } from '../../../services/contract/identity.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { ownerOf } from '../../../services/contract/ownership.ts';
import type { Version } from '../../../services/contract/version.ts';
import type { Life } from '../scheduler.ts';
import { logInto, type Surroundings } from '../surroundings.ts';
import type { Network } from '../world/network.ts';
import type { NodeDisk } from '../world/node-disk.ts';
import type { NodeKernel } from '../world/node-kernel.ts';
import { createProcess, type Process } from './process.ts';

export interface Machine {
  readonly node: NodeName;
  /** From 1; its addresses follow from it. */
  readonly number: number;
  readonly kernel: NodeKernel;
  readonly disk: NodeDisk;
  bootId: string;
}

export interface RunningAgent {
  readonly life: Life;
  readonly agent: NodeAgent;
  readonly cni: CniHandler;
}

export interface Agent extends Process {
  readonly machine: Machine;
  /** Null while it does not serve pods. */
  running(): RunningAgent | null;
}

/** `onAck` is called when the agent is about to ack this version. */
export type OnAck = (machine: Machine, version: Version) => void;

const CHECK_EVERY_MS = 60_000;
const RECONNECT_MS = 1500;

export function agentProcess(
  machine: Machine,
  surroundings: Surroundings,
  network: Network,
  onAck: OnAck,
): Agent {
  const { node, number, kernel, disk } = machine;
  const { scheduler, dice, history } = surroundings;
  let running: RunningAgent | null = null;

  const process = createProcess(node, surroundings, async (life) => {
    const clock = scheduler.clockOf(life);
    const log = logInto(history, node);
    const { tables, hooks } = kernel.open(life);
    const { file: acked, wanted } = disk.openAcked(life, machine.bootId);
    const { files, attachments } = disk.openAttachments(life, machine.bootId);
    const kernelTables = openKernelTables(
      {
        self: node,
        podCidrs: [parseCidr('10.1.0.0/16')],
        uplinkMac: macOf(number),
        // The simulation has no heartbeats: every gateway counts as live.
        owns: (address, gateways) => ownerOf(address, gateways) === node,
      },
      tables,
    );
    const agent = createNodeAgent({
      clock,
      log,
      turns: createTurns(),
      tables: kernelTables,
      pods: createAttachedPods({ files, tables: kernelTables, hooks, log }),
      guards: createGuards(hooks),
      acked,
      wanted,
    });
    const link = createSimulatedLink(life, machine, surroundings, network, agent, onAck);
    try {
      const { uids, readBackAtMs } = await agent.adopt(attachments);
      link.mapped(uids, readBackAtMs);
    } catch (error) {
      log.error({ error }, 'what was acked before could not be brought into force');
    }
    // Nothing sends packets here.
    const heldBack = { sums: () => [] };
    const cni = createCniHandler({}, { agent, link, clock, heldBack, gateway: null });
    running = { life, agent, cni };
    const checking = async (): Promise<never> => {
      for (;;) {
        await clock.sleep(CHECK_EVERY_MS);
        await agent.checkTables();
      }
    };
    await Promise.all([link.run(), checking()]);
  });

  function createSimulatedLink(
    life: Life,
    { bootId }: Machine,
    around: Surroundings,
    net: Network,
    agent: NodeAgent,
    ack: OnAck,
  ) {
    const clock = around.scheduler.clockOf(life);
    const reports = createMappedReports({ deliveredAfterMs: 4000 }, { clock });
    const questions = createGatewayQuestions({ clock });
    const identity: NodeIdentity = {
      node,
      bootId,
      underlayIp: underlayIpOf(number),
      mac: Uint8Array.from(macOf(number).split(':'), (byte) => Number.parseInt(byte, 16)),
    };
    const linked: LinkedNode = {
      held: agent.held,
      async push(push) {
        const answer = await agent.push(push);
        if (answer.kind === 'ack' && life.alive) ack(machine, answer.version);
        return answer;
      },
    };
    let session: LinkSession | null = null;
    return {
      gatewaysAt: (version: Version, timeoutMs: number) =>
        session?.gatewaysAt(version, timeoutMs) ?? Promise.resolve(false),
      mapped(uids: readonly string[], readBackAtMs: number) {
        reports.add(uids, readBackAtMs);
        session?.mapped({ uids, readBackAtMs });
      },
      async run(): Promise<never> {
        for (;;) {
          try {
            const stream = await net.dial(life, node);
            const incoming = stream[Symbol.asyncIterator]();
            // Who may speak for which node is not what is simulated.
            const opened = { stream, incoming, challenge: '' };
            session = openLinkSession(opened, identity, { node: linked, reports, questions });
            await session.ended;
          } catch (error) {
            history.tell(node, `link down: ${describeError(error)}`);
          } finally {
            session = null;
            reports.linkDown();
            questions.abandon();
          }
          await clock.sleep(dice.next() * RECONNECT_MS);
        }
      },
    };
  }

  return {
    name: node,
    machine,
    get life() {
      return process.life;
    },
    start: process.start,
    kill: process.kill,
    running: () => (running?.life.alive === true ? running : null),
  };
}

function macOf(number: number): string {
  return `02:00:00:00:00:0${number}`;
}

export function underlayIpOf(number: number): ReturnType<typeof parseIp> {
  return parseIp(`192.0.2.${number}`);
}
