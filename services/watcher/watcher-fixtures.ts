/** An outside world for tests of the watcher, and what the log says of it. */
import { createWorld, type World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { LoggedEvent } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { keyOf, keyText } from '../ports/source/object-key.ts';
import type { Source, SourceEvent, SourceObject } from '../ports/source/port.ts';

export interface OutsideWorld {
  readonly source: Source;
  put(object: SourceObject): void;
  remove(object: SourceObject): void;
  say(event: SourceEvent): void;
  /** All watches list again, whatever is there when they do. */
  relist(): void;
  /** Whether the next lists are complete. */
  complete: boolean;
  /** Fulfilled when so many lists were taken to their end. */
  listed(count: number): Promise<void>;
}

/** Keeps objects; every watch lists them and then hears of changes. */
export function outsideWorld(): OutsideWorld {
  const objects = new Map<string, SourceObject>();
  const hearing = new Set<(event: SourceEvent | 'relist') => void>();
  const tell = (event: SourceEvent | 'relist'): void => {
    for (const hear of hearing) hear(event);
  };

  let lists = 0;
  const waiting = new Set<() => void>();

  function* list(): Generator<SourceEvent> {
    for (const object of [...objects.values()]) yield { type: 'present', object };
    yield { type: 'listed', complete: world.complete };
    lists += 1;
    for (const check of waiting) check();
  }

  async function* watch(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const heard: (SourceEvent | 'relist')[] = [];
    let wake = (): void => undefined;
    const hear = (event: SourceEvent | 'relist'): void => {
      heard.push(event);
      wake();
    };
    const onAbort = (): void => wake();
    hearing.add(hear);
    signal.addEventListener('abort', onAbort);
    try {
      yield* list();
      while (!signal.aborted) {
        const event = heard.shift();
        if (event === 'relist') {
          yield { type: 'relisting' };
          heard.length = 0;
          yield* list();
        } else if (event !== undefined) {
          yield event;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      hearing.delete(hear);
      signal.removeEventListener('abort', onAbort);
    }
  }

  const world: OutsideWorld = {
    source: { kind: 'manifests', watch },
    complete: true,
    put(object) {
      objects.set(keyText(keyOf(object)), object);
      tell({ type: 'present', object });
    },
    remove(object) {
      objects.delete(keyText(keyOf(object)));
      tell({ type: 'gone', key: keyOf(object) });
    },
    listed(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        if (lists >= count) resolve();
      };
      waiting.add(check);
      check();
      return promise;
    },
    say: tell,
    relist: () => tell('relist'),
  };
  return world;
}

export interface HistoryReader {
  /** All events so far, in the order of their partitions. */
  readonly events: readonly LoggedEvent[];
  /** Why the fold ignored an event, for those that it did. */
  readonly ignored: readonly string[];
  readonly world: World;
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Reads a log along, for what a test waits for and looks at. */
export function readHistory(eventLog: EventLog): HistoryReader {
  const stopping = new AbortController();
  const events: LoggedEvent[] = [];
  const ignored: string[] = [];
  const world = createWorld();
  const waiting = new Set<() => void>();
  const reading = (async () => {
    for await (const entries of eventLog.read(TOPICS.events.name, {}, stopping.signal)) {
      for (const entry of entries) {
        const event = loggedEvent(entry);
        const effects = world.apply(event);
        if (event.record === null) continue;
        events.push(event);
        if (effects.ignored !== null) ignored.push(`${event.record.body.type} ${effects.ignored}`);
      }
      for (const check of waiting) check();
    }
  })();
  return {
    events,
    ignored,
    world,
    until(condition) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      return promise;
    },
    async stop() {
      stopping.abort();
      await reading;
    },
  };
}
