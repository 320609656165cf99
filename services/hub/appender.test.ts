/** What the hub has to say reaches the log once, in order, however often the log fails. */
import { describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import type { Topic } from '../contract/topics.ts';
import type { EventLog, NewEntry } from '../ports/event-log/port.ts';
import { jsonLog } from '../runtime/log.ts';
import { createAppender } from './appender.ts';

/** A log that takes what it is given, but for the first `failures` times. */
function logThatFails(failures: number) {
  const calls: { readonly topic: Topic; readonly keys: readonly string[] }[] = [];
  let left = failures;
  const append = async (topic: Topic, entries: readonly NewEntry[]): Promise<[]> => {
    calls.push({ topic, keys: entries.map(({ key }) => key) });
    left -= 1;
    if (left >= 0) throw new Error('the fate of this append is unknown');
    return [];
  };
  return { calls, eventLog: { append } as unknown as EventLog };
}

function appending(failures = 0) {
  const { calls, eventLog } = logThatFails(failures);
  const clock = manualClock();
  const appender = createAppender({ eventLog, clock, log: jsonLog({ level: 'silent' }) });
  const stop = new AbortController();
  return { appender, calls, clock, stop, ended: appender.run(stop.signal) };
}

describe('the appender', () => {
  it('appends together what arrived together, in order, topic by topic', async () => {
    const { appender, calls, stop, ended } = appending();
    appender.add('berth.acks', { key: 'a', value: {} });
    appender.add('berth.events', { key: 'b', value: {} });
    appender.add('berth.acks', { key: 'c', value: {} });
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    appender.add('berth.acks', { key: 'd', value: {} });
    await vi.waitFor(() => expect(calls).toHaveLength(3));
    expect(calls).toEqual([
      { topic: 'berth.acks', keys: ['a', 'c'] },
      { topic: 'berth.events', keys: ['b'] },
      { topic: 'berth.acks', keys: ['d'] },
    ]);
    stop.abort();
    await ended;
  });

  it('repeats an append that failed, with the same entries, before it goes on', async () => {
    const { appender, calls, clock, stop, ended } = appending(2);
    appender.add('berth.events', { key: 'a', value: {} });
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    appender.add('berth.events', { key: 'b', value: {} });
    clock.advance(100);
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    clock.advance(100);
    await vi.waitFor(() => expect(calls).toHaveLength(4));
    expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['a'], ['a'], ['b']]);
    stop.abort();
    await ended;
  });

  it('ends when it is told to, also while the log takes nothing', async () => {
    const { appender, clock, stop, ended } = appending(Number.POSITIVE_INFINITY);
    appender.add('berth.events', { key: 'a', value: {} });
    await vi.waitFor(() => expect(clock.waiting()).toBe(1));
    stop.abort();
    await ended;
  });
});
