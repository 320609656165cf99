/** When a Tick is due, by whose clock, and that one that comes again is another record. */
import { expect, test } from 'vitest';
import { createStory, QUARANTINE_MS, type Story } from '../../test/fold/story.ts';
import type { NewEntry } from '../ports/event-log/port.ts';
import { ticksFunction, ticksToCome } from './ticks.ts';

function resting(): { story: Story; release: string; releasedAtMs: number } {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  story.podGone('shop', 'a');
  story.settle();
  const [release] = story.releases('shop');
  if (release === undefined) throw new Error('nothing rests');
  return { story, release: release.id, releasedAtMs: release.releasedAtMs };
}

test('a Tick is due a quarantine after its release, by the clock that stamped the release', () => {
  const { story, release, releasedAtMs } = resting();
  const delays = (nowMs: number) =>
    ticksToCome(story.world, 'ns/shop', [release], nowMs).map(({ delayMs }) => delayMs);
  expect(delays(releasedAtMs)).toEqual([QUARANTINE_MS]);
  expect(delays(releasedAtMs + QUARANTINE_MS + 5)).toEqual([0]);
  // What a record that came too early says is left, so it comes again once and not in a storm.
  expect(delays(releasedAtMs + QUARANTINE_MS - 5)).toEqual([5]);
});

test('a Tick that has come, and a release that is gone, need none', () => {
  const { story, release } = resting();
  story.log.nowMs += QUARANTINE_MS;
  const [found] = story.releases('shop');
  if (found === undefined) throw new Error('nothing rests');
  story.tick('shop', found);
  expect(ticksToCome(story.world, 'ns/shop', [release, 'another'], 0)).toEqual([]);
});

test('repeated it is the same record; asked for again it is another', async () => {
  const { story, release, releasedAtMs } = resting();
  const appended: NewEntry[] = [];
  const append = async (_: unknown, entries: readonly NewEntry[]) => {
    appended.push(...entries);
    return [];
  };
  const { handler } = ticksFunction({ append } as unknown as Parameters<typeof ticksFunction>[0]);
  const run = handler as (job: unknown, signal: AbortSignal) => Promise<void>;
  for (const nowMs of [releasedAtMs, releasedAtMs, releasedAtMs + 1]) {
    const [job] = ticksToCome(story.world, 'ns/shop', [release], nowMs);
    await run({ ...job, attempt: 1 }, new AbortController().signal);
  }
  const [first, second, third] = appended.map(({ value }) => value['id']);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test.each([
  null,
  { aggregate: 'pools', release: 'r1', askedAtMs: 1 },
  { aggregate: 'ns/', release: 'r1', askedAtMs: 1 },
  { aggregate: 'ns/shop', release: '', askedAtMs: 1 },
  { aggregate: 'ns/shop', release: 'r1', askedAtMs: -1 },
  { aggregate: 'ns/shop', release: 'r1', askedAtMs: 1, type: 'PodSeen' },
])('appends nothing for a job that asks for no Tick: %j', async (data) => {
  const appended: unknown[] = [];
  const append = async (_: unknown, entries: readonly NewEntry[]) => appended.push(...entries);
  const { handler } = ticksFunction({ append } as unknown as Parameters<typeof ticksFunction>[0]);
  const run = handler as (job: unknown, signal: AbortSignal) => Promise<void>;
  const ran = run({ id: 'x', data, attempt: 1 }, new AbortController().signal);
  await expect(ran).rejects.toMatchObject({ code: 'BERTH_TRIGGER_BAD_EVENT' });
  expect(appended).toEqual([]);
});
