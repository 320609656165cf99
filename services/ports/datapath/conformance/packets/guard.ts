/** berth_pod, the source guard at the veth of POD. */
import { describe, expect, test } from 'vitest';
import { arp, ipv6, tcp, UDP } from '../../../../../test/packets/frames.ts';
import { parseIp } from '../../../../contract/ip-address.ts';
import { interfaceKey } from '../../tables/interfaces.ts';
import { encodePod, podKey } from '../../tables/pods.ts';
import type { Fixture } from './fixture.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import { ELSEWHERE, FREE_POD, fillWorld, HOLE, L, NAT, POD, TARGET, TARGET_V6 } from './world.ts';

const DB = `${TARGET}:5432`;
const STRANGER = '172.16.0.9';
const OTHER_BERTHED_POD = '10.42.1.6';
const MACS = { source: '02:00:00:00:00:0a', destination: 'ff:ff:ff:ff:ff:ff' };

const sent = (from: string, to: string) => tcp({ from: `${from}:${L}`, to, flags: 'S' });
const passes = (name: string, frame: Uint8Array): Fixture => {
  return { name, program: 'pod', frame, verdict: 'next' };
};
const drops = (
  name: string,
  frame: Uint8Array,
  counts: NonNullable<Fixture['counts']>,
): Fixture => ({ name, program: 'pod', frame, verdict: 'drop', counts });

const PASSED = [
  passes('the pod’s own address, to a protected destination', sent(POD, DB)),
  passes('the pod’s own address, elsewhere', sent(POD, `${ELSEWHERE}:80`)),
  passes('an address behind the pod, elsewhere', sent(STRANGER, `${ELSEWHERE}:80`)),
  passes('an address behind the pod, to an exception', sent(STRANGER, `${HOLE}:80`)),
  passes('a neighbour without a berth, elsewhere', sent(FREE_POD, `${ELSEWHERE}:80`)),
  passes('IPv6 elsewhere', ipv6('fe80::1', 'ff02::2', 58, new Uint8Array(8))),
  passes(
    'ARP',
    arp({
      operation: 'request',
      sender: { mac: MACS.source, ip: STRANGER },
      target: { mac: '00:00:00:00:00:00', ip: POD },
      macs: MACS,
    }),
  ),
];
const DROPPED = [
  drops('an address behind the pod, to a target', sent(STRANGER, DB), 'SPOOFED'),
  drops('a neighbour’s address, to a target', sent(FREE_POD, DB), 'SPOOFED'),
  drops('a NAT address, to a target', sent(NAT, DB), 'SPOOFED'),
  drops(
    'a berthed neighbour’s address, anywhere',
    sent(OTHER_BERTHED_POD, `${ELSEWHERE}:80`),
    'SPOOFED',
  ),
  drops('IPv6 to a target', ipv6('2001:db8:9::1', TARGET_V6, UDP, new Uint8Array(8)), 'IPV6_OUT'),
];

export function guardPackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, { passes: PASSED, drops: DROPPED }, (tables) => {
    fillWorld(tables);
    const berth = {
      natAddress: parseIp(NAT),
      base: 8192,
      sizeLog2: 10,
      mapped: true,
      policySet: 2,
    };
    const other = encodePod({ ip: parseIp(OTHER_BERTHED_POD), selected: true, berths: [berth] });
    tables.put('pods', [other]);
  });

  describe('IPv6 to a target, which cannot be translated yet', () => {
    const frame = ipv6('2001:db8:9::1', TARGET_V6, UDP, new Uint8Array(8));

    test('is dropped as long as the pod is not known', (ctx) => {
      const bench = benchFor(ctx);
      bench.tables.remove('pods', [podKey(parseIp(POD))]);
      try {
        expect(bench.run('pod', frame).counted).toEqual(['IPV6_OUT']);
      } finally {
        fillWorld(bench.tables);
      }
    });

    test('passes when the pod is known and not selected', (ctx) => {
      const bench = benchFor(ctx);
      bench.tables.put('pods', [encodePod({ ip: parseIp(POD), selected: false, berths: [] })]);
      try {
        expect(bench.run('pod', frame).verdict).toBe('next');
      } finally {
        fillWorld(bench.tables);
      }
    });
  });

  test('drops what carries a source whose entry is another pod’s', (ctx) => {
    const bench = benchFor(ctx);
    const { value } = encodePod({ ip: parseIp(POD), selected: true, berths: [] });
    bench.tables.put('pods', [{ key: podKey(parseIp(FREE_POD)), value }]);
    try {
      const outcome = bench.run('pod', sent(FREE_POD, `${ELSEWHERE}:80`));
      expect(outcome).toMatchObject({ verdict: 'drop', counted: ['CHANGED'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('guards no interface that is not in the table', (ctx) => {
    const bench = benchFor(ctx);
    bench.tables.remove('interfaces', [interfaceKey(1)]);
    try {
      expect(bench.run('pod', sent(STRANGER, DB)).verdict).toBe('next');
    } finally {
      fillWorld(bench.tables);
    }
  });
}
