/** A supervisor starts again what ends by itself, leaves what is killed, and knows when to stop. */
import { expect, test, vi } from 'vitest';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import type { DemoProcess } from './stage.ts';
import { supervised } from './supervised.ts';

function processes() {
  const spawned: { end: () => void }[] = [];
  const spawn = async (): Promise<DemoProcess> => {
    const { promise: exited, resolve: end } = Promise.withResolvers<void>();
    spawned.push({ end });
    return {
      pid: 100 + spawned.length,
      exited,
      signal: () => undefined,
      stop: async () => {
        end();
      },
    };
  };
  return { spawned, spawn };
}

function watched() {
  const { spawned, spawn } = processes();
  const clock = manualClock();
  const news: string[] = [];
  const ending = new AbortController();
  const supervisor = { clock, news: (line: string) => void news.push(line), ending: ending.signal };
  const agent = supervised('the agent', spawn, supervisor);
  const running = (count: number) => vi.waitUntil(() => spawned.length === count);
  const told = (count: number) => vi.waitUntil(() => news.length === count);
  return { agent, spawned, clock, news, ending, running, told };
}

test('one that ends by itself is started again after a pause', async () => {
  const { agent, spawned, clock, news, running, told } = watched();
  await agent.start();
  clock.advance(60_000);
  spawned[0]?.end();
  await told(1);
  expect(spawned).toHaveLength(1);
  clock.advance(1_000);
  await running(2);
  expect(news).toEqual(['the agent ended by itself: starting it again']);
  expect(agent.hasFailed).toBe(false);
});

test('one that is killed stays down until it is started', async () => {
  const { agent, spawned, clock, news, running } = watched();
  await agent.start();
  await agent.kill();
  clock.advance(60_000);
  expect([spawned.length, news, agent.hasFailed]).toEqual([1, [], false]);
  await agent.start();
  await running(2);
});

test('one that is started by name in the pause is not started twice', async () => {
  const { agent, spawned, clock, told } = watched();
  await agent.start();
  spawned[0]?.end();
  await told(1);
  await agent.start();
  clock.advance(60_000);
  await Promise.resolve();
  expect(spawned).toHaveLength(2);
});

test('one that ends soon after each start is given up', async () => {
  const { agent, spawned, clock, news, running, told } = watched();
  await agent.start();
  for (let at = 0; at < 3; at++) {
    await running(at + 1);
    spawned[at]?.end();
    await told(at + 1);
    clock.advance(1_000);
  }
  expect(news.at(-1)).toBe('the agent ended again and again: it is given up');
  expect(agent.hasFailed).toBe(true);
  expect(spawned).toHaveLength(3);
});

test('what ends because all does is nobody’s matter', async () => {
  const { agent, spawned, clock, news, ending } = watched();
  await agent.start();
  ending.abort();
  spawned[0]?.end();
  await Promise.resolve();
  clock.advance(60_000);
  expect([spawned.length, news]).toEqual([1, []]);
});

test('without a supervisor one that ends by itself has failed', async () => {
  const { spawned, spawn } = processes();
  const agent = supervised('the agent', spawn, null);
  await agent.start();
  expect(agent.hasFailed).toBe(false);
  spawned[0]?.end();
  await vi.waitUntil(() => agent.hasFailed);
});
