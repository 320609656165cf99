/**
 * One at a time: pushes, announced pods and the drift check all change the same tables, each in
 * several steps, and none may see another's half. Who asks first goes first. The queue is bounded
 * by who can ask: one link, one drift check, and the CNI socket's connections.
 */
export interface Turns {
  /** Runs `work` when its turn has come; a failure is the caller's alone. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const turn = last.then(work);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
