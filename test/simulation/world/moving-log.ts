/**
 * The log of the installation, which may be moved into another one: what processes open is the log
 * of now, what they have opened they keep. And what the history says, whichever log it lies in:
 * behind a seal nothing counts, but for what the next seal is behind.
 */
import { contentHashes } from '../../../services/aggregates/content-hash.ts';
import { isWholeLog } from '../../../services/aggregates/log/whole.ts';
import { createWorld, type World } from '../../../services/aggregates/world.ts';
import type { LoggedEvent } from '../../../services/contract/records.ts';
import type { Surroundings } from '../surroundings.ts';
import { type SimulatedCheckpoints, simulatedCheckpoints } from './checkpoints.ts';
import { type SimulatedEventLog, simulatedEventLog } from './event-log.ts';

export interface MovingLog extends SimulatedEventLog {
  /** The log of now, folded. */
  readonly truth: World;
  /** Another empty log; it becomes the log of now when a copy into it has ended. */
  next(partitions: number): SimulatedEventLog;
  /** Nobody takes the one that is being filled for the log, whatever becomes of it. */
  giveUp(): void;
  /** What processes open from now on: the log of now, or one that is being filled. */
  opened: SimulatedEventLog;
  /** The log of now. */
  readonly real: SimulatedEventLog;
}

const PARTITIONS = 3;

/** `onEvent` is shown each record that counts, once, when that is known. */
export function movingLog(
  surroundings: Surroundings,
  onEvent: (event: LoggedEvent) => void,
): MovingLog {
  const { history } = surroundings;
  let world = createWorld();
  /** Of the log of now, by partition: behind its last seal. */
  let behindSeals = new Map<number, LoggedEvent[]>();
  let real = emptyLog(PARTITIONS);
  let opened = real;
  let filling: SimulatedEventLog | null = null;

  function emptyLog(partitions: number): SimulatedEventLog {
    const log: SimulatedEventLog = simulatedEventLog(surroundings, partitions, (event) =>
      take(log, event),
    );
    return log;
  }

  function take(log: SimulatedEventLog, event: LoggedEvent): void {
    if (log === real) count(event);
    // An end mark may come long after the copy was given up, where nobody looks any more.
    else if (log === filling && event.record?.body.type === 'CopyEnded') lookWhole(log);
  }

  function count(event: LoggedEvent): void {
    const { partition } = event;
    const waiting = behindSeals.get(partition);
    if (event.record?.body.type === 'LogSealed') {
      history.tell('log', `partition ${partition} is sealed`);
      for (const each of waiting ?? []) onEvent(each);
      behindSeals.set(partition, []);
    } else if (waiting === undefined) onEvent(event);
    else waiting.push(event);
  }

  function lookWhole(log: SimulatedEventLog): void {
    const next = createWorld();
    for (const event of log.events) next.apply(event);
    if (!isWholeLog(next)) return;
    // A Tick's job knows of no copy; what it appends to the new log is not in the old one.
    const known = new Set(real.events.map(({ record }) => record?.id));
    const copied = createWorld();
    for (const event of log.events) if (known.has(event.record?.id)) copied.apply(event);
    const [before, after] = [world, copied].map((each) => contentHashes(each.aggregates()));
    if (before?.whole !== after?.whole) {
      const differs = [...(before?.aggregates ?? [])].find(
        ([key, hash]) => after?.aggregates.get(key) !== hash,
      );
      history.broken('a moved log is the log', `${differs?.[0]} has another state there`);
    }
    history.tell('log', 'goes on elsewhere');
    world = next;
    real = log;
    opened = log;
    behindSeals = new Map();
  }

  return {
    // Delegates, since whoever checks holds on to it.
    truth: {
      get version() {
        return world.version;
      },
      get pools() {
        return world.pools;
      },
      get fences() {
        return world.fences;
      },
      apply: (event) => world.apply(event),
      aggregates: () => world.aggregates(),
      logs: () => world.logs(),
      aggregate: (key) => world.aggregate(key),
      namespace: (name) => world.namespace(name),
      target: (name) => world.target(name),
      compare: (checkpoints) => world.compare(checkpoints),
      text: (key) => world.text(key),
    },
    get real() {
      return real;
    },
    get opened() {
      return opened;
    },
    set opened(log) {
      opened = log;
    },
    next: (partitions) => {
      filling = emptyLog(partitions);
      return filling;
    },
    giveUp: () => {
      filling = null;
    },
    client: (life) => opened.client(life),
    get events() {
      return real.events;
    },
    latest: (topic) => real.latest(topic),
    get clockOffsetMs() {
      return real.clockOffsetMs;
    },
    set clockOffsetMs(ms) {
      real.clockOffsetMs = ms;
    },
  };
}

/** Each log has its own: nothing of another log's is found there. */
export function checkpointsOf(
  log: Pick<MovingLog, 'opened'>,
  surroundings: Surroundings,
): SimulatedCheckpoints {
  const stores = new Map<SimulatedEventLog, SimulatedCheckpoints>();
  const storeOf = (of: SimulatedEventLog): SimulatedCheckpoints => {
    const store = stores.get(of) ?? simulatedCheckpoints(surroundings);
    stores.set(of, store);
    return store;
  };
  storeOf(log.opened);
  return { client: (life) => storeOf(log.opened).client(life) };
}
