/** A process says that it lives, and soon what it knows; a log that fails keeps nobody waiting. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { BEAT_EVERY_MS, type StatusRecord } from '../contract/status-records.ts';
import type { Entry, EventLog, NewEntry } from '../ports/event-log/port.ts';
import { jsonLog } from './log.ts';
import { createStatusBoard, type SaidPart } from './status-board.ts';

const TIME_MS = 1_000;
const STEPS_MAX = 2_000;

function hubAt(offset: number): SaidPart {
  return { part: 'hub', word: { type: 'Hub', version: { 0: offset } } };
}

function push(target: string): SaidPart {
  return { part: `push/${target}`, word: { type: 'Push', target, push: null }, once: true };
}

function speaking() {
  const clock = manualClock();
  const appends: (readonly NewEntry[])[] = [];
  const fates = { failing: false };
  let refused = 0;
  const append = async (_: string, entries: readonly NewEntry[]): Promise<Entry[]> => {
    if (fates.failing) {
      refused += 1;
      throw new Error('the log takes nothing');
    }
    appends.push(entries);
    return entries.map((entry, offset) => ({ ...entry, partition: 0, offset, timeMs: TIME_MS }));
  };
  const log = jsonLog({ level: 'silent' });
  const random = { next: () => 0, id: () => 'run-1' };
  const eventLog = { append } as unknown as EventLog;
  const board = createStatusBoard(
    { process: 'p', release: '1.2.3', adapters: { eventLog: 'lmdb' } },
    { eventLog, clock, random, log },
  );
  const said: SaidPart[] = [];
  let ring = (): void => undefined;
  board.role('hub', {
    adapters: { source: 'manifests' },
    speaker: {
      news: () => said.splice(0),
      onNews: (listener) => {
        ring = listener;
      },
    },
  });
  const stop = new AbortController();
  const ended = (board.function.handler as (signal: AbortSignal) => Promise<void>)(stop.signal);
  const pass = async (isOver: () => boolean): Promise<void> => {
    for (let step = 0; !isOver(); step += 1) {
      expect(step).toBeLessThan(STEPS_MAX);
      clock.advance(10);
      await setImmediate();
    }
  };
  const wordsOf = (entries: readonly NewEntry[] | undefined) =>
    (entries ?? []).map(({ value }) => value as unknown as StatusRecord);
  return {
    clock,
    appends,
    fates,
    refused: () => refused,
    stop,
    ended,
    last: () => wordsOf(appends.at(-1)),
    types: () => appends.map((entries) => wordsOf(entries).map(({ type }) => type)),
    keys: () => appends.map((entries) => entries.map(({ key }) => key)),
    say(...parts: SaidPart[]) {
      said.push(...parts);
      ring();
    },
    /** Lets time pass until so many appends were made. */
    until: (count: number) => pass(() => appends.length >= count),
    pass,
  };
}

describe('the status board', () => {
  it('has said who speaks before anything else', async () => {
    const board = speaking();
    board.say(hubAt(1));
    await board.until(2);
    expect(board.types()).toEqual([['Process'], ['Hub']]);
    expect(board.appends[0]).toEqual([
      {
        key: 'p/process',
        value: {
          process: 'p',
          run: 'run-1',
          type: 'Process',
          roles: ['hub'],
          release: '1.2.3',
          adapters: { eventLog: 'lmdb', source: 'manifests' },
          sinceMs: null,
          ended: false,
        },
      },
    ]);
  });

  it('says it again every second, with the time of the first', async () => {
    const board = speaking();
    await board.until(1);
    const startedMs = board.clock.nowMs();
    await board.until(3);
    expect(board.clock.nowMs() - startedMs).toBeGreaterThanOrEqual(2 * BEAT_EVERY_MS - 10);
    expect(board.last()).toMatchObject([{ type: 'Process', sinceMs: TIME_MS, ended: false }]);
  });

  it('gathers what changes in one moment, the latest of each part, in order', async () => {
    const board = speaking();
    await board.until(1);
    board.say(hubAt(1));
    board.say(push('a'), hubAt(2));
    await board.until(2);
    expect(board.keys()[1]).toEqual(['p/push/a', 'p/hub']);
    expect(board.last().at(-1)).toMatchObject({ version: { 0: 2 } });
  });

  it('keeps what the log did not take, and says it with what is new, in order', async () => {
    const board = speaking();
    await board.until(1);
    board.fates.failing = true;
    board.say(push('a'), hubAt(1));
    await board.pass(() => board.refused() > 1);
    board.fates.failing = false;
    board.say(push('b'), hubAt(2));
    await board.until(2);
    const keys = board.keys()[1]?.filter((key) => key !== 'p/process');
    expect(keys).toEqual(['p/push/a', 'p/push/b', 'p/hub']);
  });

  it('says a lasting word again with a beat, and never one whose place matters', async () => {
    const board = speaking();
    await board.until(1);
    board.say(push('a'), hubAt(1));
    await board.until(4);
    expect(board.keys().slice(2)).toEqual([
      ['p/hub', 'p/process'],
      ['p/hub', 'p/process'],
    ]);
  });

  it('says at its end that it ended', async () => {
    const board = speaking();
    await board.until(1);
    board.stop.abort();
    await board.ended;
    expect(board.last()).toMatchObject([{ type: 'Process', ended: true }]);
  });

  it('ends also while the log takes nothing', async () => {
    const board = speaking();
    await board.until(1);
    board.fates.failing = true;
    board.stop.abort();
    await board.ended;
    expect(board.appends).toHaveLength(1);
  });
});
