/**
 * The cluster as a source: a list of what there is when it is asked, each object late, then the
 * changes since, each late too. Now and then it loses its place, and lists again: what went
 * meanwhile is then only missing.
 */
import type { Source, SourceEvent } from '../../../services/ports/source/port.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Cluster } from './cluster.ts';

export function simulatedSource(life: Life, cluster: Cluster, surroundings: Surroundings): Source {
  const { scheduler, dice } = surroundings;

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      scheduler.later(life, dice.delayMs(), resolve);
    });

  /** Until there is a change behind this one, or the watch ends. */
  function news(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        unwatch();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const unwatch = cluster.watch(done);
      signal.addEventListener('abort', done, { once: true });
      if (cluster.changes.length > seen || signal.aborted) done();
    });
  }

  async function* watch(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    while (!signal.aborted) {
      let seen = cluster.changes.length;
      for (const object of cluster.objects()) {
        if (dice.chance(0.2)) await pause();
        yield { type: 'present', object };
      }
      yield { type: 'listed', complete: true };
      while (!signal.aborted && !dice.chance(surroundings.faults.sourceRelists)) {
        await news(seen, signal);
        await pause();
        if (signal.aborted) return;
        const change = cluster.changes[seen];
        if (change === undefined) continue;
        seen += 1;
        yield change;
      }
      if (!signal.aborted) yield { type: 'relisting' };
    }
  }

  return { kind: 'manifests', watch };
}
