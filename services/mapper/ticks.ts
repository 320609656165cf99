/**
 * Ticks: the record that a release's quarantine is over. The job only comes back at the right
 * time; whether the Tick counts is decided by its own append time in the fold, and a release
 * without one asks again, so a job that was lost or ran twice changes nothing.
 */
import { z } from 'zod';
import { quarantineMs } from '../aggregates/namespace/releases.ts';
import type { World } from '../aggregates/world.ts';
import { berthError } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import { eventRecord, type ReleaseId } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { NewJob } from '../ports/jobs/port.ts';
import { type BerthFunction, defineFunction, job } from '../runtime/define-function.ts';

export const TICKS_QUEUE = 'ticks';
const TICKS_AT_ONCE = 64;

/** A job may come from outside (an event over HTTP): nothing else gets into the log by it. */
const tickData = z.strictObject({
  aggregate: z.templateLiteral(['ns/', z.string().min(1).max(63)]),
  release: z.string().min(1).max(512),
  /** When the Tick was asked for: one that was too early and one that comes again are two facts. */
  askedAtMs: z.int().nonnegative(),
});

interface TickData {
  readonly aggregate: AggregateKey;
  readonly release: ReleaseId;
  readonly askedAtMs: number;
}

/**
 * A job for each of these releases that has no Tick yet; gone ones are left out. `nowMs` is the
 * log's own time where a record says it: by another clock a Tick could be early again and again.
 */
export function ticksToCome(
  world: World,
  aggregate: AggregateKey,
  releases: readonly ReleaseId[],
  nowMs: number,
): NewJob[] {
  const state = world.aggregate(aggregate);
  if (state?.kind !== 'namespace') return [];
  return releases.flatMap((id) => {
    const release = state.releases.get(id);
    if (release === undefined || release.ticked) return [];
    const dueMs = release.releasedAtMs + quarantineMs(state, release);
    const askedAtMs = Math.floor(nowMs);
    return [tickJob({ aggregate, release: id, askedAtMs }, Math.max(0, dueMs - nowMs))];
  });
}

/** Of everything that rests. */
export function allTicksToCome(world: World, nowMs: number): NewJob[] {
  return [...world.aggregates()].flatMap((state) =>
    state.kind === 'namespace'
      ? ticksToCome(world, state.key, [...state.releases.keys()], nowMs)
      : [],
  );
}

/** Of what should have had its Tick this long ago: nobody is about to bring it. */
export function overdueTicks(world: World, nowMs: number, graceMs: number): NewJob[] {
  const isDue = ({ delayMs = 0 }: NewJob): boolean => delayMs === 0;
  return allTicksToCome(world, nowMs - graceMs).filter(isDue);
}

function tickJob(data: TickData, delayMs: number): NewJob {
  return { id: `${data.aggregate} ${data.release}`, data: { ...data }, delayMs };
}

export function ticksFunction(eventLog: EventLog): BerthFunction {
  return defineFunction({
    name: 'ticks',
    trigger: job(TICKS_QUEUE, { concurrency: TICKS_AT_ONCE }),
    handler: async ({ data }) => {
      const { aggregate, release, askedAtMs } = tickOf(data);
      const source = { by: 'ticks', number: askedAtMs };
      const record = eventRecord(aggregate, { type: 'Tick', release }, source);
      await eventLog.append(TOPICS.events.name, [{ key: aggregate, value: { ...record } }]);
    },
  });
}

/** @throws BERTH_TRIGGER_BAD_EVENT */
function tickOf(data: unknown): TickData {
  const parsed = tickData.safeParse(data);
  if (parsed.success) return parsed.data;
  const reason = `it holds no Tick: ${z.prettifyError(parsed.error)}`;
  throw berthError('BERTH_TRIGGER_BAD_EVENT', { reason });
}
