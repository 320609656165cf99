/** Who is killed in the demo, and when each counts as working again. */
import type { Agents } from './agents.ts';
import type { Control } from './control.ts';
import type { Victim } from './kills.ts';
import type { Stage } from './stage.ts';

const READY_TIMEOUT_MS = 15_000;

export interface Crew {
  readonly stage: Stage;
  readonly control: Control;
  readonly agents: Agents;
  readonly news: (line: string) => void;
}

export function agentOf(node: string, { agents, control, news }: Crew): Victim {
  return {
    kill: async () => {
      news(`killing the agent of ${node} (SIGKILL)`);
      await agents.kill(node);
    },
    start: async () => {
      news(`starting the agent of ${node} again`);
      await agents.start(node);
    },
    ready: async () => {
      const inSync = await control.waitUntil(
        ({ links }) => links.some((link) => link.node === node && link.inSync),
        READY_TIMEOUT_MS,
      );
      news(inSync ? `the agent of ${node} is in sync` : `the agent of ${node} is NOT in sync`);
    },
  };
}

export function controlProcess({ stage, control, news }: Crew): Victim {
  return {
    kill: async () => {
      news('killing the control process (SIGKILL)');
      await control.kill();
    },
    start: async () => {
      news('starting the control process again');
      await control.start();
    },
    ready: async () => {
      const all = await control.waitUntil(
        ({ links }) =>
          stage.nodes.every(({ name }) => links.some((l) => l.node === name && l.inSync)),
        READY_TIMEOUT_MS,
      );
      news(all ? 'all agents are in sync again' : 'NOT all agents are in sync');
    },
  };
}
