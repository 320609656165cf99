/**
 * The second witness: a packet capture on the fabric agrees with the targets' counters, through
 * churn, kills and reused addresses, and no port ever has two owners in it.
 */
import { expect, test } from 'vitest';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { directPorts } from '../../services/contract/block.ts';
import { type Installation, install } from './installation.ts';

const ROUNDS = 6;
const PORTS_PER_POD = 4096;

/** Talks to every target, by TCP and by UDP, for as long as it lives. */
function talk(berth: Installation, pod: LabPod): void {
  for (const [at, target] of berth.lab.targets.entries()) {
    const address = target.addresses[at];
    if (address === undefined) throw new Error('no address');
    const to = { address, port: target.port };
    berth.lab.traffic.connect({ pod, to, intervalMs: 10 });
    berth.lab.traffic.probe({ pod, to, intervalUs: 10_000 });
  }
}

test('a capture on the fabric sees only NAT addresses, each port with one pod', async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ nodes: 2, targets: 2, portsPerPod: PORTS_PER_POD });
  const capture = await berth.lab.startCapture();
  const owners = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    // Addresses come again at once; blocks rest for twenty seconds.
    const uids = ['n1', 'n2'].map((node) => ({ uid: `${node}-${round}`, node }));
    for (const pod of await Promise.all(uids.map((init) => berth.startPod(init)))) talk(berth, pod);
    if (round === 2) await berth.agents.kill('n1').then(() => berth.agents.start('n1'));
    if (round === 4) await berth.control.kill().then(() => berth.control.start());
    const { berths } = await berth.until(({ pods, converged }) => converged && pods.mapped === 2);
    for (const { uid, address, base } of berths) {
      expect(owners.get(`${address}:${base}`) ?? uid).toBe(uid);
      owners.set(`${address}:${base}`, uid);
    }
    await Promise.all(uids.map((init) => berth.stopPod(init)));
  }
  const seen = await capture.stop();
  expect(seen.missed).toBe(0);
  expect(seen.packets).toBeGreaterThan(ROUNDS * 2 * berth.lab.targets.length);
  expect(seen.foreignSources).toEqual([]);
  expect(await berth.leakedPackets()).toBe(0);
  expect(berth.lab.traffic.tcpTotals().broken).toBe(0);
  for (const { netns } of berth.lab.targets) {
    for (const { source } of berth.lab.traffic.peersSeen(netns)) {
      const base = source.port - (source.port % PORTS_PER_POD);
      expect(owners.has(`${source.address}:${base}`)).toBe(true);
      expect(source.port).toBeLessThan(base + directPorts(PORTS_PER_POD));
    }
  }
});
