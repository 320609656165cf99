/** Source ports outside a pod's narrow range arrive from its NAT address too, by flexible ports. */
import { describe, expect, test, vi } from 'vitest';
import { runIn, setSysctls } from '../../infra/lab/command.ts';
import { heldBackPackets } from '../../infra/lab/gateway-call.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { parseIp } from '../../services/contract/ip-address.ts';
import { install } from './installation.ts';

const PORTS_PER_POD = 64;
const DIRECT = 48;
const FLEXIBLE = 16;
const WAIT = { timeout: 10_000, interval: 50 };
const BOUND = 5353;
const QUERY_ID = 4242;
/** L: the first of the narrow range. */
const PORT_FIRST = 32_768;
const CLUSTER_IP = { address: parseIp('10.96.0.10'), port: 80 };

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
    // The agent can say whose, and why.
    const said = { pod: 'a', reason: 'FLEXIBLE_FULL', packets: 1 };
    const [node] = lab.nodes;
    if (node === undefined) throw new Error('no node');
    await vi.waitFor(async () => {
      expect(await heldBackPackets(node.cniSocket)).toEqual([said]);
    }, WAIT);
    for (const client of clients) expect((await client.close()).kind).toBe('closed');
    const next = lab.traffic.connect({ pod, to, messages: 1 });
    expect((await next.outcome).kind).toBe('closed');
    expect(await berth.leakedPackets()).toBe(0);
  });
});

test('two pods that ping one target with the same id each get their own answers', async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ portsPerPod: PORTS_PER_POD });
  const { lab } = berth;
  const [target] = lab.targets;
  const to = target?.addresses[0];
  if (target === undefined || to === undefined) throw new Error('no target');
  const pods = [await berth.startPod({ uid: 'a' }), await berth.startPod({ uid: 'b' })];
  const window = lab.traffic.openUdpWindow();
  const pings = [];
  for (const pod of pods) {
    await setSysctls(lab.id, pod.netns, { 'net.ipv4.ping_group_range': '0 0' });
    pings.push(lab.traffic.ping({ pod, to, queryId: QUERY_ID }));
  }
  const [pod] = pods;
  if (pod === undefined) throw new Error('no pod');
  // Meanwhile they ping.
  const other = { pod, to: { address: to, port: target.port }, messages: 10 };
  expect((await lab.traffic.connect({ ...other, intervalMs: 20 }).outcome).kind).toBe('closed');
  for (const ping of pings) {
    await ping.close();
    expect(await ping.ended).toBeNull();
  }
  const { sent, lost } = await window.close();
  expect(sent).toBeGreaterThan(0);
  expect(lost).toBe(0);
  expect(await berth.leakedPackets()).toBe(0);
});

/** As kube-proxy has it: the nat table makes conntrack keep two flows from meeting in one. */
const serviceRules = (backend: string) => `
table ip services {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${CLUSTER_IP.address} tcp dport ${CLUSTER_IP.port} dnat to ${backend}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
  }
}
`;

test('a ClusterIP and its backend are used at once from one source port', async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ portsPerPod: PORTS_PER_POD });
  const { lab } = berth;
  const pod = await berth.startPod({ uid: 'a' });
  const [node] = lab.nodes;
  const [target] = lab.targets;
  const address = target?.addresses[0];
  if (node === undefined || address === undefined) throw new Error('no node or target');
  const direct = { address, port: target?.port ?? 0 };
  const input = serviceRules(`${direct.address}:${direct.port}`);
  await runIn(node.netns, { labId: lab.id, file: 'nft', args: ['-f', '-'], input });
  const sourcePort = PORT_FIRST + 5;
  const clients = [];
  for (const to of [CLUSTER_IP, direct]) {
    const client = lab.traffic.connect({ pod, to, sourcePort, intervalMs: 10 });
    expect(await client.established).toBe(sourcePort);
    clients.push(client);
  }
  const { berths } = await berth.until((status) => status.berths.length === 1);
  const seen = lab.traffic.peersSeen(target?.netns ?? '').map(({ source }) => source);
  expect(seen.map((source) => source.address)).toEqual([berths[0]?.address, berths[0]?.address]);
  const ports = seen.map(({ port }) => port - (berths[0]?.base ?? 0));
  // The second one's source port was rewritten on the way, so it has another port of the block.
  expect(ports[0]).toBe(sourcePort - PORT_FIRST);
  expect(ports[1]).not.toBe(ports[0]);
  for (const client of clients) {
    const { kind, messages } = await client.close();
    expect(kind).toBe('closed');
    expect(messages).toBeGreaterThan(0);
  }
  expect(await berth.leakedPackets()).toBe(0);
});
