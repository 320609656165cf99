/**
 * Real connections through all programs at once: pod, node (egress, return, guard), fabric, gateway
 * (steer), target; with GSO, GRO and checksum offloads on.
 */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReasonName } from '../../services/ports/datapath/tables/reasons.gen.ts';
import { noKernel } from './bpf-file-system.ts';
import { type Peer, startClient, startServer } from './peer.ts';
import {
  BARE_POD,
  BASE,
  L,
  NAT,
  POD,
  type SmallNetwork,
  smallNetwork,
  TARGET,
} from './small-network.ts';

const BULK_BYTES = 20 * 1024 * 1024;
/** More than sockets and queues on the way can hold: the client is still sending when it is hit. */
const LONG_BYTES = 2 ** 40;

describe.each([1500, 9000])('with an MTU of %i', (mtu) => {
  let network: SmallNetwork;
  let server: Peer;

  beforeAll(async () => {
    if (noKernel !== null) return;
    network = await smallNetwork(mtu);
    server = startServer(network.spaces.path('target'));
    await server.when('listening');
  });

  afterAll(async () => {
    await server?.stop();
    await network?.close();
  });

  beforeEach((ctx) => ctx.skip(noKernel !== null, noKernel ?? ''));

  const from = (pod: 'pod' | 'bare', order: Partial<Parameters<typeof startClient>[1]> = {}) =>
    startClient(network.spaces.path(pod), { host: TARGET, ...order });

  const counted = (at: 'node' | 'gateway', reason: ReasonName): bigint =>
    network[at].counters().find((counter) => counter.reason === reason)?.packets ?? 0n;

  /** Until more packets were translated than these; the test's own patience bounds it. */
  const moreThan = async (packets: bigint) => {
    while (counted('node', 'TRANSLATED') <= packets) await setImmediate();
  };

  test('a connection arrives from the NAT address, at the computed port', async () => {
    const client = from('pod');
    const { port = 0 } = await client.when('connected');
    await client.when('done');
    const seen = await server.when('seen', (one) => one.port === BASE + (port - L));
    expect(seen).toMatchObject({ from: NAT, bytes: 10 });
    expect(counted('gateway', 'STEERED')).toBeGreaterThan(0n);
    expect(counted('gateway', 'ARP_ANSWERED')).toBeGreaterThan(0n);
    expect(counted('node', 'RETURNED')).toBeGreaterThan(0n);
  });

  test('20 MB there and back arrive intact', async () => {
    const client = from('pod', { bytes: BULK_BYTES });
    const done = await client.when('done');
    const seen = await server.when('seen', (one) => one.bytes === BULK_BYTES);
    expect(done).toMatchObject({ bytes: BULK_BYTES, hash: seen.hash });
    expect(seen.from).toBe(NAT);
  });

  test('checksums that are computed after the programs, at the last hop, are right', async () => {
    const lastHops = [
      ['fabric', 'target'],
      ['node', 'pod'],
    ] as const;
    const set = (state: string) => {
      for (const [space, port] of lastHops) {
        network.spaces.run(space, 'ethtool', '-K', port, 'tx', state);
      }
    };
    set('off');
    try {
      const bytes = BULK_BYTES / 4;
      expect(await from('pod', { bytes }).when('done')).toMatchObject({ bytes });
      await from('pod', { protocol: 'udp' }).when('done');
    } finally {
      set('on');
    }
  });

  test('a datagram and its answer', async () => {
    const client = from('pod', { protocol: 'udp' });
    const { port = 0 } = await client.when('done');
    const seen = await server.when('seen', (one) => one.port === BASE + (port - L));
    expect(seen).toMatchObject({ from: NAT, bytes: 5 });
  });

  test('a pod that the node does not know is refused at once', async () => {
    const before = server.seen.length;
    const client = from('bare');
    expect(await client.when('error')).toMatchObject({ code: 'ECONNREFUSED' });
    expect(counted('node', 'UNKNOWN_POD')).toBe(1n);
    expect(server.seen.slice(before)).toEqual([]);
  });

  test('refusals have right checksums, whether they are computed later or not', async () => {
    try {
      for (const pod of ['on', 'off']) {
        for (const node of ['on', 'off']) {
          network.spaces.run('bare', 'ethtool', '-K', 'eth0', 'tx', pod);
          network.spaces.run('node', 'ethtool', '-K', 'bare', 'tx', node);
          const tcp = await from('bare').when('error');
          const udp = await from('bare', { protocol: 'udp' }).when('error');
          expect([pod, node, tcp.code, udp.code]).toEqual([
            pod,
            node,
            'ECONNREFUSED',
            'EHOSTUNREACH',
          ]);
        }
      }
    } finally {
      network.spaces.run('bare', 'ethtool', '-K', 'eth0', 'tx', 'on');
      network.spaces.run('node', 'ethtool', '-K', 'bare', 'tx', 'on');
    }
  });

  test('a source port outside the range is refused at once', async () => {
    const client = from('pod', { localPort: 1000 });
    expect(await client.when('error')).toMatchObject({ code: 'ECONNREFUSED' });
    expect(counted('node', 'PORT_OUT_OF_RANGE')).toBe(1n);
  });

  test('a live transfer is reset when its berth may not be used any more', async () => {
    const client = from('pod', { bytes: LONG_BYTES });
    await client.when('connected');
    network.setMapped(false);
    try {
      expect(await client.when('error')).toMatchObject({ code: 'ECONNRESET' });
      expect(counted('node', 'NO_BERTH')).toBeGreaterThan(0n);
    } finally {
      network.setMapped(true);
    }
  });

  test('a transfer goes on while another process takes the programs over', async () => {
    const client = from('pod', { bytes: LONG_BYTES });
    await client.when('connected');
    try {
      for (let i = 0; i < 5; i++) {
        const again = network.reopenNode();
        for (const { program, interfaceName } of again.hooks.attachments()) {
          await again.hooks.attach(program, interfaceName);
        }
        again.close();
        await moreThan(counted('node', 'TRANSLATED'));
      }
      expect(client.seen.map(({ event }) => event)).toEqual(['connected']);
    } finally {
      await client.stop();
    }
  });

  test('the target gets nothing from a pod’s own address', async () => {
    const froms = server.seen.filter(({ event }) => event === 'seen').map((one) => one.from);
    expect(froms.length).toBeGreaterThan(0);
    expect(froms).not.toContain(POD);
    expect(froms).not.toContain(BARE_POD);
  });
});
