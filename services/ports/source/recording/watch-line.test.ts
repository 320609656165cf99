/** What each line of a watch stream means, and how a malformed one is told. */
import { describe, expect, test } from 'vitest';
import { natPool, pod } from '../fixtures/kubernetes-fixtures.ts';
import { readWatchLine } from './watch-line.ts';

const PLACE = { file: 'pods.ndjson', line: 7 };
const read = (event: unknown) => readWatchLine(JSON.stringify(event), PLACE);
const podWith = (fields: Readonly<Record<string, unknown>>) => ({ ...pod('web'), ...fields });

describe('a line', () => {
  test.each(['ADDED', 'MODIFIED'])('%s says what is there', (type) => {
    expect(read({ type, object: pod('web') })).toMatchObject({
      is: 'present',
      object: { kind: 'Pod', namespace: 'shop', pod: { name: 'web', node: 'node-a' } },
    });
  });

  test('DELETED needs only the name to be right', () => {
    const object = podWith({ spec: 'nonsense', status: { podIP: 'nonsense' } });
    expect(read({ type: 'DELETED', object })).toEqual({
      is: 'gone',
      key: { kind: 'Pod', namespace: 'shop', uid: 'uid-web' },
    });
    expect(read({ type: 'DELETED', object: natPool('blue') })).toEqual({
      is: 'gone',
      key: { kind: 'NatPool', name: 'blue' },
    });
  });

  test.each([
    ['a bookmark', { type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: {} } }],
    ['a kind of others', { type: 'ADDED', object: { kind: 'Lease', apiVersion: 'c.io/v1' } }],
    ['a deleted kind of others', { type: 'DELETED', object: { kind: 'Event', apiVersion: 'v1' } }],
  ])('that is %s means nothing', (_, event) => {
    expect(read(event)).toEqual({ is: 'nothing' });
  });

  test.each(['', '   ', '\r'])('that is blank means nothing', (text) => {
    expect(readWatchLine(text, PLACE)).toEqual({ is: 'nothing' });
  });
});

const FIELD = 'BERTH_INPUT_FIELD';
/** What, event, code, field. */
const MALFORMED: readonly (readonly [string, unknown, string, string | null])[] = [
  ['a list', [], FIELD, null],
  ['a number', 5, FIELD, null],
  ['null', null, FIELD, null],
  ['no event but an object', pod('web'), FIELD, 'type'],
  ['an unknown type', { type: 'Added', object: pod('web') }, FIELD, 'type'],
  ['no object', { type: 'ADDED' }, FIELD, null],
  ['an object without a kind', { type: 'ADDED', object: {} }, FIELD, 'apiVersion'],
  ['a deletion of nothing', { type: 'DELETED' }, FIELD, null],
  [
    'a pod without a uid',
    { type: 'ADDED', object: podWith({ metadata: { name: 'web', namespace: 'shop' } }) },
    FIELD,
    'metadata.uid',
  ],
  [
    'a deleted pod without a uid',
    { type: 'DELETED', object: podWith({ metadata: { name: 'web' } }) },
    FIELD,
    'metadata.uid',
  ],
  ['a pod without a spec', { type: 'ADDED', object: podWith({ spec: undefined }) }, FIELD, 'spec'],
  [
    'a bad IP',
    { type: 'MODIFIED', object: podWith({ status: { podIPs: [{ ip: '10.0.0' }] } }) },
    'BERTH_INPUT_ADDRESS',
    'status.podIPs[0].ip',
  ],
  [
    'a bad pool',
    { type: 'ADDED', object: natPool('blue', { addresses: ['203.0.113.17/29'] }) },
    'BERTH_INPUT_CIDR_HOST_BITS',
    'spec.addresses[0]',
  ],
];

describe('a line is refused that is', () => {
  test.each(MALFORMED)('%s', (_, event, code, field) => {
    const line = read(event);
    expect(line.is).toBe('refused');
    if (line.is !== 'refused') return;
    expect(line.problems[0]).toMatchObject({ ...PLACE, code, field });
  });

  test.each(['{"type":"ADDED","object":{', 'not json', '{"type":"ADDED"}}', '\u0000'])(
    'no JSON: %j',
    (text) => {
      expect(readWatchLine(text, PLACE)).toMatchObject({
        is: 'refused',
        problems: [{ ...PLACE, code: 'BERTH_INPUT_SYNTAX', field: null }],
      });
    },
  );

  test('an error of the stream, with what it says', () => {
    const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const line = read({ type: 'ERROR', object });
    expect(line).toMatchObject({
      is: 'refused',
      problems: [{ ...PLACE, code: 'BERTH_INPUT_WATCH_ERROR' }],
    });
    expect(line.is === 'refused' && line.problems[0]?.message).toContain('410 Expired too old');
    expect(read({ type: 'ERROR' })).toMatchObject({ is: 'refused' });
  });
});
