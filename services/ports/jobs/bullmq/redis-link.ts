/**
 * Connections to one Redis. They come back by themselves; a command that cannot be answered within
 * a bound fails, so that nobody waits for a Redis that is away. That it is away, and back, is
 * logged once each time. A command whose answer was lost may have been done: what is sent through
 * here may be done twice.
 */
import { Redis, ReplyError } from 'ioredis';
import { berthError } from '../../../contract/errors.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Random } from '../../../runtime/random.ts';

export interface RedisInit {
  /** `redis://[USER[:PASSWORD]@]HOST[:PORT][/NUMBER]`; `rediss://` is the same over TLS. */
  readonly url: string;
  /** Instead of one in the URL, which others on the machine may read. */
  readonly password?: string;
  /** PEM, as the next: who must have signed the server's certificate. @default the system's */
  readonly ca?: string;
  /** Our own, where the server asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface RedisLinkComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RedisLink {
  /** HOST:PORT, for people. */
  readonly address: string;
  /** Repeats it while Redis is away. @throws what failed last, `withinMs` after the call */
  ask<T>(question: (client: Redis) => Promise<T>, withinMs?: number): Promise<T>;
  /** For BullMQ, whose commands wait until Redis is back. */
  readonly patient: () => Redis;
  /** At once, whatever waits. */
  close(): void;
}

const ANSWER_WITHIN_MS = 5_000;
const CONNECT_WITHIN_MS = 5_000;
/** A connection that says nothing for so long while it is asked is given up for a new one. */
const SILENT_MS_MAX = 20_000;
const RECONNECT_MS = { first: 50, max: 2_000 };
const ASK_AGAIN_MS = 100;

export function redisLink(init: RedisInit, components: RedisLinkComponents): RedisLink {
  const { clock, random } = components;
  const options = optionsOf(init, random);
  const address = `${options.host}:${options.port}`;
  const prompt = new Redis({
    ...options,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  let patient: Redis | null = null;
  sharedBy(prompt);
  const trouble = tellOf(prompt, address, components.log);

  async function ask<T>(
    question: (client: Redis) => Promise<T>,
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<T> {
    const { promise: late, resolve: beLate } = Promise.withResolvers<typeof LATE>();
    const cancel = clock.after(withinMs, () => beLate(LATE));
    let failure: unknown = new Error(`no answer within ${withinMs} ms`);
    try {
      for (;;) {
        const answer = question(prompt).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        );
        const first = await Promise.race([answer, late]);
        if (first === LATE) throw failure;
        if ('value' in first) return first.value;
        failure = trouble() ?? first.error;
        // What Redis itself refuses, it refuses again; one that loads its data soon takes it.
        if (failure instanceof ReplyError && !isPassing(String(failure))) throw failure;
        if (prompt.status === 'end') throw failure;
        const pause = clock.sleep(ASK_AGAIN_MS * (0.5 + random.next()));
        if ((await Promise.race([pause, late])) === LATE) throw failure;
      }
    } finally {
      cancel();
    }
  }

  return {
    address,
    ask,
    patient: () => {
      patient ??= sharedBy(new Redis({ ...options, maxRetriesPerRequest: null }));
      return patient;
    },
    close: () => {
      prompt.disconnect();
      patient?.disconnect();
    },
  };
}

const LATE = Symbol('late');

function isPassing(error: string): boolean {
  return /: (LOADING|READONLY|MASTERDOWN|TRYAGAIN|BUSY) /.test(error);
}

/** @throws BERTH_JOBS_REDIS */
function optionsOf({ url, password, ca, cert, key }: RedisInit, random: Random) {
  const bad = (reason: string): Error => berthError('BERTH_JOBS_REDIS', { address: 'it', reason });
  if (!URL.canParse(url)) throw bad('its address is no URL');
  const { protocol, hostname, port, username, password: inUrl, pathname } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw bad('its URL is neither redis://HOST:PORT nor rediss://HOST:PORT');
  }
  const db = pathname.length > 1 ? Number(pathname.slice(1)) : 0;
  if (!Number.isInteger(db) || db < 0)
    throw bad(`'${pathname.slice(1)}' is no number of a database`);
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const host = hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  return {
    host,
    port: port === '' ? 6379 : Number(port),
    db,
    connectionName: 'berth-jobs',
    connectTimeout: CONNECT_WITHIN_MS,
    socketTimeout: SILENT_MS_MAX,
    retryStrategy: (times: number) => {
      const fullMs = Math.min(RECONNECT_MS.max, RECONNECT_MS.first * 2 ** Math.min(times, 10));
      return Math.ceil(fullMs * (1 - random.next() / 2));
    },
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(inUrl === '' && password === undefined
      ? {}
      : { password: password ?? decodeURIComponent(inUrl) }),
    ...(protocol === 'rediss:' ? { tls } : {}),
  };
}

/** Every queue listens to it. What is to be said of its failures, `tellOf` says. */
function sharedBy(client: Redis): Redis {
  client.setMaxListeners(0);
  client.on('error', () => undefined);
  return client;
}

/** Answers what is wrong with the connection, while something is. */
function tellOf(client: Redis, address: string, log: Log): () => unknown {
  let isAway = false;
  let last: unknown = null;
  client.on('error', (error) => {
    last = error;
    if (isAway) return;
    isAway = true;
    log.warn({ error, redis: address }, 'Redis is away');
  });
  client.on('close', () => {
    if (isAway || client.status === 'end') return;
    isAway = true;
    log.warn({ error: last ?? undefined, redis: address }, 'Redis is away');
  });
  client.on('ready', () => {
    if (isAway) log.info({ redis: address }, 'Redis is back');
    isAway = false;
    last = null;
  });
  return () => last;
}
