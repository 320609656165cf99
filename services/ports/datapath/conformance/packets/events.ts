/** Why a pod's packet was held back, or would be, is told once a second of a pod and reason. */
import { expect, type TestContext, test, vi } from 'vitest';
import { icmp, ipv6, tcp, UDP, udp } from '../../../../../test/packets/frames.ts';
import type { DatapathEvent, ProgramName } from '../../port.ts';
import { fixtureSuite, type PacketSuiteInit } from './suite.ts';
import {
  BARE_POD,
  ELSEWHERE,
  L,
  OBSERVED,
  PENDING_POD,
  POD,
  TARGET,
  TARGET_V6,
  UNKNOWN_POD,
} from './world.ts';

const WAIT = { timeout: 10_000, interval: 50 };
const PAYLOAD = Uint8Array.of(1, 2, 3, 4);
const STRANGER = '172.30.0.9';

const syn = (from: string, to: string) => tcp({ from: `${from}:${L}`, to, flags: 'S' });
const datagram = (from: string, to: string) => udp({ from: `${from}:${L}`, to, payload: PAYLOAD });
const ping = (from: string, to: string) => icmp({ from, to, type: 8, code: 0, payload: PAYLOAD });

type Said = Pick<DatapathEvent, 'reason'> & {
  readonly podIp: string;
  readonly destination: string;
} & Pick<DatapathEvent, 'destinationPort' | 'protocol'>;

const CASES: readonly (readonly [string, ProgramName, Uint8Array, Said])[] = [
  [
    'a pod without a berth',
    'egress',
    syn(BARE_POD, `${TARGET}:5432`),
    said('NO_BERTH', BARE_POD, TARGET, 5432, 6),
  ],
  [
    'a pod that the node does not know',
    'egress',
    datagram(UNKNOWN_POD, `${TARGET}:53`),
    said('UNKNOWN_POD', UNKNOWN_POD, TARGET, 53, UDP),
  ],
  [
    'a ping of a pod without a berth, which has no port',
    'egress',
    ping(PENDING_POD, TARGET),
    said('ICMP_OUT', PENDING_POD, TARGET, 0, 1),
  ],
  [
    'what would be rejected, and passes',
    'egress',
    syn(PENDING_POD, `${OBSERVED}:1`),
    said('WOULD_REJECT', PENDING_POD, OBSERVED, 1, 6),
  ],
  [
    'a borrowed source, of the pod whose interface it came by',
    'pod',
    syn(STRANGER, `${TARGET}:5432`),
    said('SPOOFED', POD, TARGET, 5432, 6),
  ],
  [
    'IPv6, of the pod whose interface it came by',
    'pod',
    ipv6('2001:db8:9::1', TARGET_V6, UDP, PAYLOAD),
    said('IPV6_OUT', POD, TARGET_V6, 0, 0),
  ],
];

export function eventPackets(init: PacketSuiteInit): void {
  const benchFor = fixtureSuite(init, {});

  test.for(CASES)('tells of %s', ([, program, frame, expected], ctx) => {
    const { events, run } = benchFor(ctx);
    events.take();
    const before = process.hrtime.bigint();
    run(program, frame);
    const [event, ...more] = events.take();
    expect(event).toEqual({ ...expected, untold: 0, seenNs: expect.any(BigInt) });
    expect(event?.seenNs).toBeGreaterThanOrEqual(before);
    expect(event?.seenNs).toBeLessThanOrEqual(process.hrtime.bigint());
    expect(more).toEqual([]);
    expect(events.lost()).toBe(0n);
  });

  test('tells nothing of what is translated, or not our business', (ctx) => {
    const { events, run } = benchFor(ctx);
    events.take();
    expect(run('egress', syn(POD, `${TARGET}:5432`)).counted).toEqual(['TRANSLATED']);
    run('egress', syn(BARE_POD, `${ELSEWHERE}:1`));
    run('pod', syn(POD, `${TARGET}:5432`));
    expect(events.take()).toEqual([]);
  });

  test('tells each reason of a pod by itself, the oldest first', (ctx) => {
    const reasons = held(ctx, [syn(PENDING_POD, `${TARGET}:1`), ping(BARE_POD, TARGET)]);
    expect(reasons).toEqual([
      [PENDING_POD, 'NO_BERTH'],
      [BARE_POD, 'ICMP_OUT'],
    ]);
  });

  test('tells of a pod and reason once a second, and then of how many there were', async (ctx) => {
    const { events, run } = benchFor(ctx);
    const frame = ping(UNKNOWN_POD, TARGET);
    const send = (): readonly DatapathEvent[] => {
      run('egress', frame);
      return events.take();
    };
    events.take();
    expect(send().map(({ untold }) => untold)).toEqual([0]);
    let silent = 0;
    const later = await vi.waitUntil(() => {
      const told = send();
      silent += told.length === 0 ? 1 : 0;
      return told.length > 0 && told;
    }, WAIT);
    expect(silent).toBeGreaterThan(0);
    expect(later.map(({ untold }) => untold)).toEqual([silent]);
  });

  function held(ctx: TestContext, frames: readonly Uint8Array[]) {
    const { events, run } = benchFor(ctx);
    events.take();
    for (const frame of frames) run('egress', frame);
    return events.take().map(({ podIp, reason }) => [podIp, reason]);
  }
}

function said(
  reason: Said['reason'],
  podIp: string,
  destination: string,
  destinationPort: number,
  protocol: number,
): Said {
  return { reason, podIp, destination, destinationPort, protocol };
}
