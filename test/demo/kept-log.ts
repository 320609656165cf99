/** The log that a demo kept, folded as every reader folds it. */
import { createWorld, type World } from '../../services/aggregates/world.ts';
import { judgeEvent } from '../../services/contract/frozen/judge-event.ts';
import { loggedEvent } from '../../services/contract/logged-event.ts';
import type { LoggedEvent } from '../../services/contract/records.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import { lmdbEventLog } from '../../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../../services/ports/event-log/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';

export interface KeptLog {
  readonly events: readonly LoggedEvent[];
  readonly world: World;
  /** Uids that were ever observed, and those that are there at the end. */
  readonly pods: { readonly seen: ReadonlySet<string>; readonly present: ReadonlySet<string> };
}

export async function readKeptLog(dir: string): Promise<KeptLog> {
  const log = await lmdbEventLog({ dir }, { clock: systemClock() });
  try {
    return folded(await readEvents(log));
  } finally {
    await log.close();
  }
}

async function readEvents(log: EventLog): Promise<readonly LoggedEvent[]> {
  const topic = TOPICS.events.name;
  const ends = Object.values(await log.ends(topic));
  const count = ends.reduce((sum, end) => sum + end, 0);
  const events: LoggedEvent[] = [];
  const enough = new AbortController();
  if (count === 0) return events;
  for await (const batch of log.read(topic, {}, enough.signal)) {
    for (const entry of batch) {
      const verdict = judgeEvent(entry, log.partitionCount(topic));
      if (verdict.kind !== 'event') throw new Error(JSON.stringify({ verdict, entry }));
    }
    events.push(...batch.map(loggedEvent).filter((event) => event.record !== null));
    if (events.length >= count) enough.abort();
  }
  return events;
}

function folded(events: readonly LoggedEvent[]): KeptLog {
  const world = createWorld();
  const seen = new Set<string>();
  for (const event of events) {
    const { body } = event.record;
    world.apply(event);
    if (body.type === 'PodObserved') seen.add(body.pod.uid);
  }
  const namespaces = [...world.aggregates()].filter((state) => state.kind === 'namespace');
  const pods = namespaces.flatMap((state) => [...state.pods.values()]);
  const present = pods.filter((pod) => pod.present).map(({ facts }) => facts.uid);
  return { events, world, pods: { seen, present: new Set(present) } };
}
