/**
 * One queue in Redis: adding to it and counting it. A job of ours is one of BullMQ's at a time,
 * found by its id through BullMQ's deduplication; BullMQ's own ids are ours to invent and mean
 * nothing. So an id may hold any character, and a name any too, once it is encoded.
 */
import { type JobsOptions, Queue } from 'bullmq';
import type { Json } from '../../../contract/canonical.ts';
import { berthError } from '../../../contract/errors.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Random } from '../../../runtime/random.ts';
import type { NewJob } from '../port.ts';
import type { RedisLink } from './redis-link.ts';
import { HELD, KEEP, runScript, STATE } from './scripts.ts';

export interface RedisQueueComponents {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RedisQueue {
  /** Safe to repeat. */
  add(jobs: readonly NewJob[]): Promise<void>;
  held(id: string): Promise<{ readonly data: Json } | null>;
  state(): Promise<QueueState>;
  close(): Promise<void>;
}

export interface QueueState {
  /** Waits, runs, or is kept for after a run. */
  readonly pending: number;
  /** Could be begun now. */
  readonly waiting: number;
  /** In the window of the rate, by whomever. */
  readonly begun: number;
  readonly isPaused: boolean;
}

/** In one queue; more are refused with BERTH_JOBS_FULL. */
const QUEUE_JOBS_MAX = 1_000_000;
/** Redis does nothing else while a script runs. */
const JOBS_AT_ONCE = 500;
/** How often others may come between looking for a job and making it. */
const TRIES_MAX = 20;
/** For ever, as a number that Redis's scripts keep exact. */
const ATTEMPTS = 1_000_000_000;

/** BullMQ refuses a colon in a name. */
export function encodedName(name: string): string {
  return encodeURIComponent(name);
}

export function redisQueue(
  { name, prefix }: { readonly name: string; readonly prefix: string },
  { link, clock, random }: RedisQueueComponents,
): RedisQueue {
  const keyPrefix = `${prefix}:${encodedName(name)}:`;
  const keys = ['meta', 'active', 'wait', 'delayed'].map((key) => keyPrefix + key);
  let made: Promise<Queue> | null = null;

  /** BullMQ's end of it, which is made of a connection that is there. */
  const queueOn = (): Promise<Queue> => {
    made ??= link.ask(async (client) => {
      await client.ping();
      const options = { connection: client, prefix, skipVersionCheck: true, skipMetasUpdate: true };
      const queue = new Queue(encodedName(name), options);
      // The link tells of its connections.
      queue.on('error', () => undefined);
      return queue;
    });
    made.catch(() => {
      made = null;
    });
    return made;
  };

  /** Answers those that are not there yet. */
  async function keep(jobs: readonly NewJob[]): Promise<readonly NewJob[]> {
    const nowMs = Math.floor(clock.nowMs());
    const args = jobs.flatMap(({ id, data, delayMs }) => [
      id,
      JSON.stringify(data),
      delayOf(delayMs),
      random.id(),
    ]);
    const answer = await link.ask((client) =>
      runScript(client, KEEP, keys, [keyPrefix, nowMs, QUEUE_JOBS_MAX, ...args]),
    );
    if (!Array.isArray(answer)) {
      throw berthError('BERTH_JOBS_FULL', { queue: name, held: -1 - Number(answer) });
    }
    return jobs.filter((_, at) => answer[at] === 0);
  }

  /** Answers those that somebody else made in the same moment. */
  async function make(jobs: readonly NewJob[]): Promise<readonly NewJob[]> {
    const queue = await queueOn();
    const bulk = jobs.map(({ id, data, delayMs }) => {
      const opts: JobsOptions = {
        jobId: random.id(),
        delay: delayOf(delayMs),
        deduplication: { id, keepLastIfActive: true },
        attempts: ATTEMPTS,
        backoff: { type: 'ours' },
        removeOnComplete: true,
        stackTraceLimit: 0,
      };
      return { name: 'berth', data, opts };
    });
    const added = await link.ask(() => queue.addBulk(bulk));
    return jobs.filter((_, at) => added[at]?.id !== bulk[at]?.opts.jobId);
  }

  async function addSome(jobs: readonly NewJob[]): Promise<void> {
    let left = jobs;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      left = await keep(left);
      if (left.length === 0) return;
      left = await make(left);
      if (left.length === 0) return;
    }
    throw new Error('others made jobs of the same ids again and again');
  }

  return {
    async add(jobs) {
      const latest = latestOf(jobs);
      for (let at = 0; at < latest.length; at += JOBS_AT_ONCE) {
        await addSome(latest.slice(at, at + JOBS_AT_ONCE));
      }
    },
    async held(id) {
      const data = await link.ask((client) => runScript(client, HELD, keys, [keyPrefix, id]));
      return typeof data === 'string' ? { data: JSON.parse(data) } : null;
    },
    async state() {
      const args = [keyPrefix, Math.floor(clock.nowMs())];
      const answer = await link.ask((client) => runScript(client, STATE, keys, args));
      const [held = 0, kept = 0, waiting = 0, begun = 0, paused = 0] = answer as number[];
      return { pending: held + kept, waiting, begun, isPaused: paused === 1 };
    },
    async close() {
      await (await made?.catch(() => null))?.close();
    },
  };
}

/** One of each id: the data of the last, the delay of the first. */
function latestOf(jobs: readonly NewJob[]): readonly NewJob[] {
  const latest = new Map<string, NewJob>();
  for (const job of jobs) {
    const first = latest.get(job.id);
    latest.set(job.id, first === undefined ? job : { ...first, data: job.data });
  }
  return [...latest.values()];
}

function delayOf(delayMs = 0): number {
  return Math.max(0, Math.ceil(delayMs));
}
