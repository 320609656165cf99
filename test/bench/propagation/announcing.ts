/** Announces pods on the agents' CNI sockets as runtimes do: so many at once on a node. */
import { ask } from '../../../services/agent/ask-agent-fixtures.ts';
import type { ChurnItem } from './churn.ts';

export interface Announcing {
  /** Of one that is bound the network is made, of one that is gone undone. */
  announce(item: ChurnItem): void;
  /** All that was announced was answered. */
  done(): Promise<void>;
}

/** An agent takes 512 connections; whoever is refused asks again at once. */
const CALLS_AT_ONCE = 128;

export function createAnnouncing(socketOf: (node: string) => string): Announcing {
  const lanes = new Map<string, Promise<unknown>[]>();
  const next = new Map<string, number>();

  /** Behind what was asked in one of the node's lanes before. */
  function call(node: string, request: unknown): void {
    const its = lanes.get(node) ?? Array.from({ length: CALLS_AT_ONCE }, () => Promise.resolve());
    lanes.set(node, its);
    const lane = next.get(node) ?? 0;
    next.set(node, (lane + 1) % CALLS_AT_ONCE);
    its[lane] = (its[lane] ?? Promise.resolve()).then(() => ask(socketOf(node), request));
  }

  return {
    announce({ comes, goes }) {
      const { uid, ip, node, hostInterface } = comes;
      call(node, { verb: 'add', uid, ip, netns: null, hostInterface });
      if (goes === null) return;
      const gone = { uid: goes.uid, ip: goes.ip, hostInterface: goes.hostInterface };
      call(goes.node, { verb: 'del', netns: null, ...gone });
    },
    done: async () => {
      await Promise.all([...lanes.values()].flat());
    },
  };
}
