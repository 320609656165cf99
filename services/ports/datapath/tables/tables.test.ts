/** The codecs: what goes in comes out, and what does not fit is refused rather than cut off. */
import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../../contract/cidr.ts';
import { parseIp } from '../../../contract/ip-address.ts';
import { decodeAddress, encodeAddress } from './addresses.ts';
import { type BlockEntry, decodeBlock, encodeBlock } from './blocks.ts';
import { decodeConfig, encodeConfig } from './config.ts';
import { decodeInterface, encodeInterface } from './interfaces.ts';
import { decodeLease, encodeLease } from './lease.ts';
import { decodeLocalPods, encodeLocalPods } from './local-pods.ts';
import { decodeNode, encodeNode } from './nodes.ts';
import { decodePod, encodePod, type PodBerth } from './pods.ts';
import { decodePolicyEntry, encodePolicyEntry, type PolicyEntry } from './policies.ts';
import { decodeUnderlay, encodeUnderlay } from './underlays.ts';

const IP = parseIp('10.42.1.2');
const V6 = parseIp('2001:db8::1');
const BERTH: PodBerth = {
  natAddress: parseIp('198.51.100.7'),
  base: 2048,
  sizeLog2: 10,
  mapped: true,
  policySet: 0xfffffffe,
};
const POLICY: PolicyEntry = {
  policySet: 7,
  cidr: parseCidr('203.0.113.16/29'),
  verdict: 'covered',
  rules: [{ protocol: 'UDP', from: 1, to: 65535 }],
};
const BLOCK: BlockEntry = {
  addressIndex: 255,
  sizeLog2: 6,
  base: 65472,
  target: { kind: 'node', nodeIndex: 8191 },
};

describe('decodes what it encoded', () => {
  test.for([
    [],
    [BERTH],
    [BERTH, { ...BERTH, mapped: false, base: 0, sizeLog2: 14 }, BERTH, { ...BERTH, policySet: 0 }],
  ])('a pod with berths: %#', (berths) => {
    for (const [ip, selected] of [[IP, true] as const, [V6, false] as const]) {
      const pod = { ip, selected, berths };
      expect(decodePod(encodePod(pod))).toEqual(pod);
    }
  });

  test.for<PolicyEntry>([
    POLICY,
    { ...POLICY, verdict: 'hole', rules: [] },
    { ...POLICY, verdict: 'observed', rules: [] },
    { ...POLICY, rules: [...POLICY.rules, { protocol: 'TCP', from: 1, to: 2, observed: true }] },
    { ...POLICY, cidr: parseCidr('0.0.0.0/0') },
    { ...POLICY, cidr: parseCidr('2001:db8::/32'), rules: new Array(8).fill(POLICY.rules[0]) },
    { ...POLICY, rules: [{ protocol: 'any', from: 0, to: 0 }] },
  ])('a policy entry: %#', (policy) => {
    expect(decodePolicyEntry(encodePolicyEntry(policy))).toEqual(policy);
  });

  test.for<BlockEntry>([
    BLOCK,
    { addressIndex: 0, sizeLog2: 14, base: 16384, target: { kind: 'pod', ip: IP } },
  ])('a block: %#', (block) => {
    const { sizeLog2: _, ...rest } = block;
    expect(decodeBlock(encodeBlock(block))).toEqual(rest);
  });

  test('the others', () => {
    const node = { nodeIndex: 3, mac: '02:00:00:00:ab:cd', underlayIp: V6 };
    const address = { natAddress: IP, addressIndex: 9, sizeLog2: 10, owned: true };
    const link = { ifindex: 2 ** 31, podIp: IP };
    const config = { podPortFirst: 32768, uplinkMac: '02:00:00:00:00:01' };
    const underlay = { underlayIp: IP, nodeIndex: 8191 };
    const lease = {
      arpLeaseUntilNs: 2n ** 64n - 1n,
      heartbeatFreshNs: 150_000_000n,
      heartbeatPort: 7946,
    };
    expect(decodeNode(encodeNode(node))).toEqual(node);
    expect(decodeUnderlay(encodeUnderlay(underlay))).toEqual(underlay);
    expect(decodeLease(encodeLease(lease))).toEqual(lease);
    expect(decodeAddress(encodeAddress(address))).toEqual(address);
    expect(decodeInterface(encodeInterface(link))).toEqual(link);
    expect(decodeConfig(encodeConfig(config))).toEqual(config);
    for (const text of ['10.42.0.0/16', '2001:db8::/48', '0.0.0.0/0']) {
      const cidr = parseCidr(text);
      expect(decodeLocalPods(encodeLocalPods(cidr))).toBe(cidr);
    }
  });
});

test('a block stands at its address’s index and its place there', () => {
  const elementOf = (block: BlockEntry) =>
    new Uint32Array(encodeBlock(block).key.slice().buffer)[0];
  expect(elementOf({ ...BLOCK, addressIndex: 3, sizeLog2: 10, base: 2048 })).toBe((3 << 10) | 2);
  expect(elementOf(BLOCK)).toBe((255 << 10) | 1023);
});

test('a prefix counts the policy set and 128 bits', () => {
  const { key } = encodePolicyEntry(POLICY);
  expect(new Uint32Array(key.slice(0, 4).buffer)[0]).toBe(32 + 96 + 29);
});

test.for<readonly [string, () => unknown]>([
  ['five berths', () => encodePod({ ip: IP, selected: true, berths: new Array(5).fill(BERTH) })],
  ['a block between blocks', () => encodeBlock({ ...BLOCK, base: 100 })],
  ['a berth between blocks', () => encodePod(withBerth({ base: 1025 }))],
  ['a berth too small', () => encodePod(withBerth({ base: 0, sizeLog2: 5 }))],
  ['a berth too large', () => encodePod(withBerth({ base: 0, sizeLog2: 15 }))],
  ['a base that is no port', () => encodePod(withBerth({ base: 65536 }))],
  ['a policy set beyond 32 bits', () => encodePod(withBerth({ policySet: 2 ** 32 }))],
  ['a negative policy set', () => encodePod(withBerth({ policySet: -1 }))],
  [
    'nine port rules',
    () => encodePolicyEntry({ ...POLICY, rules: new Array(9).fill(POLICY.rules[0]) }),
  ],
  [
    'ports the wrong way round',
    () => encodePolicyEntry({ ...POLICY, rules: [{ protocol: 'TCP', from: 2, to: 1 }] }),
  ],
  ['an address index beyond the table', () => encodeBlock({ ...BLOCK, addressIndex: 256 })],
  ['a fraction', () => encodeBlock({ ...BLOCK, addressIndex: 0.5 })],
  ['a node index beyond the table', () => encodeNode({ ...NODE, nodeIndex: 8192 })],
  ['a MAC of five bytes', () => encodeNode({ ...NODE, mac: '02:00:00:00:00' })],
  [
    'an address of blocks of no size',
    () => encodeAddress({ natAddress: IP, addressIndex: 0, sizeLog2: 0, owned: false }),
  ],
  ['half an entry', () => decodePod({ key: new Uint8Array(16), value: new Uint8Array(50) })],
  [
    'a verdict that stands for nothing',
    () => decodePolicyEntry({ ...encodePolicyEntry(POLICY), value: new Uint8Array(52) }),
  ],
])('refuses %s', ([, call]) => {
  expect(call).toThrow('BERTH_DATAPATH_BAD_ENTRY');
});

const NODE = { nodeIndex: 0, mac: '02:00:00:00:00:01', underlayIp: IP };

function withBerth(change: Partial<PodBerth>) {
  return { ip: IP, selected: true, berths: [{ ...BERTH, ...change }] };
}
