/**
 * What a node lives through besides crashes: another version of the programs, tables of another
 * layout, an uplink that goes and comes again, and the end of Berth on it.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import type { LabNode } from '../../infra/lab/plan.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { type Installation, install } from './installation.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const AGENT = join(ROOT, 'services/agent/main.ts');
const CONNECTIONS = 5;
const WAIT = { timeout: 15_000, interval: 50 };

const allInSync = (berth: Installation) =>
  berth.until(
    ({ converged, links }) =>
      converged &&
      links.filter((link) => link.connected && link.inSync).length === berth.stage.nodes.length,
  );

function nodeNamed({ lab }: Installation, name: string): LabNode {
  const node = [...lab.nodes, ...lab.gateways].find((each) => each.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

function protectedBy(berth: Installation) {
  const target = berth.lab.targets[0];
  const address = target?.addresses[0];
  if (target === undefined || address === undefined) throw new Error('no target');
  return { address, port: target.port };
}

function connect(berth: Installation, pod: LabPod) {
  return berth.lab.traffic.connect({ pod, to: protectedBy(berth), intervalMs: 20 });
}

/** UDP all the time, and a connection. */
function talk(berth: Installation, pod: LabPod) {
  berth.lab.traffic.probe({ pod, to: protectedBy(berth) });
  return connect(berth, pod);
}

/** Of the attached programs: what they are attached to, and the hash of their instructions. */
async function attachedPrograms(node: LabNode): Promise<Record<string, string>> {
  const links = join(node.pinDir, 'links');
  const names = await readdir(links).catch(() => []);
  const tags = names.map(async (name) => {
    const link = await json(['link', 'show', 'pinned', join(links, name)]);
    const program = await json(['prog', 'show', 'id', String(link['prog_id'])]);
    return [name, String(program['tag'])] as const;
  });
  return Object.fromEntries(await Promise.all(tags));
}

/** Ids of the uplink's attachments: one that is made anew has another. */
async function uplinkLinks({ pinDir }: LabNode): Promise<Record<string, unknown>> {
  const links = join(pinDir, 'links');
  const names = (await readdir(links)).filter((name) => name.endsWith('@uplink'));
  const ids = names.map(async (name) => {
    const { id } = await json(['link', 'show', 'pinned', join(links, name)]);
    return [name, id] as const;
  });
  return Object.fromEntries(await Promise.all(ids));
}

async function json(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run('bpftool', ['-j', ...args]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** The programs for another instruction set: other instructions, the same meaning. */
async function otherPrograms(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v4', `-I${ROOT}/bpf`];
  const include = [`-I${ROOT}/bpf/include`, '-I/usr/include/x86_64-linux-gnu'];
  for (const name of ['tc', 'xdp']) {
    const files = ['-c', `${ROOT}/bpf/${name}.bpf.c`, '-o', join(folder, `${name}.bpf.o`)];
    await run('clang-19', [...flags, ...include, ...files]);
  }
  return folder;
}

async function restart(berth: Installation, name: string, more?: readonly string[]) {
  await berth.agents.kill(name);
  await berth.until(({ links }) => links.some((link) => link.node === name && !link.connected));
  await berth.agents.start(name, more);
  await allInSync(berth);
}

describe('under load no packet is lost and no connection breaks', () => {
  test('while each agent is replaced by one with other programs', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const objects = await otherPrograms(join(berth.lab.runDir, 'other-programs'));
    const client = talk(berth, await berth.startPod({ uid: 'a' }));
    expect(await client.established).not.toBeNull();
    const window = berth.lab.traffic.openUdpWindow();
    for (const name of ['n1', 'gw1']) {
      const before = await attachedPrograms(nodeNamed(berth, name));
      await restart(berth, name, ['--object-dir', objects]);
      const after = await attachedPrograms(nodeNamed(berth, name));
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const [pin, tag] of Object.entries(before)) expect(after[pin]).not.toBe(tag);
    }
    const { sent, lost } = await window.close();
    expect(sent).toBeGreaterThan(0);
    expect(lost).toBe(0);
    expect((await client.close()).kind).toBe('closed');
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('while an agent finds tables under other names, and fills its own', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const client = talk(berth, await berth.startPod({ uid: 'a' }));
    expect(await client.established).not.toBeNull();
    const window = berth.lab.traffic.openUdpWindow();
    for (const name of ['n1', 'gw1']) {
      const { pinDir } = nodeNamed(berth, name);
      await berth.agents.kill(name);
      await berth.until(({ links }) => links.some((l) => l.node === name && !l.connected));
      const tables = (await readdir(pinDir)).filter((pin) => !pin.startsWith('links'));
      // As a version left them whose tables have other layouts, and so other names.
      for (const table of tables) await rename(join(pinDir, table), join(pinDir, `${table}_0`));
      await berth.agents.start(name);
      await allInSync(berth);
      const now = (await readdir(pinDir)).filter((pin) => !pin.startsWith('links'));
      expect(now.sort()).toEqual(tables.sort());
    }
    const { sent, lost } = await window.close();
    expect(sent).toBeGreaterThan(0);
    expect(lost).toBe(0);
    expect((await client.close()).kind).toBe('closed');
    expect(await berth.leakedPackets()).toBe(0);
  });
});

describe('an uplink that goes and comes again', () => {
  test.for(['n1', 'gw1'])(
    'of %s has its programs again, and connections go on',
    async (name, ctx) => {
      needsLab(ctx);
      await using berth = await install();
      const client = talk(berth, await berth.startPod({ uid: 'a' }));
      expect(await client.established).not.toBeNull();
      const node = nodeNamed(berth, name);
      const before = await uplinkLinks(node);
      await berth.lab.remakeUplink(name);
      await allInSync(berth);
      await vi.waitFor(async () => {
        const after = await uplinkLinks(node);
        expect(Object.keys(after)).toEqual(Object.keys(before));
        for (const [name, id] of Object.entries(before)) expect(after[name]).not.toBe(id);
      }, WAIT);
      const later = await berth.startPod({ uid: 'b' });
      // From its first answer on both ends know the pod.
      expect(await talk(berth, later).established).not.toBeNull();
      const window = berth.lab.traffic.openUdpWindow();
      for (let n = 0; n < CONNECTIONS; n++) {
        const another = connect(berth, later);
        expect(await another.established).not.toBeNull();
        expect((await another.close()).kind).toBe('closed');
      }
      // So long that the probes, ten a second, fall into the window for sure.
      const whole = berth.lab.traffic.connect({ pod: later, to: protectedBy(berth), messages: 5 });
      expect((await whole.outcome).kind).toBe('closed');
      const { sent, lost } = await window.close();
      expect(sent).toBeGreaterThan(0);
      expect(lost).toBe(0);
      expect((await client.close()).kind).toBe('closed');
      // Leaks are not judged: the device was there some milliseconds before its programs.
    },
  );
});

test('after an uninstall nothing of Berth is left on the node', async (ctx) => {
  needsLab(ctx);
  await using berth = await install();
  await berth.startPod({ uid: 'a' });
  const node = nodeNamed(berth, 'n1');
  const { agentArgs = [] } = berth.stage.nodes.find(({ name }) => name === 'n1') ?? {};
  const uninstall = async () => {
    const args = [AGENT, ...agentArgs, '--uninstall'];
    const logFile = join(berth.lab.runDir, 'uninstall.log');
    const init = { command: process.execPath, args, logFile };
    return (await (await berth.lab.startProcess(node, init)).exited).code;
  };
  // Not while an agent works there.
  expect(await uninstall()).not.toBe(0);
  expect(await uplinkLinks(node)).not.toEqual({});
  await berth.agents.kill('n1');
  expect(await uninstall()).toBe(0);
  expect(await readdir(node.pinDir).catch((error: { code: string }) => error.code)).toBe('ENOENT');
  expect(await readdir(node.stateDir)).toEqual([]);
  for (const device of ['uplink', 'all']) {
    const show = ['netns', 'exec', node.netns, 'bpftool', '-j', 'net', 'show'];
    const { stdout } = await run('ip', device === 'all' ? show : [...show, 'dev', device]);
    expect(stdout).not.toContain('berth_');
  }
  expect(await uninstall()).toBe(0);
  // The node can have an agent again.
  await berth.agents.start('n1');
  await allInSync(berth);
});
