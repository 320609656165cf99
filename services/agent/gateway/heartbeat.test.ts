/** What counts as a heartbeat: sealed by the key of the two, for this gateway, understood whole. */
import { describe, expect, it } from 'vitest';
import { parseIp } from '../../contract/ip-address.ts';
import { type Heartbeat, markOf, openHeartbeat, sealHeartbeat } from './heartbeat.ts';
import { createKeyPair, keyPairText, readKeyPair, sharedKey } from './heartbeat-keys.ts';

const A = createKeyPair();
const B = createKeyPair();
const OTHER = createKeyPair();
const said: Heartbeat = {
  from: 'g1',
  bootId: 'boot',
  epoch: 3n,
  sequence: 9n,
  inSync: true,
  settled: true,
  leaving: false,
  quietMs: 0,
  owned: new Set([markOf(parseIp('203.0.113.16')), markOf(parseIp('203.0.113.17'))]),
};

function keyOf(own: typeof A, other: typeof A, names: [string, string] = ['g1', 'g2']) {
  const key = sharedKey(own, other.publicKey, names);
  if (key === null) throw new Error('no key');
  return key;
}

describe('a heartbeat', () => {
  const datagram = sealHeartbeat(said, 'g2', keyOf(A, B));
  const keyOfG1 = () => keyOf(B, A, ['g2', 'g1']);

  it('is heard as it was said, by the key that each of the two computes', () => {
    expect(openHeartbeat(datagram, 'g2', keyOfG1)).toEqual(said);
  });

  it('is none when it was said to another, by a stranger, or with another key', () => {
    expect(openHeartbeat(datagram, 'g3', keyOfG1)).toBeNull();
    expect(openHeartbeat(datagram, 'g2', () => null)).toBeNull();
    expect(openHeartbeat(datagram, 'g2', () => keyOf(B, OTHER))).toBeNull();
    const forged = sealHeartbeat(said, 'g2', keyOf(OTHER, B));
    expect(openHeartbeat(forged, 'g2', keyOfG1)).toBeNull();
  });

  it('is none when any byte of it is another, or missing', () => {
    for (let at = 0; at < datagram.length; at++) {
      const changed = Uint8Array.from(datagram);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openHeartbeat(changed, 'g2', keyOfG1)).toBeNull();
      expect(openHeartbeat(datagram.subarray(0, at), 'g2', keyOfG1)).toBeNull();
    }
  });

  it('that names as many addresses as a node can hold fits one datagram of an Ethernet', () => {
    const many = Array.from({ length: 256 }, (_, at) => markOf(parseIp(`203.0.113.${at}`)));
    const full = sealHeartbeat({ ...said, owned: new Set(many) }, 'g2', keyOf(A, B));
    expect(full.length).toBeLessThan(1_400);
  });
});

describe('a key pair', () => {
  it('is the same after it was written and read', () => {
    const read = readKeyPair(keyPairText(A));
    expect(read.publicKey).toEqual(A.publicKey);
    expect(keyOf(read, B).equals(keyOf(A, B))).toBe(true);
  });

  it('gives other keys to other names, and none to what is no public key', () => {
    expect(keyOf(A, B, ['g1', 'g3']).equals(keyOf(A, B))).toBe(false);
    expect(sharedKey(A, new Uint8Array(3), ['g1', 'g2'])).toBeNull();
    expect(sharedKey(A, new Uint8Array(32), ['g1', 'g2'])).toBeNull();
  });
});
