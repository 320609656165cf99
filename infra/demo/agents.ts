/** The agents of the demo: one process a node, gateways included; killed and started by name. */
import { fileURLToPath } from 'node:url';
import type { DemoProcess, Stage, StageNode } from './stage.ts';

const MAIN = fileURLToPath(new URL('../../services/agent/main.ts', import.meta.url));

export interface Agents {
  startAll(): Promise<void>;
  start(node: string): Promise<void>;
  /** SIGKILL: what it had pinned stays and works on. */
  kill(node: string): Promise<void>;
}

export function createAgents(stage: Stage): Agents {
  const running = new Map<string, DemoProcess>();

  async function startOn(node: StageNode): Promise<void> {
    const logFile = `${stage.runDir}/agent-${node.name}.log`;
    const args = [MAIN, ...node.agentArgs];
    running.set(node.name, await stage.startProcess(node.name, args, logFile));
  }

  return {
    startAll: async () => {
      await Promise.all(stage.nodes.map(startOn));
    },
    start: async (name) => {
      const node = stage.nodes.find((candidate) => candidate.name === name);
      if (node !== undefined) await startOn(node);
    },
    kill: async (name) => {
      await running.get(name)?.stop('SIGKILL');
      running.delete(name);
    },
  };
}
