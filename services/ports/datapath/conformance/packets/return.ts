/** berth_return, and whole flows: what went out by egress comes back. */
import { expect, test } from 'vitest';
import { icmp, ipv4, ipv6, tcp, UDP, udp } from '../../../../../test/packets/frames.ts';
import { ipToBytes, parseIp } from '../../../../contract/ip-address.ts';
import { encodeConfig } from '../../tables/config.ts';
import { LAYOUT } from '../../tables/layout.gen.ts';
import { encodePod, podKey } from '../../tables/pods.ts';
import type { Fixture } from './fixture.ts';
import { type BenchFor, fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BARE_POD,
  BASE,
  BASE_2,
  DIRECT,
  DIRECT_2,
  ELSEWHERE,
  fillWorld,
  HOLE,
  HOST,
  L,
  LOST_BASE,
  NAT,
  NAT_2,
  OWN_MAC,
  POD,
  PORTS_TARGET,
  REMOTE_BASE,
  TARGET,
  TARGET_V6,
} from './world.ts';

const DB = `${TARGET}:5432`;
const OPTIONS = Uint8Array.of(1, 1, 1, 0);
const PAYLOAD = Uint8Array.from({ length: 33 }, (_, i) => 255 - i);

const reply = (from: string, to: string) => tcp({ from, to, flags: 'SA', seq: 9, ack: 1001 });
const answer = (from: string, to: string) => udp({ from, to, payload: PAYLOAD });

const back = (name: string, frame: Uint8Array, becomes: Uint8Array): Fixture => {
  return { name, program: 'return', frame, becomes, verdict: 'next', counts: 'RETURNED' };
};
const passes = (name: string, frame: Uint8Array): Fixture => {
  return { name, program: 'return', frame, verdict: 'next' };
};
const drops = (
  name: string,
  frame: Uint8Array,
  counts: NonNullable<Fixture['counts']>,
): Fixture => ({ name, program: 'return', frame, verdict: 'drop', counts });

const RETURNS = [
  back('TCP: the first port', reply(DB, `${NAT}:${BASE}`), reply(DB, `${POD}:${L}`)),
  back(
    'TCP: the last direct port',
    reply(DB, `${NAT}:${BASE + DIRECT - 1}`),
    reply(DB, `${POD}:${L + DIRECT - 1}`),
  ),
  back('UDP', answer(DB, `${NAT}:${BASE + 5}`), answer(DB, `${POD}:${L + 5}`)),
  back(
    'UDP without a checksum keeps none',
    udp({ from: DB, to: `${NAT}:${BASE}`, checksum: false }),
    udp({ from: DB, to: `${POD}:${L}`, checksum: false }),
  ),
  back(
    'IP options stay',
    udp({ from: DB, to: `${NAT}:${BASE}`, options: OPTIONS }),
    udp({ from: DB, to: `${POD}:${L}`, options: OPTIONS }),
  ),
  back(
    'the second berth',
    reply(`${PORTS_TARGET}:5433`, `${NAT_2}:${BASE_2 + 7}`),
    reply(`${PORTS_TARGET}:5433`, `${POD}:${L + 7}`),
  ),
  back(
    'a RST of the target',
    tcp({ from: DB, to: `${NAT}:${BASE}`, flags: 'RA' }),
    tcp({ from: DB, to: `${POD}:${L}`, flags: 'RA' }),
  ),
];

const UNTOUCHED = [
  passes('what is for no NAT address', reply(DB, `${HOST}:${L}`)),
  passes('a fragment that is for no NAT address', ipv4({ from: TARGET, to: HOST }, 47, PAYLOAD)),
  passes('a SYN to the node', tcp({ from: DB, to: `${HOST}:22`, flags: 'S' })),
];

const fragment = (bits: number) => ipv4({ from: TARGET, to: NAT, fragment: bits }, UDP, PAYLOAD);
const DROPS = [
  drops('a first fragment', fragment(0x2000), 'FRAGMENT_IN'),
  drops('a later fragment', fragment(0x0007), 'FRAGMENT_IN'),
  drops('ICMP', icmp({ from: TARGET, to: NAT, type: 3, code: 3 }), 'ICMP_IN'),
  drops('a protocol without ports', ipv4({ from: TARGET, to: NAT }, 50, PAYLOAD), 'PROTOCOL_IN'),
  drops('a block that nobody has', reply(DB, `${NAT}:9000`), 'NO_BLOCK_HERE'),
  drops('a block of another node', reply(DB, `${NAT}:${REMOTE_BASE}`), 'NO_BLOCK_HERE'),
  drops('a port after the direct ones', reply(DB, `${NAT}:${BASE + DIRECT}`), 'PORT_NOT_MAPPED'),
  drops('the last port of the block', reply(DB, `${NAT}:${BASE + 1023}`), 'PORT_NOT_MAPPED'),
  drops(
    'a port after the direct ones of the smaller block',
    reply(`${PORTS_TARGET}:5432`, `${NAT_2}:${BASE_2 + DIRECT_2}`),
    'PORT_NOT_MAPPED',
  ),
  drops(
    'a connection from outside',
    tcp({ from: DB, to: `${NAT}:${BASE}`, flags: 'S' }),
    'BARE_SYN',
  ),
  drops('a stranger', answer(`${ELSEWHERE}:5432`, `${NAT}:${BASE}`), 'NOT_IN_POLICY'),
  drops('an exception', answer(`${HOLE}:5432`, `${NAT}:${BASE}`), 'NOT_IN_POLICY'),
  drops(
    'a target by a port that its rules do not name',
    reply(`${PORTS_TARGET}:22`, `${NAT_2}:${BASE_2}`),
    'NOT_IN_POLICY',
  ),
  drops(
    'a target of the pod’s other berth',
    reply(`${PORTS_TARGET}:5432`, `${NAT}:${BASE}`),
    'NOT_IN_POLICY',
  ),
];

/** Each a packet's life: what leaves the first step enters the second, with its ends exchanged. */
const FLOW: readonly Fixture[] = [
  {
    name: 'the pod connects',
    program: 'egress',
    frame: tcp({ from: `${POD}:${L + 100}`, to: DB, flags: 'S' }),
    becomes: tcp({ from: `${NAT}:${BASE + 100}`, to: DB, flags: 'S' }),
    verdict: 'next',
    counts: 'TRANSLATED',
  },
  {
    name: 'the target accepts',
    program: 'return',
    frame: reply(DB, `${NAT}:${BASE + 100}`),
    becomes: reply(DB, `${POD}:${L + 100}`),
    verdict: 'next',
    counts: 'RETURNED',
  },
  {
    name: 'the pod sends',
    program: 'egress',
    frame: tcp({ from: `${POD}:${L + 100}`, to: DB, flags: 'PA', ack: 10, payload: PAYLOAD }),
    becomes: tcp({ from: `${NAT}:${BASE + 100}`, to: DB, flags: 'PA', ack: 10, payload: PAYLOAD }),
    verdict: 'next',
    counts: 'TRANSLATED',
  },
];

export function returnPackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {
    'brings back to the pod': RETURNS,
    'does not touch': UNTOUCHED,
    'drops with a reason': DROPS,
    'a TCP connection': FLOW,
  });

  test('each direct port goes out and comes back as itself, and no other does', (ctx) => {
    const bench = benchFor(ctx);
    const seen = new Set<string>();
    for (let i = 0; i < DIRECT; i++) {
      const pod = `${POD}:${L + i}`;
      const nat = `${NAT}:${BASE + i}`;
      const out = bench.run('egress', udp({ from: pod, to: DB }));
      expect(out.frame).toEqual(udp({ from: nat, to: DB }));
      seen.add(nat);
      const home = bench.run('return', udp({ from: DB, to: nat }));
      expect(home.frame).toEqual(udp({ from: DB, to: pod }));
    }
    expect(seen.size).toBe(DIRECT);
  });

  whereTablesDisagree(benchFor);
}

function whereTablesDisagree(benchFor: BenchFor): void {
  test('a block whose pod is gone leads nowhere', (ctx) => {
    const bench = benchFor(ctx);
    bench.tables.remove('pods', [podKey(parseIp(POD))]);
    try {
      const outcome = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(outcome).toMatchObject({ verdict: 'drop', counted: ['NO_BLOCK_HERE'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('a block whose berth may not be used any more leads nowhere', (ctx) => {
    const bench = benchFor(ctx);
    const berth = { natAddress: parseIp(NAT), base: BASE, sizeLog2: 10, policySet: 2 };
    const pod = { ip: parseIp(POD), selected: true, berths: [{ ...berth, mapped: false }] };
    bench.tables.put('pods', [encodePod(pod)]);
    try {
      const outcome = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(outcome).toMatchObject({ verdict: 'drop', counted: ['NO_BLOCK_HERE'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('an entry that is another pod’s is not obeyed, in neither direction', (ctx) => {
    const bench = benchFor(ctx);
    const [value = null] = bench.tables.read('pods', [podKey(parseIp(POD))]);
    if (value === null) throw new Error('no pod');
    value.set(ipToBytes(parseIp(BARE_POD)), LAYOUT.berth_pod.offsets.ip);
    bench.tables.put('pods', [{ key: podKey(parseIp(POD)), value }]);
    try {
      const out = bench.run('egress', tcp({ from: `${POD}:${L}`, to: DB, flags: 'S' }));
      expect(out).toMatchObject({ verdict: 'drop', counted: ['CHANGED'] });
      // Nor does it say that a destination is not protected.
      const elsewhere = bench.run('egress', udp({ from: `${POD}:${L}`, to: `${ELSEWHERE}:1` }));
      expect(elsewhere).toMatchObject({ verdict: 'drop', counted: ['CHANGED'] });
      const ipv6Packet = ipv6('2001:db8:9::1', TARGET_V6, UDP, PAYLOAD);
      expect(bench.run('pod', ipv6Packet)).toMatchObject({ counted: ['CHANGED'] });
      const back = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(back).toMatchObject({ verdict: 'drop', counted: ['CHANGED'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('a berth of another size than its address leads nowhere', (ctx) => {
    const bench = benchFor(ctx);
    const berth = { natAddress: parseIp(NAT), base: BASE, sizeLog2: 9, policySet: 2 };
    const pod = { ip: parseIp(POD), selected: true, berths: [{ ...berth, mapped: true }] };
    bench.tables.put('pods', [encodePod(pod)]);
    try {
      const outcome = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(outcome).toMatchObject({ verdict: 'drop', counted: ['NO_BLOCK_HERE'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('a source port that there is not is mapped to nothing', (ctx) => {
    const bench = benchFor(ctx);
    bench.tables.put('config', [encodeConfig({ podPortFirst: 65535, uplinkMac: OWN_MAC })]);
    try {
      const last = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(last.frame).toEqual(reply(DB, `${POD}:65535`));
      const beyond = bench.run('return', reply(DB, `${NAT}:${BASE + 1}`));
      expect(beyond).toMatchObject({ verdict: 'drop', counted: ['PORT_NOT_MAPPED'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('before the configuration is written nothing is translated', (ctx) => {
    const bench = benchFor(ctx);
    bench.tables.remove('config', [new Uint8Array(4)]);
    try {
      const back = bench.run('return', reply(DB, `${NAT}:${BASE}`));
      expect(back).toMatchObject({ verdict: 'drop', counted: ['NO_CONFIG'] });
      const out = bench.run('egress', tcp({ from: `${POD}:${L}`, to: DB, flags: 'S' }));
      expect(out).toMatchObject({ verdict: 'drop', counted: ['NO_CONFIG'] });
    } finally {
      fillWorld(bench.tables);
    }
  });

  test('a block that leads to a lost node is none of this node', (ctx) => {
    const bench = benchFor(ctx);
    const outcome = bench.run('return', reply(DB, `${NAT}:${LOST_BASE}`));
    expect(outcome).toMatchObject({ verdict: 'drop', counted: ['NO_BLOCK_HERE'] });
  });
}
