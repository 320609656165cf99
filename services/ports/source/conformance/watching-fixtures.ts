/** Watches a source for a test: keeps its events, and waits for what the test expects of them. */
import { factsText, keyOf, keyText } from '../object-key.ts';
import type { Source, SourceEvent, SourceObject } from '../port.ts';

export interface Watched {
  readonly events: readonly SourceEvent[];
  /** Fulfilled when the condition holds of all events so far. */
  until(condition: (events: readonly SourceEvent[]) => boolean): Promise<void>;
  listed(count?: number): Promise<void>;
  /** What a reader of the events believes to be in force, by key. */
  believed(): ReadonlyMap<string, string>;
  /** Aborts, and waits until the iteration has ended. */
  stop(): Promise<void>;
}

export function watchSource(source: Source): Watched {
  const stopping = new AbortController();
  const events: SourceEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  let failure: unknown = null;

  const done = (async () => {
    try {
      for await (const event of source.watch(stopping.signal)) {
        events.push(event);
        for (const check of waiting) check();
      }
    } catch (error) {
      failure = error;
    } finally {
      ended = true;
      for (const check of waiting) check();
    }
  })();

  function until(condition: (events: readonly SourceEvent[]) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition(events)) resolve();
      else if (ended) reject(failure ?? new Error('the source ended before that'));
      else return;
      waiting.delete(check);
    };
    waiting.add(check);
    check();
    return promise;
  }

  return {
    events,
    until,
    listed: (count = 1) => until((all) => all.filter(isListed).length >= count),
    believed: () => believedOf(events),
    async stop() {
      stopping.abort();
      await done;
      if (failure !== null) throw failure;
    },
  };
}

export function isListed(event: SourceEvent): boolean {
  return event.type === 'listed';
}

/** By the rules of the port: a complete list takes away what it does not name. */
export function believedOf(events: readonly SourceEvent[]): ReadonlyMap<string, string> {
  const believed = new Map<string, string>();
  let named = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case 'present': {
        const key = keyText(keyOf(event.object));
        believed.set(key, factsText(event.object));
        named.add(key);
        break;
      }
      case 'gone':
        believed.delete(keyText(event.key));
        break;
      case 'relisting':
        named = new Set();
        break;
      case 'listed':
        for (const key of event.complete ? [...believed.keys()] : []) {
          if (!named.has(key)) believed.delete(key);
        }
        break;
      case 'problem':
        break;
    }
  }
  return believed;
}

export function factsByKey(objects: readonly SourceObject[]): ReadonlyMap<string, string> {
  return new Map(objects.map((object) => [keyText(keyOf(object)), factsText(object)]));
}

export const presentNamed =
  (name: string) =>
  (event: SourceEvent): boolean =>
    event.type === 'present' && nameOf(event.object) === name;

export const goneKey =
  (text: string) =>
  (event: SourceEvent): boolean =>
    event.type === 'gone' && keyText(event.key) === text;

function nameOf(object: SourceObject): string {
  return object.kind === 'Pod' ? object.pod.name : object.facts.name;
}
