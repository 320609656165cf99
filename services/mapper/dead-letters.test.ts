/** What was refused is kept for people, once under its position, and holds nobody up. */
import { afterEach, expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import type { DeadLetter } from '../contract/dead-letter.ts';
import type { Refusal } from '../contract/refusal.ts';
import type { Entry, EventLog, NewEntry } from '../ports/event-log/port.ts';
import { createDeadLetters } from './dead-letters.ts';

const REFUSED: Refusal = { because: 'envelope', reason: '.id is missing' };
let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

function entry(offset: number, refused: Refusal = REFUSED): Entry {
  return { key: 'ns/shop', value: { any: 1 }, partition: 2, offset, timeMs: 5, refused };
}

function letters(failures = 0) {
  const written: NewEntry[] = [];
  let left = failures;
  const append = async (_: string, entries: readonly NewEntry[]): Promise<[]> => {
    left -= 1;
    if (left >= 0) throw new Error('not now');
    written.push(...entries);
    return [];
  };
  const clock = manualClock();
  const log = keepingLog();
  const eventLog = { append } as unknown as EventLog;
  const dead = createDeadLetters({ eventLog, clock, log });
  void dead.run(stop.signal);
  return {
    dead,
    written,
    clock,
    log,
    values: () => written.map(({ value }) => value as unknown as DeadLetter),
  };
}

const text = (base64: string | null): string => Buffer.from(base64 ?? '', 'base64').toString();

test('a letter says where it stood, why it was refused, and what it was', async () => {
  const { dead, written, values, log } = letters();
  dead.add(entry(7));
  await expect.poll(() => written.map(({ key }) => key)).toEqual(['berth.events/2/7']);
  const [letter] = values();
  expect(letter).toMatchObject({
    type: 'DeadLetter',
    topic: 'berth.events',
    partition: 2,
    offset: 7,
    timeMs: 5,
    because: 'envelope',
    reason: '.id is missing',
    valueBytes: 9,
  });
  expect([text(letter?.key ?? null), text(letter?.value ?? null)]).toEqual([
    'ns/shop',
    '{"any":1}',
  ]);
  expect(log.lines).toMatchObject([
    { level: 'error', fields: { error: { code: 'BERTH_LOG_FOREIGN' } } },
  ]);
});

test('the same record gives the same letter, whoever writes it', async () => {
  const { dead, written, values } = letters();
  dead.add(entry(7));
  dead.add(entry(7));
  dead.add(entry(8));
  await expect.poll(() => written.length).toBe(3);
  const ids = values().map(({ id }) => id);
  expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
});

test('raw bytes are kept as they were, the beginning of very many', async () => {
  const { dead, written, values } = letters();
  const value = Buffer.alloc(2_000_000, 0xff);
  const raw = { key: null, value, headers: { ce_id: Buffer.from('x') } };
  dead.add(entry(1, { because: 'bytes', reason: 'no JSON', raw }));
  dead.add(entry(2, { because: 'bytes', reason: 'no value', raw: { ...raw, value: null } }));
  await expect.poll(() => written.length).toBe(2);
  const [huge, none] = values();
  expect(huge).toMatchObject({ key: null, valueBytes: 2_000_000, headers: { ce_id: 'eA==' } });
  expect(JSON.stringify(huge).length).toBeLessThan(900_000);
  expect(none).toMatchObject({ value: null, valueBytes: 0 });
});

test('one that cannot be written is tried again, and the others wait behind it', async () => {
  const { dead, written, clock } = letters(2);
  dead.add(entry(1));
  dead.add(entry(2));
  for (let retry = 0; retry < 2; retry += 1) {
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(1_000);
  }
  await expect
    .poll(() => written.map(({ key }) => key))
    .toEqual(['berth.events/2/1', 'berth.events/2/2']);
});

test('of more than can wait the rest is only told', () => {
  const { dead, log } = letters(Number.POSITIVE_INFINITY);
  for (let offset = 0; offset < 1_500; offset += 1) dead.add(entry(offset));
  expect(log.lines.filter(({ message }) => message.startsWith('too many'))).toHaveLength(500);
});
