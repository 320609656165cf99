/** The traffic process against servers that misbehave: what it calls broken, and what lost. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../services/runtime/clock.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { createLab, type Lab } from '../lab.ts';
import type { LabPod } from '../pods.ts';
import { processesOfLab } from '../process-table.ts';
import type { LabProcess } from '../processes.ts';
import { needsLab } from '../testing/needs-lab.ts';
import type { TcpOutcome } from './tcp-clients.ts';

const PORT = 8000;
const UNTIL = { timeout: 20_000, interval: 10 };
let lab: Lab;
let pod: LabPod;

beforeEach(async (context) => {
  needsLab(context);
  const components = { clock: systemClock(), random: systemRandom() };
  lab = await createLab({ nodes: 1, targets: 1 }, components);
  pod = await lab.createPod({ uid: 'u1', node: 'n1', viaAgent: false });
});

afterEach(async () => {
  await lab?.destroy();
});

/** A server at the outside host, as a program text with `socket` and `data` in scope. */
async function serverThat(onData: string): Promise<LabProcess> {
  const program = `
    require('node:net').createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => { ${onData} });
    }).listen(${PORT});`;
  return lab.startProcess(lab.outside, {
    command: process.execPath,
    args: ['-e', program],
    logFile: `${lab.runDir}/server.log`,
  });
}

/** Once the server listens. */
async function connectTo(port: number, stallMs = 15_000): Promise<TcpOutcome> {
  for (;;) {
    const to = { address: lab.outside.address, port };
    const outcome = await lab.traffic.connect({ pod, to, intervalMs: 1, stallMs }).outcome;
    if (outcome.kind !== 'failed') return outcome;
  }
}

describe('a TCP client', () => {
  it('is broken by a byte that is not what it sent', async () => {
    await serverThat('data[data.length - 1] ^= 1; socket.write(data);');
    expect(await connectTo(PORT)).toMatchObject({ kind: 'broken', reason: 'mismatch' });
  });

  it('is broken by the echo of an earlier message', async () => {
    await serverThat('socket.write(this.first ??= data);');
    expect(await connectTo(PORT)).toMatchObject({
      kind: 'broken',
      reason: 'mismatch',
      messages: 1,
    });
  });

  it('is broken when no echo comes', async () => {
    await serverThat('');
    expect(await connectTo(PORT, 200)).toMatchObject({ kind: 'broken', reason: 'stalled' });
  });

  it('is broken by a reset', async () => {
    await serverThat('socket.resetAndDestroy();');
    expect(await connectTo(PORT)).toMatchObject({ kind: 'broken', reason: 'ECONNRESET' });
  });

  it('is broken when its peer hangs up', async () => {
    await serverThat('socket.end(data);');
    expect(await connectTo(PORT)).toMatchObject({ kind: 'broken', reason: 'closed-by-peer' });
  });

  it('fails at once where nobody listens, and is not broken', async () => {
    const to = { address: lab.outside.address, port: 1 };
    const client = lab.traffic.connect({ pod, to });
    expect(await client.outcome).toMatchObject({ kind: 'failed', reason: 'ECONNREFUSED' });
    expect(await client.established).toBeNull();
    expect(lab.traffic.tcpTotals()).toMatchObject({ attempted: 1, failed: 1, broken: 0 });
  });

  it('fails in a namespace that is not there', async () => {
    const to = { address: lab.outside.address, port: lab.outside.port };
    const client = lab.traffic.connect({ pod: { uid: 'x', netns: 'nowhere' }, to });
    expect(await client.outcome).toMatchObject({ kind: 'failed', reason: 'ENOENT' });
  });

  it('moves messages of a MiB, and leaves from the port it was given', async () => {
    const to = { address: lab.outside.address, port: lab.outside.port };
    const init = { pod, to, messageBytes: 1024 * 1024, intervalMs: 0, messages: 20 };
    const client = lab.traffic.connect({ ...init, sourcePort: 40_000 });
    expect(await client.established).toBe(40_000);
    expect(await client.outcome).toMatchObject({ kind: 'closed', messages: 20 });
  });

  it('is broken when the traffic process dies, and so is what comes after', async () => {
    const to = { address: lab.outside.address, port: lab.outside.port };
    const client = lab.traffic.connect({ pod, to });
    await client.established;
    for (const { pid } of await processesOfLab(lab.id)) process.kill(pid, 'SIGKILL');
    expect((await client.outcome).kind).toBe('broken');
    expect((await lab.traffic.connect({ pod, to }).outcome).kind).toBe('failed');
    await lab.deletePod('u1');
  });
});

describe('a UDP probe', () => {
  it('loses nothing while everything answers', async () => {
    const to = { address: lab.outside.address, port: lab.outside.port };
    const window = lab.traffic.openUdpWindow();
    const probe = lab.traffic.probe({ pod, to, intervalUs: 1_000 });
    await lab.traffic.connect({ pod, to, messages: 5 }).outcome;
    await probe.close();
    const counts = await window.close();
    expect(counts).toMatchObject({ lost: 0, rejected: 0 });
    expect(probe.longestPauseMs).toBe(0);
    expect(counts.sent).toBeGreaterThan(0);
  });

  it('counts what a cut link swallowed, in the window in which it was sent', async () => {
    const to = { address: lab.outside.address, port: lab.outside.port };
    const probe = lab.traffic.probe({ pod, to });
    const client = lab.traffic.connect({ pod, to, messages: 3 });
    const before = lab.traffic.openUdpWindow();
    await client.outcome;
    const calm = await before.close();
    const during = lab.traffic.openUdpWindow();
    await lab.cutNode('n1');
    await vi.waitUntil(() => lab.traffic.lostSamples().length > 0, UNTIL);
    await lab.healNode('n1');
    const cut = await during.close();
    expect(calm.lost).toBe(0);
    expect(cut.lost).toBeGreaterThan(0);
    expect(cut.lost).toBeLessThanOrEqual(cut.sent);
    expect(lab.traffic.lostSamples().map(({ podUid }) => podUid)).toContain('u1');
    await probe.close();
    expect(probe.longestPauseMs).toBeGreaterThan(0);
  });

  it('is told at once when nobody listens', async () => {
    const to = { address: lab.outside.address, port: 1 };
    const window = lab.traffic.openUdpWindow();
    const probe = lab.traffic.probe({ pod, to });
    // Some datagrams later.
    await lab.traffic.connect({
      pod,
      to: { ...to, port: lab.outside.port },
      messages: 2,
      intervalMs: 50,
    }).outcome;
    await probe.close();
    const counts = await window.close();
    expect(counts.rejected).toBeGreaterThan(0);
    expect(counts.lost).toBe(counts.sent);
  });

  it('of a deleted pod has nothing lost', async () => {
    const to = { address: lab.outside.address, port: 1 };
    const window = lab.traffic.openUdpWindow();
    const probe = lab.traffic.probe({ pod, to });
    await lab.deletePod('u1');
    expect(await probe.ended).toBeNull();
    expect((await window.close()).lost).toBe(0);
  });
});
