/** What a node acked it never goes behind, over any restart of its agent. */
import { isAtLeast, type Version } from '../../../services/contract/version.ts';
import type { Agent, Machine } from '../processes/agent.ts';
import type { History } from '../surroundings.ts';

export interface VersionOrder {
  acked(machine: Machine, version: Version): void;
  look(agent: Agent): void;
}

export function createVersionOrder(history: History): VersionOrder {
  const last = new Map<string, Version>();

  function notBehind(node: string, version: Version, what: string): void {
    const before = last.get(node) ?? {};
    if (isAtLeast(version, before)) return;
    const text = `${node} ${what} ${JSON.stringify(version)} after ${JSON.stringify(before)}`;
    history.broken('no version goes back', text);
  }

  return {
    acked({ node }, version) {
      notBehind(node, version, 'acks');
      last.set(node, version);
    },
    look(agent) {
      const held = agent.running()?.agent.held().version;
      if (held !== undefined) notBehind(agent.name, held, 'has');
    },
  };
}
