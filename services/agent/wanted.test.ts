/** The agent's view of what the hub wants: exact, and refused where it is older or does not fit. */
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../contract/errors.ts';
import {
  PushSchema,
  ResourceSchema,
  VersionSchema,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import type { Version } from '../contract/version.ts';
import {
  addressResource,
  blockResource,
  checksumOf,
  deltaPush,
  nodeResource,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { commit, nothingWanted, readPush, type Wanted } from './wanted.ts';

const FIRST: Resources = new Map([
  podResource('a', [{ policy: 'shop/pay', nat: '203.0.113.17', base: 1024 }]),
  policyResource('shop/pay', [{ to: '198.51.100.0/24' }]),
]);

function holding(resources: Resources, version: Version = { 0: 5 }): Wanted {
  const wanted = nothingWanted();
  commit(wanted, readPush(wanted, snapshotPush(resources, version)));
  return wanted;
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return hasCode(error, 'BERTH_LINK_BAD_MESSAGE')
      ? 'BERTH_LINK_BAD_MESSAGE'
      : (error as { code: string }).code;
  }
  return 'none';
}

describe('what the hub wants of a node', () => {
  it('holds what a snapshot names, at its version, with the checksum of all of it', () => {
    const wanted = holding(FIRST);
    expect([...wanted.resources.keys()]).toEqual(['pod/a', 'policy/shop/pay']);
    expect(wanted.version).toEqual({ 0: 5 });
    expect(wanted.checksum).toBe(checksumOf(FIRST));
  });

  it('keeps the checksum up through deltas without reading what did not change', () => {
    const wanted = holding(FIRST);
    const second = new Map([...FIRST, podResource('b', null)]);
    second.delete('pod/a');
    const change = readPush(wanted, deltaPush(FIRST, second, { 0: 6 }));
    expect([...change.touched.keys()].sort()).toEqual(['pod/a', 'pod/b']);
    commit(wanted, change);
    expect(wanted.checksum).toBe(checksumOf(second));
    expect(wanted.resources.has('pod/a')).toBe(false);
  });

  it('follows a log that was moved, from where it was, and no log that was moved before', () => {
    const wanted = holding(FIRST, { 0: 5 });
    const push = snapshotPush(FIRST, { 0: 1, generation: 1 });
    const from = (offset: number) => ({ ...push, movedFrom: create(VersionSchema, at(offset)) });
    const at = (offset: number) => ({ offsets: { 0: BigInt(offset) } });
    expect(codeOf(() => readPush(wanted, push))).toBe('BERTH_AGENT_BEHIND');
    expect(codeOf(() => readPush(wanted, from(4)))).toBe('BERTH_AGENT_BEHIND');
    commit(wanted, readPush(wanted, from(5)));
    expect(wanted.version).toEqual({ 0: 1, generation: 1 });
    const old = snapshotPush(FIRST, { 0: 99 });
    expect(codeOf(() => readPush(wanted, old))).toBe('BERTH_AGENT_BEHIND');
    expect(codeOf(() => readPush(wanted, snapshotPush(FIRST, { 0: 0, generation: 1 })))).toBe(
      'BERTH_AGENT_BEHIND',
    );
  });

  it('sees only the difference in a snapshot', () => {
    const wanted = holding(FIRST);
    const second = new Map([...FIRST, podResource('b', null)]);
    const change = readPush(wanted, snapshotPush(second, { 0: 6 }));
    expect([...change.touched.keys()]).toEqual(['pod/b']);
  });

  it('refuses a push that is older in any partition', () => {
    const wanted = holding(FIRST, { 0: 5, 1: 3 } as { 0: number });
    const push = snapshotPush(FIRST, { 0: 9, 1: 2 });
    expect(codeOf(() => readPush(wanted, push))).toBe('BERTH_AGENT_BEHIND');
    expect(codeOf(() => readPush(wanted, snapshotPush(FIRST, { 0: 9 })))).toBe(
      'BERTH_AGENT_BEHIND',
    );
  });

  it('takes the same version again', () => {
    const wanted = holding(FIRST);
    expect(readPush(wanted, snapshotPush(FIRST, { 0: 5 })).touched.size).toBe(0);
  });

  it('refuses a push whose checksum does not fit, and changes nothing', () => {
    const wanted = holding(FIRST);
    const push = deltaPush(new Map(), new Map([podResource('b', null)]), { 0: 6 });
    expect(codeOf(() => readPush(wanted, push))).toBe('BERTH_AGENT_CHECKSUM');
    expect(wanted.version).toEqual({ 0: 5 });
  });

  it('refuses a push of no kind', () => {
    expect(codeOf(() => readPush(nothingWanted(), create(PushSchema, {})))).toBe(
      'BERTH_LINK_BAD_MESSAGE',
    );
  });

  it.each<[string, Uint8Array]>([
    [
      'a kind that it does not know',
      toBinary(ResourceSchema, create(ResourceSchema, { key: 'moon/x' })),
    ],
    ['bytes that are no resource', Uint8Array.of(0xff, 0xff)],
    ['a key that names another pod', renamed(podResource('a', null), 'pod/b')],
    [
      'a block in another place than its key says',
      renamed(blockResource('203.0.113.17', 1024, 'n'), 'block/203.0.113.17/2048'),
    ],
    ['a block off its grid', blockResource('203.0.113.17', 1000, 'n')[1]],
    ['a block size that is no power of two', addressResource('203.0.113.17', [], 1000)[1]],
    ['a slot without a policy', podResource('a', [{ policy: '' }])[1]],
    ['a MAC address of five bytes', nodeResource('n', '10.0.0.1', '02:00:00:00:00')[1]],
  ])('refuses %s', (_, bytes) => {
    const push = create(PushSchema, { kind: 1, resources: [bytes] });
    expect(codeOf(() => readPush(nothingWanted(), push))).toBe('BERTH_LINK_BAD_MESSAGE');
  });
});

function renamed([, bytes]: [string, Uint8Array], key: string): Uint8Array {
  // A later field of the same number wins.
  const name = toBinary(ResourceSchema, create(ResourceSchema, { key }));
  return Buffer.concat([bytes, name]);
}
