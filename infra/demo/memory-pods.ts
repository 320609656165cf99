/**
 * Pods of a stage without a lab: an address that is free on the node, and the calls that the CNI
 * plugin would make to the node's agent. A pod that goes while its agent holds it is given up.
 */
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { type AgentRequest, callAgent } from '../lab/agent-call.ts';
import type { Stage } from './stage.ts';

/** A node as its pods know it. */
export interface MemoryNode {
  /** The first three bytes of its pods' addresses. */
  readonly podPrefix: string;
  readonly cniSocket: string;
}

interface Pod {
  readonly node: MemoryNode;
  readonly ip: string;
  readonly goes: AbortController;
  /** Once the agent has answered, whatever it said. */
  readonly answered: Promise<unknown>;
}

const AGENT_TIMEOUT_MS = 15_000;
const FIRST_ADDRESS = 2;
const LAST_ADDRESS = 254;

export function createMemoryPods(
  nodes: ReadonlyMap<string, MemoryNode>,
  clock: Clock,
): Pick<Stage, 'createPod' | 'stopPod' | 'deletePod'> {
  const pods = new Map<string, Pod>();
  let podsMade = 0;

  async function call(
    node: MemoryNode,
    request: AgentRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    const asked = { socketPath: node.cniSocket, request, timeoutMs: AGENT_TIMEOUT_MS };
    const answer = await callAgent(signal === undefined ? asked : { ...asked, signal }, clock);
    if (answer.ok) return;
    const { code, message } = answer;
    throw berthError('BERTH_LAB_POD_REFUSED', { uid: request.uid, code, message });
  }

  function freeAddress({ podPrefix }: MemoryNode): string {
    const taken = new Set([...pods.values()].map(({ ip }) => ip));
    for (let last = FIRST_ADDRESS; last <= LAST_ADDRESS; last++) {
      if (!taken.has(`${podPrefix}.${last}`)) return `${podPrefix}.${last}`;
    }
    const reason = `no address of ${podPrefix}.0/24 is free`;
    throw berthError('BERTH_CONFIG_BAD', { field: 'pods', reason });
  }

  return {
    createPod: async ({ uid, node: name, bind }) => {
      const node = nodes.get(name);
      if (node === undefined) {
        throw berthError('BERTH_CONFIG_BAD', { field: 'pods', reason: `no node ${name}` });
      }
      podsMade += 1;
      const ip = pods.get(uid)?.ip ?? freeAddress(node);
      const [netns, hostInterface] = [`/simulated/${uid}`, `veth${podsMade}`];
      const goes = new AbortController();
      const made = bind().then(() =>
        call(node, { verb: 'add', uid, ip, netns, hostInterface }, goes.signal),
      );
      pods.set(uid, { node, ip, goes, answered: made.catch(() => undefined) });
      await made;
    },
    stopPod: async () => undefined,
    deletePod: async (uid) => {
      const pod = pods.get(uid);
      if (pod === undefined) return;
      pod.goes.abort();
      await pod.answered;
      try {
        await call(pod.node, { verb: 'del', uid });
      } finally {
        pods.delete(uid);
      }
    },
  };
}
