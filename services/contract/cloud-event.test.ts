/** What readers that are not ours are told of a record. */
import { expect, test } from 'vitest';
import { cloudEventOf } from './cloud-event.ts';
import { eventRecord } from './records.ts';

const record = eventRecord(
  'ns/shop',
  { type: 'PodGone', uid: 'u1' },
  { by: 'watcher/7', number: 3 },
  `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
);

test('an event keeps the id, the source and the trace that the record has', () => {
  expect(cloudEventOf('berth.events', 'ns/shop', { ...record })).toEqual({
    id: record.id,
    type: 'berth.PodGone',
    source: '/berth/watcher/7',
    traceparent: record.traceparent,
  });
});

test('what no source numbers comes from its aggregate, and is a trace of its own', () => {
  const receipt = eventRecord('ns/shop', { type: 'Receipt', to: 'pools', number: 1 });
  const event = cloudEventOf('berth.events', 'ns/shop', { ...receipt });
  expect(event.source).toBe('/berth/ns/shop');
  expect(event.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(cloudEventOf('berth.events', 'ns/shop', { ...receipt })).toEqual(event);
});

test('a record without an id of its own is known by what it says', () => {
  const ack = { type: 'Ack', node: 'n1' };
  const event = cloudEventOf('berth.acks', 'n1', ack);
  expect(event).toMatchObject({ type: 'berth.Ack', source: '/berth/n1' });
  expect(cloudEventOf('berth.acks', 'n1', { ...ack, checksum: 'x' }).id).not.toBe(event.id);
});
