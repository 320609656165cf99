/**
 * The watcher: the outside world, as a source tells it, becomes observations in the log. It reads
 * on from the checkpoints to the end, opens a term in each aggregate, reads that back, and only
 * then lists; it records where the list differs from the fold, then every change, in order. When
 * another watcher opens a term where this one writes, it starts over after a pause. Of several
 * watchers one watches (lead.ts), the others stand by.
 */
import { isWholeLog } from '../aggregates/log/whole.ts';
import { TOPICS } from '../contract/topics.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import type { Problem, Source, SourceEvent } from '../ports/source/port.ts';
import { describeProblem } from '../ports/source/problem.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import { type BerthFunction, defineFunction, service } from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { arrivals } from './arrivals.ts';
import { createLead } from './lead.ts';
import { createLogReader, type LogReader } from './log-reader.ts';
import { createObserving, type Observing } from './observing.ts';
import { createTerm, type Term } from './term.ts';

export interface WatcherInit {
  /** Hears of refused input, for people; it is logged in any case. */
  readonly onProblem?: (problem: Problem) => void;
  /** It has read to the end of the log, and begins to watch. */
  readonly onReadToEnd?: () => void;
}

export interface WatcherComponents {
  readonly source: Source;
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What has arrived is recorded together, at most so much. */
const BATCH_MAX = 500;
const PAUSE_MS = 500;
const PAUSE_DOUBLINGS_MAX = 6;
/** A watch that lasted so long was not one of a quarrel. */
const LONG_WATCH_MS = 60_000;

export function watcherFunction(init: WatcherInit, components: WatcherComponents): BerthFunction {
  return defineFunction({
    name: 'watcher',
    trigger: service(),
    handler: (signal) => watchUntil(signal, init, components),
  });
}

async function watchUntil(
  signal: AbortSignal,
  init: WatcherInit,
  components: WatcherComponents,
): Promise<void> {
  const { eventLog, checkpoints, clock, random, log } = components;
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  let watch: Watch | null = null;
  const reader = createLogReader(eventLog, await checkpoints.all(), (aggregate, term, before) => {
    watch?.term().read(aggregate, term, before);
    if (watch?.term().isLost() === true) watch.lost.abort();
  });
  const ends = await eventLog.ends(TOPICS.events.name);
  // A fold that fails ends the watch; its error is thrown below.
  const reading = reader.run(ends, stop).finally(() => ending.abort());
  const lead = createLead(components);
  const following = lead.run(stop).finally(() => ending.abort());
  for (const each of [reading, following]) each.catch(() => undefined);
  try {
    const { world } = reader;
    await reader.until(() => isAtLeast(world.version, lastOf(ends)) && isWholeLog(world));
    if (!stop.aborted) init.onReadToEnd?.();
    for (let quarrels = 0; !stop.aborted; ) {
      // Who stands by need not see.
      if (!lead.isHere()) tell('berth:watcher:sight-changed', { sees: true });
      const here = await lead.taken(stop);
      if (here === null) break;
      const beganAtMs = clock.nowMs();
      watch = createWatch(init, components, reader, AbortSignal.any([stop, here]));
      await watch.run();
      if (stop.aborted) break;
      if (here.aborted) {
        log.info({}, 'another watcher has the lead, standing by');
        continue;
      }
      quarrels = clock.nowMs() - beganAtMs > LONG_WATCH_MS ? 0 : quarrels + 1;
      const pauseMs = PAUSE_MS * 2 ** Math.min(quarrels, PAUSE_DOUBLINGS_MAX);
      log.warn({ pauseMs }, 'another watcher writes to the same log, starting over');
      await clock.sleep(pauseMs * (0.5 + random.next()), stop);
    }
  } finally {
    ending.abort();
  }
  await Promise.all([reading, following]);
}

function lastOf(ends: Offsets): Version {
  return Object.fromEntries(Object.entries(ends).map(([partition, end]) => [partition, end - 1]));
}

/** One watch of the source; a relist in it begins a new term. */
interface Watch {
  term(): Term;
  /** Aborted when another watcher took over. */
  readonly lost: AbortController;
  run(): Promise<void>;
}

function createWatch(
  { onProblem = () => undefined }: WatcherInit,
  { source, eventLog, clock, random, log }: WatcherComponents,
  reader: LogReader,
  stopping: AbortSignal,
): Watch {
  const lost = new AbortController();
  const stop = AbortSignal.any([stopping, lost.signal]);
  let term = createTerm(random.id());

  function refused(problem: Problem): void {
    const { code, file, line, field } = problem;
    log.warn({ code, file, line, field }, describeProblem(problem));
    tell('berth:watcher:input-refused', { code });
    onProblem(problem);
  }

  async function beginTerm(): Promise<Observing> {
    tell('berth:watcher:sight-changed', { sees: false });
    tell('berth:watcher:term-began', {});
    term = createTerm(random.id());
    const components = { eventLog, reader, clock, log, onProblem: refused };
    const observing = createObserving(term, components, stop);
    await observing.begin();
    return observing;
  }

  async function run(): Promise<void> {
    let observing = await beginTerm();
    if (stop.aborted) return;
    const incoming = arrivals(source.watch(stop), {
      max: BATCH_MAX,
      // What follows it must be looked up after the new term is open.
      mustWaitAfter: (event: SourceEvent) => event.type === 'relisting',
    });
    try {
      for (let events = await incoming.take(); events !== null; events = await incoming.take()) {
        await observing.record(events);
        const relisting = events.at(-1)?.type === 'relisting';
        tell('berth:watcher:events-heard', { relists: relisting ? 1 : 0 });
        if (events.some(({ type }) => type === 'listed')) {
          tell('berth:watcher:sight-changed', { sees: true });
        }
        if (relisting) observing = await beginTerm();
        if (stop.aborted) break;
      }
    } finally {
      lost.abort();
      await incoming.close();
    }
  }

  return { term: () => term, lost, run };
}
