/**
 * Routers and hosts behind a target complain by ICMP, about packets that they know by their NAT
 * address: the pod must hear it. The host `deep` is behind the target, by a route of a small MTU.
 */
import { describe, expect, test } from 'vitest';
import { ipBatch, ipBatchIn, runIn, setSysctls } from '../../infra/lab/command.ts';
import { netnsPrefix } from '../../infra/lab/plan.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import type { IpAddress } from '../../services/contract/ip-address.ts';
import { type Installation, install } from './installation.ts';

const MTU = 1300;
const PORT = 7001;
const CLOSED_PORT = 7002;
const MESSAGE_BYTES = 256 * 1024;

interface Deep {
  readonly netns: string;
  readonly address: IpAddress;
}

async function addDeepHost({ lab }: Installation): Promise<Deep> {
  const [target] = lab.targets;
  const address = target?.addresses[1];
  if (target === undefined || address === undefined) throw new Error('no target');
  const netns = `${netnsPrefix(lab.id)}deep`;
  await ipBatch(lab.id, [
    `netns add ${netns}`,
    `link add deep netns ${target.netns} type veth peer name toward netns ${netns}`,
  ]);
  await setSysctls(lab.id, target.netns, { 'net.ipv4.ip_forward': '1' });
  await ipBatchIn(lab.id, netns, [
    'link set lo up',
    'addr add 10.99.0.2/30 dev toward',
    `addr add ${address}/32 dev lo`,
    'link set toward up',
    'route add default via 10.99.0.1',
  ]);
  await ipBatchIn(lab.id, target.netns, [
    'addr add 10.99.0.1/30 dev deep',
    'link set deep up',
    // Among the local routes, which are looked at first and have the whole CIDR.
    `route add ${address}/32 via 10.99.0.2 dev deep mtu lock ${MTU} table local`,
  ]);
  await lab.traffic.serve(netns, PORT);
  return { netns, address };
}

async function icmpCounter({ lab }: Installation, pod: LabPod, name: string): Promise<number> {
  const file = '/proc/net/snmp';
  const text = await runIn(pod.netns, { labId: lab.id, file: 'cat', args: [file] });
  const [names = '', numbers = ''] = text.split('\n').filter((line) => line.startsWith('Icmp:'));
  return Number(numbers.split(' ')[names.split(' ').indexOf(name)]);
}

/** What the pod's own stack says when it sends one datagram and waits for an answer. */
function sendDatagram({ lab }: Installation, pod: LabPod, { address }: Deep): Promise<string> {
  const open = `exec 3<>/dev/udp/${address}/${CLOSED_PORT}`;
  const script = `${open}; echo x >&3; timeout 5 cat <&3 2>&1; true`;
  return runIn(pod.netns, { labId: lab.id, file: 'bash', args: ['-c', script] });
}

describe('a pod hears', () => {
  test('that its packets are too big, and sends smaller ones', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const deep = await addDeepHost(berth);
    const client = berth.lab.traffic.connect({
      pod,
      to: { address: deep.address, port: PORT },
      messageBytes: MESSAGE_BYTES,
      intervalMs: 0,
      messages: 8,
    });
    expect(await client.outcome).toMatchObject({ kind: 'closed', messages: 8 });
    const args = ['route', 'get', deep.address];
    const route = await runIn(pod.netns, { labId: berth.lab.id, file: 'ip', args });
    expect(route).toContain(`mtu ${MTU}`);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that nobody listens on a UDP port', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const deep = await addDeepHost(berth);
    expect(await sendDatagram(berth, pod, deep)).toContain('Connection refused');
    expect(await icmpCounter(berth, pod, 'InDestUnreachs')).toBe(1);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that a packet ran out of hops, as traceroute must', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const deep = await addDeepHost(berth);
    await setSysctls(berth.lab.id, pod.netns, { 'net.ipv4.ip_default_ttl': '2' });
    await sendDatagram(berth, pod, deep);
    expect(await icmpCounter(berth, pod, 'InTimeExcds')).toBe(1);
    expect(await berth.leakedPackets()).toBe(0);
  });
});
