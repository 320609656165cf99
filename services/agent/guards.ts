/**
 * The source guard on each pod's host-side interface. Attaching waits for the kernel, some
 * milliseconds, so it is done beside the pushes, not between them: a pod's mapping does not wait
 * for its guard, but the pod's start does. What is asked for one interface is done in order.
 */
import type { Hooks } from '../ports/datapath/port.ts';

export interface Guards {
  /** @throws BERTH_DATAPATH_ATTACH */
  attach(interfaceName: string): Promise<void>;
  detach(interfaceName: string): Promise<void>;
}

export function createGuards(hooks: Hooks): Guards {
  const turns = new Map<string, Promise<void>>();

  async function inTurn(interfaceName: string, work: () => Promise<void>): Promise<void> {
    const before = turns.get(interfaceName) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    turns.set(interfaceName, turn);
    try {
      await turn;
    } finally {
      if (turns.get(interfaceName) === turn) turns.delete(interfaceName);
    }
  }

  return {
    attach: (interfaceName) => inTurn(interfaceName, () => hooks.attach('pod', interfaceName)),
    detach: (interfaceName) => inTurn(interfaceName, () => hooks.detach('pod', interfaceName)),
  };
}
