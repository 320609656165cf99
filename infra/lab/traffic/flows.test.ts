/** Flows as servers saw them, each told once. */
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../services/contract/errors.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { parseTrafficEvent } from './events.ts';
import { tcpClients } from './tcp-clients.ts';
import { udpProbes } from './udp-probes.ts';

const pod = { uid: 'u1', netns: 'bx-p1' };
const to = { address: parseIp('198.51.100.1'), port: 7000 };
const ended = (id: number, kind: 'closed' | 'failed' | 'broken' | 'pod-deleted') =>
  ({ event: 'ended', id, kind, reason: null, messages: 1, atMs: 5 }) as const;

function clients() {
  const sent: string[] = [];
  let id = 0;
  const nextId = (): number => ++id;
  return {
    sent,
    tcp: tcpClients(nextId, (c) => sent.push(c)),
    udp: udpProbes(nextId, (c) => sent.push(c)),
  };
}

describe('TCP totals', () => {
  it('count each connection once, by how it ended', async () => {
    const { tcp } = clients();
    const all = [1, 2, 3, 4, 5].map(() => tcp.start({ pod, to }));
    for (const id of [1, 2, 3, 4]) tcp.onEstablished({ event: 'established', id, port: 32_768 });
    tcp.onEnded(ended(1, 'closed'));
    tcp.onEnded(ended(2, 'broken'));
    tcp.onEnded(ended(3, 'pod-deleted'));
    tcp.onEnded(ended(5, 'failed'));
    expect(tcp.totals()).toMatchObject({
      attempted: 5,
      established: 4,
      failed: 1,
      broken: 1,
      open: 1,
    });
    expect(tcp.totals().brokenSamples).toEqual([
      { kind: 'broken', reason: null, messages: 1, atMs: 5, podUid: 'u1', to },
    ]);
    expect(await all[4]?.established).toBeNull();
    expect(await all[0]?.established).toBe(32_768);
  });

  it('take what was open for broken when the traffic process dies', async () => {
    const { tcp } = clients();
    const [open, connecting] = [tcp.start({ pod, to }), tcp.start({ pod, to })];
    tcp.onEstablished({ event: 'established', id: 1, port: 32_768 });
    tcp.onDeath(9);
    expect((await open.outcome).kind).toBe('broken');
    expect((await connecting.outcome).kind).toBe('failed');
    expect(tcp.totals()).toMatchObject({ broken: 1, failed: 1, open: 0 });
  });

  it('ignore what is said of a client that has ended', () => {
    const { tcp } = clients();
    tcp.start({ pod, to });
    tcp.onEnded(ended(1, 'broken'));
    tcp.onEnded(ended(1, 'broken'));
    expect(tcp.totals().broken).toBe(1);
  });
});

describe('the commands to the native process', () => {
  it('carry every default', () => {
    const { sent, tcp, udp } = clients();
    tcp.start({ pod, to });
    udp.start({ pod, to });
    expect(sent).toEqual([
      'tcp 1 bx-p1 198.51.100.1 7000 0 256 100 0 15000 5000',
      'udp 2 bx-p1 198.51.100.1 7000 0 5000',
    ]);
  });
});

describe('a UDP window', () => {
  it('answers the counts of its own number', async () => {
    const { udp } = clients();
    const [first, second] = [udp.openWindow(), udp.openWindow()];
    const counts = Promise.all([first.close(), second.close()]);
    udp.onWindow({ event: 'window', id: 2, sent: 20, lost: 2, rejected: 0 });
    udp.onWindow({ event: 'window', id: 1, sent: 10, lost: 1, rejected: 1 });
    expect(await counts).toEqual([
      { sent: 10, lost: 1, rejected: 1 },
      { sent: 20, lost: 2, rejected: 0 },
    ]);
  });

  it('fails rather than answer zero when the traffic process dies', async () => {
    const { udp } = clients();
    const counts = udp.openWindow().close();
    udp.onDeath(new Error('gone'));
    await expect(counts).rejects.toThrow('gone');
  });
});

describe('an event of the native process', () => {
  it.each(['{"event":"new-one"}', '{"event":"window","id":1}', 'null', 'not JSON'])(
    'that is not understood is an error: %s',
    (line) => {
      let thrown: unknown;
      try {
        parseTrafficEvent(line);
      } catch (error) {
        thrown = error;
      }
      expect(hasCode(thrown, 'BERTH_LAB_TRAFFIC')).toBe(true);
    },
  );
});
