/** What requests deliver: the three modes, what gateways really send, and what is no event. */
import { expect, test } from 'vitest';
import { type DecodeEvents, eventDecoder } from './cloud-event.ts';
import { kafkaSourceHeaders } from './kafka-source-fixtures.ts';

const decode: DecodeEvents = await eventDecoder();

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const BATCHED = { 'content-type': 'application/cloudevents-batch+json' };
const EVENT = { specversion: '1.0', id: 'r1', type: 'berth.job.ticks', source: '/jobs' };

const refusal = (headers: Record<string, string>, body: string): unknown => {
  try {
    return decode(headers, body);
  } catch (error) {
    return error;
  }
};

test('takes a record as KafkaSource sends it: binary, with its place in three extensions', () => {
  const entry = { key: 'ns/a', value: { id: 'abc' }, partition: 3, offset: 0, timeMs: 0 };
  const headers = kafkaSourceHeaders('berth.events', entry);
  expect(decode(headers, '{"id":"abc"}')).toEqual([
    {
      id: 'abc',
      type: 'berth.Record',
      data: { id: 'abc' },
      topic: 'berth.events',
      place: { partition: 3, offset: 0 },
    },
  ]);
});

test('takes a record that KafkaSource wrapped, with its place in id and source', () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'partition:2/offset:41',
    'ce-type': 'dev.knative.kafka.event',
    'ce-source': '/apis/v1/namespaces/berth/kafkasources/events#berth.events',
    'ce-subject': 'partition:2#41',
    'ce-key': 'ns/a',
    'content-type': 'application/json',
  };
  expect(decode(headers, '{}')).toMatchObject([
    { topic: 'berth.events', place: { partition: 2, offset: 41 } },
  ]);
});

test('takes an event in structured mode, whatever parameters its content type has', () => {
  const event = {
    ...EVENT,
    data: { askedAtMs: 7 },
    knativekafkapartition: 1,
    knativekafkaoffset: 5,
  };
  expect(decode(STRUCTURED, JSON.stringify(event))).toEqual([
    {
      id: 'r1',
      type: 'berth.job.ticks',
      data: { askedAtMs: 7 },
      topic: null,
      place: { partition: 1, offset: 5 },
    },
  ]);
});

test('takes a batch', () => {
  const body = JSON.stringify([EVENT, { ...EVENT, id: 'r2' }]);
  expect(decode(BATCHED, body).map(({ id }) => id)).toEqual(['r1', 'r2']);
});

test.each([
  ['no attributes', { 'content-type': 'application/json' }, '{}'],
  ['binary without a type', { 'ce-id': '1', 'ce-source': '/s', 'ce-specversion': '1.0' }, '{}'],
  ['structured without an id', STRUCTURED, JSON.stringify({ ...EVENT, id: undefined, type: '' })],
  ['torn JSON', STRUCTURED, '{"id":'],
  ['an array that is no batch', STRUCTURED, '[]'],
  ['an empty batch', BATCHED, '[]'],
  ['a batch that is no array', BATCHED, '{}'],
  ['a batch of something else', BATCHED, '[1]'],
  ['a batch of too many', BATCHED, JSON.stringify(new Array(1001).fill(EVENT))],
  ['another version', STRUCTURED, JSON.stringify({ ...EVENT, specversion: '0.3' })],
])('refuses with one code: %s', (_, headers, body) => {
  expect(refusal(headers, body)).toMatchObject({ code: 'BERTH_TRIGGER_BAD_EVENT' });
});

test.each([
  ['-1', '3'],
  ['1', '3.5'],
  ['one', '3'],
  ['1', ''],
  ['1', '1e400'],
])('a place that cannot be is none: partition %s, offset %s', (partition, offset) => {
  const event = { ...EVENT, knativekafkapartition: partition, knativekafkaoffset: offset };
  expect(decode(STRUCTURED, JSON.stringify(event))).toMatchObject([{ place: null }]);
});
