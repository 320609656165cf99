/** Source ports outside a pod's narrow range arrive from its NAT address too, by flexible ports. */
import { describe, expect, test } from 'vitest';
import { setSysctls } from '../../infra/lab/command.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { install } from './installation.ts';

const PORTS_PER_POD = 64;
const DIRECT = 48;
const FLEXIBLE = 16;
const BOUND = 5353;

describe('a pod that uses ports outside its range', () => {
  test('arrives from flexible ports of its block, by TCP and UDP', async (ctx) => {
    needsLab(ctx);
    await using berth = await install({ portsPerPod: PORTS_PER_POD });
    const { lab } = berth;
    const pod = await berth.startPod({ uid: 'a' });
    const [target] = lab.targets;
    const address = target?.addresses[0];
    if (target === undefined || address === undefined) throw new Error('no target');
    const to = { address, port: target.port };
    const window = lab.traffic.openUdpWindow();
    const probe = lab.traffic.probe({ pod, to, sourcePort: BOUND });
    const client = lab.traffic.connect({ pod, to, sourcePort: BOUND + 1, messages: 20 });
    expect(await client.outcome).toMatchObject({ kind: 'closed', messages: 20 });
    await probe.close();
    const { sent, lost } = await window.close();
    expect(sent).toBeGreaterThan(0);
    expect(lost).toBe(0);
    const { berths } = await berth.until((status) => status.berths.length === 1);
    const base = (berths[0]?.base ?? 0) + DIRECT;
    const seen = lab.traffic.peersSeen(target.netns);
    expect(seen.map(({ protocol, source }) => [protocol, source.address, source.port])).toEqual(
      expect.arrayContaining([
        ['udp', berths[0]?.address, base + (BOUND % FLEXIBLE)],
        ['tcp', berths[0]?.address, base + ((BOUND + 1) % FLEXIBLE)],
      ]),
    );
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('without a narrow range has as many as there are, then is refused', async (ctx) => {
    needsLab(ctx);
    await using berth = await install({ portsPerPod: PORTS_PER_POD });
    const { lab } = berth;
    const pod = await berth.startPod({ uid: 'a' });
    await setSysctls(lab.id, pod.netns, { 'net.ipv4.ip_local_port_range': '20000 20999' });
    const [target] = lab.targets;
    const address = target?.addresses[0];
    if (target === undefined || address === undefined) throw new Error('no target');
    const to = { address, port: target.port };
    const clients = Array.from({ length: FLEXIBLE }, () => lab.traffic.connect({ pod, to }));
    for (const client of clients) expect(await client.established).not.toBeNull();
    const late = lab.traffic.connect({ pod, to });
    expect(await late.outcome).toMatchObject({ kind: 'failed', reason: 'ECONNREFUSED' });
    for (const client of clients) expect((await client.close()).kind).toBe('closed');
    const next = lab.traffic.connect({ pod, to, messages: 1 });
    expect((await next.outcome).kind).toBe('closed');
    expect(await berth.leakedPackets()).toBe(0);
  });
});
