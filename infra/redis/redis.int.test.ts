/** A real redis-server, started and ended by process id, with the settings that jobs need. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTimeOf } from '../lab/process-table.ts';
import { noRedis } from './binary.ts';
import { type Redis, startRedis } from './redis.ts';
import { cutAofTail } from './testing/aof-tail.ts';

let redis: Redis;

beforeAll(async () => {
  if (noRedis === null) redis = await startRedis();
});

afterAll(() => redis?.stop());

test('answers as soon as it is handed out', async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
  expect(await redis.command('PING')).toBe('PONG');
  await expect(redis.command('NONSENSE')).rejects.toThrow(/unknown command/);
});

test('has what was written on the same port after a restart', async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  const { pid } = redis;
  await redis.command('SET', 'kept', '1');
  await redis.restart();
  expect(await startTimeOf(pid)).toBeNull();
  expect(await redis.command('EXISTS', 'kept')).toBe('1');
});

test('has lost the last command, and no more, when the end of its AOF is lost', async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  await redis.command('SET', 'first', '1');
  await redis.command('SET', 'last', '1');
  await redis.kill();
  expect(await cutAofTail(redis, 1)).toBe(1);
  await redis.restart();
  expect(await redis.command('EXISTS', 'first')).toBe('1');
  expect(await redis.command('EXISTS', 'last')).toBe('0');
});

test('evicts nothing', async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  // A key that would have to go for another one: refused instead.
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  await expect(redis.command('SET', 'more', '1')).rejects.toThrow(/OOM/);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
});
