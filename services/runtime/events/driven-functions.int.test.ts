/**
 * Functions driven by events over HTTP, request by request: what is answered when, and what no
 * delivery can break. What they share with the native consumer is in the suite of triggers.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../../test/log-lines.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { embeddedStorage, type TriggerStorage } from '../../../test/trigger-storage.ts';
import type { Entry, EventLog } from '../../ports/event-log/port.ts';
import { type BerthFunction, defineFunction, job, service, stream } from '../define-function.ts';
import { type Host, startFunctions } from '../host.ts';
import { type DrivenInit, drivenFunctions } from './driven-functions.ts';
import { kafkaSourceHeaders } from './kafka-source-fixtures.ts';

let storage: TriggerStorage;
let host: Host;
let log = keepingLog();
const clock = manualClock();

beforeEach(async () => {
  storage = await embeddedStorage();
  log = keepingLog();
});

afterEach(async () => {
  await host.stop();
  await storage.remove();
});

/** Answers the URL once it listens. */
async function start(
  functions: readonly BerthFunction[],
  init: Partial<DrivenInit> = {},
  eventLog: EventLog = storage.eventLog,
): Promise<string> {
  const components = { eventLog, jobs: storage.jobs, clock, log };
  const driven = drivenFunctions(functions, { listen: '127.0.0.1:0', ...init }, components);
  host = startFunctions(driven, components);
  const listens = () => log.lines.find(({ message }) => message === 'events are received');
  await expect.poll(listens).toBeDefined();
  return `http://${String(listens()?.fields['address'])}/`;
}

function reader(onBatch: () => Promise<void> = async () => undefined) {
  const heard: string[] = [];
  const definition = defineFunction({
    name: 'reader',
    trigger: stream('berth.events', async () => ({})),
    handler: {
      async batch(entries) {
        await onBatch();
        heard.push(...entries.map(({ key, value }) => `${key} ${String(value['number'])}`));
      },
      caughtUp: async () => {
        heard.push('caught up');
      },
    },
  });
  return { heard, definition };
}

const append = async (number: number, key = 'ns/a'): Promise<Entry> => {
  const [entry] = await storage.eventLog.append('berth.events', [{ key, value: { number } }]);
  if (entry === undefined) throw new Error('nothing was appended');
  return entry;
};

const deliver = (url: string, entry: Entry, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { ...kafkaSourceHeaders('berth.events', entry), ...headers },
    body: JSON.stringify(entry.value),
  });

const post = (url: string, headers: Record<string, string>, body = '{}') =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

const EVENT = { 'ce-specversion': '1.0', 'ce-id': 'r1', 'ce-source': '/s' };

test('answers 204 without a body once the event was handled', async () => {
  const found = reader();
  const url = await start([found.definition]);
  const answer = await deliver(url, await append(1));
  expect([answer.status, await answer.text()]).toEqual([204, '']);
  expect(found.heard).toEqual(['ns/a 1', 'caught up']);
});

test('reads nothing between deliveries, and at the next one all that was appended', async () => {
  const found = reader();
  const url = await start([found.definition]);
  await deliver(url, await append(1));
  await append(2);
  const third = await append(3);
  expect(found.heard).toEqual(['ns/a 1', 'caught up']);
  await deliver(url, third);
  expect(found.heard).toEqual(['ns/a 1', 'caught up', 'ns/a 2', 'ns/a 3']);
});

test('an event that comes again, or late, is answered and handled no second time', async () => {
  const found = reader();
  const url = await start([found.definition]);
  const [first, second] = [await append(1), await append(2)];
  for (const entry of [second, first, second]) expect((await deliver(url, entry)).status).toBe(204);
  expect(found.heard).toEqual(['ns/a 1', 'ns/a 2', 'caught up']);
});

test('many deliveries at once are answered by few passes', async () => {
  let batches = 0;
  const gate = Promise.withResolvers<void>();
  const found = reader(async () => {
    batches += 1;
    if (batches === 1) await gate.promise;
  });
  const url = await start([found.definition]);
  const first = deliver(url, await append(0));
  await expect.poll(() => batches).toBe(1);
  const entries: Entry[] = [];
  for (let number = 1; number <= 6; number += 1) entries.push(await append(number));
  const rest = entries.map((entry) => deliver(url, entry));
  gate.resolve();
  for (const answer of await Promise.all([first, ...rest])) expect(answer.status).toBe(204);
  expect(found.heard.filter((line) => line !== 'caught up')).toHaveLength(7);
  expect(batches).toBeLessThan(7);
});

test('an event that says no place is answered when the log was read to its end', async () => {
  const found = reader();
  const url = await start([found.definition]);
  await append(1, 'ns/a');
  await append(2, 'pools');
  const answer = await post(url, { ...EVENT, 'ce-type': 'berth.Record' });
  expect(answer.status).toBe(204);
  expect(found.heard.toSorted()).toEqual(['caught up', 'ns/a 1', 'pools 2']);
});

test('takes the topic by the name that the broker has for it', async () => {
  const found = reader();
  const brokerTopic = (topic: string) => topic.replace('berth.', 'prod.');
  const url = await start([found.definition], { brokerTopic });
  const entry = await append(1);
  expect((await deliver(url, entry)).status).toBe(422);
  expect((await deliver(url, entry, { 'ce-knativekafkatopic': 'prod.events' })).status).toBe(204);
});

test.each([
  [400, 'BERTH_TRIGGER_BAD_EVENT', { 'ce-id': '' }],
  [422, 'BERTH_TRIGGER_NOT_OURS', { 'ce-type': 'com.example.other' }],
  [
    422,
    'BERTH_TRIGGER_NOT_OURS',
    { 'ce-type': 'berth.event', 'ce-knativekafkatopic': 'berth.acks' },
  ],
  [422, 'BERTH_TRIGGER_NOT_OURS', { 'ce-type': 'berth.job.ticks' }],
])('answers %i %s to what is no event of ours', async (status, code, headers) => {
  const found = reader();
  const url = await start([found.definition]);
  await append(1);
  const answer = await post(url, { ...EVENT, ...headers });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toMatch(new RegExp(`^${code}: `));
  expect(found.heard).toEqual([]);
});

test('answers 400 to another method or path', async () => {
  const url = await start([reader().definition]);
  expect((await fetch(url)).status).toBe(400);
  expect((await post(`${url}other`, { ...EVENT, 'ce-type': 'berth.Record' })).status).toBe(400);
});

test('answers 413 to a longer body than may be, and reads no further', async () => {
  const url = await start([reader().definition], { bodyBytesMax: 100 });
  const answer = await post(url, { ...EVENT, 'ce-type': 'berth.Record' }, 'x'.repeat(200_000));
  expect(answer.status).toBe(413);
  expect(await answer.text()).toMatch(/^BERTH_TRIGGER_TOO_LARGE/);
});

test('answers 503 to an event of another log, and goes on', async () => {
  const found = reader();
  const url = await start([found.definition]);
  const entry = await append(1);
  const answer = await deliver(url, { ...entry, offset: 1_000_000 });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await answer.text()).toMatch(/^BERTH_TRIGGER_BEYOND_END/);
  expect((await deliver(url, entry)).status).toBe(204);
});

test('answers 503 when more wait than may, and takes the next once one is done', async () => {
  const gate = Promise.withResolvers<void>();
  let inside = false;
  const found = reader(() => {
    inside = true;
    return gate.promise;
  });
  const url = await start([found.definition], { waitingMax: 1 });
  const entry = await append(1);
  const first = deliver(url, entry);
  await expect.poll(() => inside).toBe(true);
  const refused = await deliver(url, entry);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  gate.resolve();
  expect((await first).status).toBe(204);
  expect((await deliver(url, entry)).status).toBe(204);
});

test('answers 503 when it takes too long; the work goes on, and counts as waiting', async () => {
  const gate = Promise.withResolvers<void>();
  let inside = false;
  const found = reader(() => {
    inside = true;
    return gate.promise;
  });
  const url = await start([found.definition], { requestTimeoutMs: 5_000, waitingMax: 1 });
  const entry = await append(1);
  const late = deliver(url, entry);
  await expect.poll(() => inside).toBe(true);
  clock.advance(5_000);
  expect(await (await late).text()).toMatch(/^BERTH_TRIGGER_TIMEOUT/);
  expect(await (await deliver(url, entry)).text()).toMatch(/^BERTH_TRIGGER_BUSY/);
  gate.resolve();
  await expect.poll(() => found.heard).toEqual(['ns/a 1', 'caught up']);
  expect((await deliver(url, entry)).status).toBe(204);
});

test('answers 500 to everybody when the function fails, with its error', async () => {
  const failure = new Error('met an unknown type');
  const url = await start([reader(() => Promise.reject(failure)).definition]);
  const entry = await append(1);
  const answers = await Promise.all([deliver(url, entry), deliver(url, entry)]);
  for (const answer of answers) {
    expect([answer.status, await answer.text()]).toEqual([500, 'met an unknown type\n']);
  }
  expect(await host.failed).toBe(failure);
  expect((await deliver(url, entry)).status).toBe(500);
});

test('a log that cannot be read for a while is told to the gateway, and read anew', async () => {
  let broken = true;
  const flaky: EventLog = {
    ...storage.eventLog,
    ends: async (topic) => {
      if (broken) throw new Error('no broker');
      return storage.eventLog.ends(topic);
    },
  };
  const found = reader();
  const url = await start([found.definition], {}, flaky);
  const entry = await append(1);
  expect((await deliver(url, entry)).status).toBe(500);
  broken = false;
  expect((await deliver(url, entry)).status).toBe(204);
  expect(found.heard).toEqual(['ns/a 1', 'caught up']);
});

test('what waits at a stop is answered 503, and its batch does not count as handled', async () => {
  const gate = Promise.withResolvers<void>();
  let inside = false;
  const found = reader(() => {
    inside = true;
    return gate.promise;
  });
  const url = await start([found.definition]);
  const answer = deliver(url, await append(1));
  await expect.poll(() => inside).toBe(true);
  const stopped = host.stop();
  gate.resolve();
  expect(await (await answer).text()).toMatch(/^BERTH_TRIGGER_STOPPING/);
  await stopped;
});

test('a request that never ends does not keep it from stopping', async () => {
  const url = new URL(await start([reader().definition]));
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\nce-id: 1\r\ncontent-length: 100\r\n\r\n{');
  const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
  const waitingBefore = clock.waiting();
  await expect.poll(() => clock.waiting()).toBe(waitingBefore + 1);
  const stopped = host.stop();
  await expect.poll(() => clock.waiting()).toBe(waitingBefore + 3);
  clock.advance(5_000);
  await Promise.all([stopped, closed]);
});

test('a posted job is answered 204 when it has run, 500 when it failed', async () => {
  let runs = 0;
  const worker = defineFunction({
    name: 'worker',
    trigger: job('errands'),
    handler: async () => {
      runs += 1;
      if (runs === 1) throw new Error('not yet');
    },
  });
  const url = await start([worker]);
  const headers = { ...EVENT, 'ce-type': 'berth.job.errands' };
  expect((await post(url, headers)).status).toBe(500);
  expect((await post(url, headers)).status).toBe(204);
  expect((await post(url, { ...headers, 'ce-type': 'berth.job.other' })).status).toBe(422);
  expect(runs).toBe(2);
});

test('refuses a function that works all the time, by name', async () => {
  const watch = defineFunction({ name: 'watcher', trigger: service(), handler: async () => {} });
  await expect(start([watch])).rejects.toMatchObject({
    code: 'BERTH_TRIGGER_SERVICE',
    details: { name: 'watcher' },
  });
  host = startFunctions([], { ...storage, clock, log });
});

test('says where it cannot listen', async () => {
  const components = { ...storage, clock, log };
  host = startFunctions(
    drivenFunctions([reader().definition], { listen: '203.0.113.1:1' }, components),
    components,
  );
  expect(await host.failed).toMatchObject({ code: 'BERTH_TRIGGER_LISTEN' });
});
