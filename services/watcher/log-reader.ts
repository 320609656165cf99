/**
 * The watcher's own fold of the history: it must know what is recorded to record only what
 * differs, and it reads its own terms back.
 */
import { createWorld, type SavedWorld, type World } from '../aggregates/world.ts';
import type { AggregateKey } from '../contract/identity.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import { refuseBeyondEnd } from '../runtime/stream-runner.ts';

export interface LogReader {
  readonly world: World;
  /**
   * Folds on from its checkpoints until its signal is aborted. `ends`: of the log at the start.
   * @throws what the fold or the log throws
   */
  run(ends: Offsets, signal: AbortSignal): Promise<void>;
  /** Fulfilled as soon as the condition holds, asked after every batch, or reading has ended. */
  until(condition: () => boolean): Promise<void>;
}

/** `before`: the aggregate's term until this record. */
export type OnTerm = (aggregate: AggregateKey, term: string, before: string | null) => void;

export function createLogReader(eventLog: EventLog, saved: SavedWorld, onTerm: OnTerm): LogReader {
  const world = createWorld(saved);
  let ended = false;
  const waiting = new Set<() => void>();
  const ask = (): void => {
    for (const check of waiting) check();
  };
  return {
    world,
    async run(ends, signal) {
      try {
        const { name } = TOPICS.events;
        const from = nextOffsets(world.version);
        refuseBeyondEnd(name, from, ends);
        for await (const entries of eventLog.read(name, from, signal)) {
          for (const entry of entries) {
            const event = loggedEvent(entry);
            if (event.record === null) {
              world.apply(event);
              continue;
            }
            const { aggregate, body } = event.record;
            const before = world.aggregate(aggregate)?.term?.id ?? null;
            world.apply(event);
            if (body.type === 'WatchStarted') onTerm(aggregate, body.term, before);
          }
          ask();
        }
      } finally {
        ended = true;
        ask();
      }
    },
    until(condition) {
      if (ended || condition()) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        if (!ended && !condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      return promise;
    },
  };
}
