/**
 * A gateway whose agent has stopped renewing its lease leaves ARP to another gateway that lives,
 * and goes on answering when it is the last.
 */
import { expect, test } from 'vitest';
import { arp, udp } from '../../../../../test/packets/frames.ts';
import type { GatewayLease } from '../../port.ts';
import { NO_LEASE } from '../../tables/lease.ts';
import type { Bench } from './bench.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import { GATEWAY_2, HOST, NAT, OWN_MAC, TARGET } from './world.ts';

const PORT = 7946;
const SENDER = '02:00:00:00:00:33';
const LONG_NS = 3_600_000_000_000n;
const OVER: GatewayLease = {
  arpLeaseUntilNs: 1n,
  heartbeatFreshNs: LONG_NS,
  heartbeatPort: PORT,
};
const QUESTION = arp({
  operation: 'request',
  sender: { mac: SENDER, ip: TARGET },
  target: { mac: '00:00:00:00:00:00', ip: NAT },
  macs: { source: SENDER, destination: 'ff:ff:ff:ff:ff:ff' },
});

export function leasePackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {});

  test('answers when its lease is over and no other gateway was ever heard', (ctx) => {
    const { gateway, ...bench } = benchFor(ctx);
    gateway.setLease(OVER);
    expect(gateway.heartbeatSeenNs()).toBe(0n);
    expect(bench.run('steer', QUESTION).verdict).toBe('send');
  });

  test.for([
    ['from no node', heartbeat({ from: HOST })],
    ['to another port', heartbeat({ port: PORT + 1 })],
    ['to another MAC', heartbeat({ mac: '02:00:00:00:00:99' })],
    ['to a NAT address', heartbeat({ to: NAT })],
  ] as const)('takes a datagram %s for no heartbeat', ([, frame], ctx) => {
    const { gateway, ...bench } = benchFor(ctx);
    gateway.setLease(OVER);
    bench.run('steer', frame);
    expect(gateway.heartbeatSeenNs()).toBe(0n);
  });

  test('looks for no heartbeat when it is told no port', (ctx) => {
    const { gateway, ...bench } = benchFor(ctx);
    gateway.setLease({ ...OVER, heartbeatPort: 0 });
    bench.run('steer', heartbeat({ port: 0 }));
    expect(gateway.heartbeatSeenNs()).toBe(0n);
  });

  test('leaves ARP to another gateway that lives, once its lease is over', (ctx) => {
    const bench = heard(benchFor(ctx), OVER);
    expect(bench.run('steer', QUESTION)).toEqual({ verdict: 'next', frame: QUESTION, counted: [] });
  });

  test.for<readonly [string, GatewayLease]>([
    ['its lease runs', { ...OVER, arpLeaseUntilNs: process.hrtime.bigint() + LONG_NS }],
    ['the heartbeat is old', { ...OVER, heartbeatFreshNs: 1n }],
    ['it needs no lease', { ...OVER, arpLeaseUntilNs: 0n }],
    ['no lease was ever set', NO_LEASE],
  ])('answers though it heard another gateway, when %s', ([, lease], ctx) => {
    const bench = heard(benchFor(ctx), lease);
    expect(bench.run('steer', QUESTION).verdict).toBe('send');
  });
}

function heard(bench: Bench, lease: GatewayLease): Bench {
  const before = process.hrtime.bigint();
  bench.gateway.setLease(OVER);
  const frame = heartbeat({});
  expect(bench.run('steer', frame)).toEqual({ verdict: 'next', frame, counted: [] });
  expect(bench.gateway.heartbeatSeenNs()).toBeGreaterThanOrEqual(before);
  bench.gateway.setLease(lease);
  return bench;
}

function heartbeat({ from = GATEWAY_2, to = HOST, port = PORT, mac = OWN_MAC }): Uint8Array {
  return udp({
    from: `${from}:${PORT}`,
    to: `${to}:${port}`,
    macs: { source: SENDER, destination: mac },
  });
}
