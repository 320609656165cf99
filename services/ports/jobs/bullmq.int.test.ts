/**
 * Not shared: what only jobs in another process can go through. A real Redis that is ended, wiped,
 * stopped and set badly, and a process that is killed while it works.
 */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis as Client } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { noRedis } from '../../../infra/redis/binary.ts';
import { type Redis, startRedis } from '../../../infra/redis/redis.ts';
import { freePorts } from '../../../infra/servers/free-ports.ts';
import { type CrashingProcess, startCrashing } from '../../../test/crash/crashing-process.ts';
import { WORK_UNTIL_KILLED, type WorkLine } from '../../../test/crash/work-until-killed.ts';
import { gate, writingDown } from '../../../test/job-runs.ts';
import { keepingLog } from '../../../test/log-lines.ts';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { hear } from '../../runtime/channels.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type BullmqJobsInit, bullmqJobs } from './bullmq.ts';
import type { Jobs } from './port.ts';

const clock = systemClock();
const random = systemRandom();
let redis: Redis;
let prefix: string;
let log: ReturnType<typeof keepingLog>;
let child: CrashingProcess | null = null;
const opened: Jobs[] = [];

beforeAll(async () => {
  if (noRedis === null) redis = await startRedis();
});
afterAll(() => redis?.stop());
beforeEach((ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  prefix = random.id();
  log = keepingLog();
});
afterEach(async () => {
  await child?.kill();
  child = null;
  await Promise.all(opened.splice(0).map((jobs) => jobs.close()));
});

async function open(init: Partial<BullmqJobsInit> = {}): Promise<Jobs> {
  const jobs = await bullmqJobs({ url: redis.url, prefix, ...init }, { clock, random, log });
  opened.push(jobs);
  return jobs;
}

const soon = { timeout: 20_000, interval: 20 };
const pending = (jobs: Jobs, count: number) =>
  expect.poll(() => jobs.pending('acl').catch(() => -1), soon).toBe(count);
const words = () => log.lines.map(({ message }) => message);

test('every job that was acknowledged has run or runs after SIGKILL of a worker', async () => {
  child = startCrashing(WORK_UNTIL_KILLED, [redis.url, prefix]);
  await child.linesWritten(400);
  await child.kill();
  const lines = child.lines.map((line) => JSON.parse(line) as WorkLine);
  const added = lines.filter(({ what }) => what === 'added').map(({ id }) => id);
  const begun = lines.filter(({ what }) => what === 'began').map(({ id }) => id);
  const interrupted = begun.filter((id) => id.endsWith('7'));
  const late = added.filter((id) => Number(id.slice(prefix.length + 1)) % 3 === 0);
  expect(interrupted.length).toBeGreaterThan(0);

  const jobs = await open({ lockMs: 1_000 });
  const runs = writingDown();
  let stalled = 0;
  hear('berth:jobs:stalled', () => {
    stalled += 1;
  });
  jobs.work('acl', runs.handler, { concurrency: 50 });
  await expect.poll(() => jobs.pending('acl'), soon).toBeLessThanOrEqual(late.length + 1);
  const ran = new Set([...begun, ...runs.jobs.map(({ id }) => id), ...late]);
  expect(added.filter((id) => !ran.has(id))).toEqual([]);
  const again = new Set(runs.jobs.map(({ id }) => id));
  expect(interrupted.filter((id) => !again.has(id))).toEqual([]);
  expect(runs.jobs.every(({ attempt }) => attempt === 1)).toBe(true);
  expect(stalled).toBeGreaterThanOrEqual(interrupted.length);
});

test('two processes share a queue, and no id runs in both at once', async () => {
  const [one, other] = [await open(), await open()];
  let most = 0;
  const inside = new Map<string, number>();
  const counting = () =>
    writingDown(async ({ id }) => {
      inside.set(id, (inside.get(id) ?? 0) + 1);
      most = Math.max(most, inside.get(id) ?? 0);
      await clock.sleep(2);
      inside.set(id, (inside.get(id) ?? 0) - 1);
    });
  const [first, second] = [counting(), counting()];
  one.work('acl', first.handler, { concurrency: 8 });
  other.work('acl', second.handler, { concurrency: 8 });
  const ids = Array.from({ length: 20 }, (_, at) => `target-${at}`);
  for (let round = 0; round < 20; round++) {
    const jobs = ids.map((id) => ({ id, data: round }));
    await Promise.all([one.add('acl', jobs), other.add('acl', jobs)]);
  }
  await pending(one, 0);
  expect(most).toBe(1);
  expect(first.jobs.length).toBeGreaterThan(0);
  expect(second.jobs.length).toBeGreaterThan(0);
  const all = [...first.jobs, ...second.jobs];
  for (const id of ids)
    expect(all.filter((job) => job.id === id && job.data === 19).length).not.toBe(0);
});

test('leaves nothing of jobs that have run, nor of those that failed first', async () => {
  const jobs = await open();
  const runs = writingDown(async ({ attempt }) => {
    if (attempt === 1) throw new Error('no');
    await jobs.add('acl', attempt === 2 ? [] : [{ id: 'x', data: 0 }]);
  });
  jobs.work('acl', runs.handler, { concurrency: 50, backoff: { firstMs: 1, maxMs: 1 } });
  const some = (from: number) =>
    Array.from({ length: 500 }, (_, at) => ({ id: `job-${from + at}`, data: at }));
  await jobs.add('acl', some(0));
  await pending(jobs, 0);
  const client = new Client(redis.url);
  const kept = async () => (await client.keys(`${prefix}:*`)).sort();
  const before = await kept();
  await jobs.add('acl', some(500));
  await pending(jobs, 0);
  expect(await kept()).toEqual(before);
  expect(before.length).toBeLessThan(10);
  expect(await client.xlen(`${prefix}:acl:events`)).toBeLessThan(1_000);
  client.disconnect();
});

test('while Redis is away adding fails in time, and work goes on when it is back', async () => {
  const jobs = await open({ lockMs: 2_000 });
  const runs = writingDown();
  jobs.work('acl', runs.handler);
  await jobs.add('acl', [{ id: 'before', data: 1 }]);
  await pending(jobs, 0);
  await redis.kill();
  await expect(jobs.add('acl', [{ id: 'lost', data: 1 }])).rejects.toMatchObject({
    code: 'BERTH_JOBS_WRITE',
  });
  await expect(jobs.pending('acl')).rejects.toMatchObject({ code: 'BERTH_JOBS_REDIS' });
  await redis.restart();
  await jobs.add('acl', [{ id: 'after', data: 1 }]);
  await pending(jobs, 0);
  expect(runs.jobs.map(({ id }) => id)).toEqual(['before', 'after']);
  expect(words().filter((message) => message === 'Redis is away')).toHaveLength(1);
  expect(words().filter((message) => message === 'Redis is back')).toHaveLength(1);
});

test('while Redis stands still adding fails in time, and what runs ends afterwards', async () => {
  const jobs = await open({ lockMs: 2_000 });
  const running = gate();
  const runs = writingDown(() => running.passed);
  jobs.work('acl', runs.handler);
  await jobs.add('acl', [{ id: 'db', data: 1 }]);
  await runs.until(1);
  redis.pause();
  running.open();
  await expect(jobs.add('acl', [{ id: 'late', data: 1 }])).rejects.toMatchObject({
    code: 'BERTH_JOBS_WRITE',
  });
  redis.resume();
  await pending(jobs, 0);
});

test('closes within a bound while Redis is away, and what ran comes again', async () => {
  const jobs = await open({ lockMs: 1_000 });
  const told = writingDown((_, signal) => clock.sleep(60_000, signal));
  jobs.work('acl', told.handler);
  await jobs.add('acl', [{ id: 'db', data: 1 }]);
  await told.until(1);
  await redis.kill();
  await jobs.close();
  await redis.restart();
  const again = await open({ lockMs: 1_000 });
  const runs = writingDown();
  again.work('acl', runs.handler);
  await pending(again, 0);
  expect(runs.jobs).toEqual([{ id: 'db', data: 1, attempt: 1 }]);
});

test('after it was wiped Redis has nothing, and takes and runs what is added', async () => {
  const jobs = await open();
  const running = gate();
  const runs = writingDown(({ id }) => (id === 'runs' ? running.passed : Promise.resolve()));
  jobs.work('acl', runs.handler, { concurrency: 2 });
  await jobs.add('acl', [
    { id: 'runs', data: 1 },
    { id: 'waits', data: 1, delayMs: 3_600_000 },
  ]);
  await runs.until(1);
  await redis.command('FLUSHALL');
  expect(await jobs.pending('acl')).toBe(0);
  running.open();
  await jobs.add('acl', [
    { id: 'runs', data: 2 },
    { id: 'waits', data: 2 },
  ]);
  await pending(jobs, 0);
  const again = runs.jobs.filter(({ data }) => data === 2).map(({ id }) => id);
  expect(again.sort()).toEqual(['runs', 'waits']);
});

test('a worker that begins nothing while jobs wait is told of', async () => {
  const jobs = await open({ patience: { idleMs: 200, busyMs: 400 } });
  const forEver = writingDown((_, signal) => clock.sleep(3_600_000, signal));
  jobs.work('acl', forEver.handler);
  await jobs.add('acl', [{ id: 'hangs', data: 1 }]);
  await forEver.until(1);
  await jobs.add('acl', [{ id: 'waits', data: 1 }]);
  expect(await jobs.failed).toMatchObject({ code: 'BERTH_JOBS_STUCK', details: { queue: 'acl' } });
});

test('warns of a Redis that evicts, or that forgets', async () => {
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.command('CONFIG', 'SET', 'appendonly', 'no');
  await open();
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await redis.command('CONFIG', 'SET', 'appendonly', 'yes');
  const warned = log.lines.filter(({ level }) => level === 'warn');
  expect(warned.map(({ fields }) => (fields.error as { code?: string }).code)).toEqual([
    'BERTH_JOBS_REDIS_EVICTS',
    'BERTH_JOBS_REDIS_FORGETS',
  ]);
  await open();
  expect(log.lines.filter(({ level }) => level === 'warn')).toEqual(warned);
});

test('uses the password of the URL, or the one that is given, and is refused without', async () => {
  await redis.command('ACL', 'SETUSER', 'berth', 'on', '>p@ss', 'allkeys', 'allchannels', '+@all');
  const { port } = redis;
  for (const init of [
    { url: `redis://berth:p%40ss@127.0.0.1:${port}/3` },
    { url: `redis://berth@127.0.0.1:${port}`, password: 'p@ss' },
  ]) {
    const jobs = await open(init);
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await pending(jobs, 0);
    expect(runs.jobs).toHaveLength(1);
    await jobs.close();
  }
  const url = `redis://berth:wrong@127.0.0.1:${port}`;
  await expect(open({ url })).rejects.toThrow(/BERTH_JOBS_REDIS: .*WRONGPASS/);
});

test('speaks TLS, believes the CA that it is given, and shows a certificate', async () => {
  const folder = await temporaryFolder();
  const file = (name: string): string => join(folder.path, name);
  for (const name of ['ours', 'others']) {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-days', '2'];
    execFileSync('openssl', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' });
  }
  const [port = 0] = await freePorts(1);
  const server = ['tls-cert-file', file('ours.pem'), 'tls-key-file', file('ours.key')];
  const clients = ['tls-ca-cert-file', file('ours.pem'), 'tls-auth-clients', 'yes'];
  await redis.command('CONFIG', 'SET', ...server, ...clients, 'tls-port', `${port}`);
  const url = `rediss://127.0.0.1:${port}`;
  const [ca, key] = await Promise.all([
    readFile(file('ours.pem'), 'utf8'),
    readFile(file('ours.key'), 'utf8'),
  ]);
  const others = await readFile(file('others.pem'), 'utf8');
  const jobs = await open({ url, ca, cert: ca, key });
  const runs = writingDown();
  jobs.work('acl', runs.handler);
  await jobs.add('acl', [{ id: 'db', data: 1 }]);
  await pending(jobs, 0);
  expect(runs.jobs).toHaveLength(1);
  const refused = { code: 'BERTH_JOBS_REDIS' };
  await expect(open({ url, ca: others, cert: ca, key })).rejects.toMatchObject(refused);
  await expect(open({ url, ca })).rejects.toMatchObject(refused);
  await folder.remove();
});
