/** Not shared: the parts that the jobs on Redis are made of, as far as they need none. */
import { expect, test } from 'vitest';
import { keepingLog } from '../../../test/log-lines.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { redisLink } from './bullmq/redis-link.ts';
import { warningsOf } from './bullmq/redis-server.ts';
import { createWatchdog } from './bullmq/watchdog.ts';

const info = (version: string, policy = 'noeviction', aof = '1') =>
  `# Server\r\nredis_version:${version}\r\nmaxmemory_policy:${policy}\r\naof_enabled:${aof}\r\n`;
const codes = (text: string) => warningsOf('db:6379', text).map(({ code }) => code);

test.each(['6.2.0', '7.0.15', '10.0.0'])('a Redis %s is taken', (version) => {
  expect(codes(info(version))).toEqual([]);
});

test.each(['5.0.14', '6.0.20', ''])('a Redis %s is refused as too old', (version) => {
  expect(() => warningsOf('db:6379', info(version))).toThrow(
    expect.objectContaining({ code: 'BERTH_JOBS_REDIS_OLD' }),
  );
});

test('a Redis that says too little of itself is not warned of', () => {
  expect(codes('redis_version:7.2.0\r\n')).toEqual([]);
  expect(codes(info('7.2.0', 'volatile-ttl', '0'))).toEqual([
    'BERTH_JOBS_REDIS_EVICTS',
    'BERTH_JOBS_REDIS_FORGETS',
  ]);
});

test.each(['db:6379', 'http://db', 'redis://db/x', ''])('an address %s is refused', (url) => {
  const components = { clock: manualClock(), random: systemRandom(), log: keepingLog() };
  expect(() => redisLink({ url }, components)).toThrow(
    expect.objectContaining({ code: 'BERTH_JOBS_REDIS' }),
  );
});

test('a worker hangs that begins nothing, though it may, while something waits', () => {
  const free = { waiting: 1, running: 0, concurrency: 2, isHeld: false };
  const full = { ...free, running: 2 };
  const dog = createWatchdog({ idleMs: 60, busyMs: 900 }, 0);
  expect(dog.look(free, 60)).toBeNull();
  expect(dog.look(full, 900)).toBeNull();
  expect(dog.look(free, 61)).toBe(61);
  expect(dog.look(full, 901)).toBe(901);
  dog.moved(900);
  expect(dog.look(free, 950)).toBeNull();
});

test('a worker does not hang while nothing waits, or nobody may begin anything', () => {
  const free = { waiting: 1, running: 0, concurrency: 2, isHeld: false };
  for (const rest of [
    { ...free, waiting: 0 },
    { ...free, isHeld: true },
  ]) {
    const dog = createWatchdog({ idleMs: 60, busyMs: 900 }, 0);
    expect(dog.look(rest, 5_000)).toBeNull();
    expect(dog.look(free, 5_060)).toBeNull();
  }
});
