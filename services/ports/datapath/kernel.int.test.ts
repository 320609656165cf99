/**
 * What only the kernel's adapter has, and the shared suite cannot ask: pins, other programs on the
 * same hook, interfaces that go and come.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BpfFileSystem,
  mountBpfFileSystem,
  noKernel,
} from '../../../bpf/test/bpf-file-system.ts';
import { type Namespaces, namespaces } from '../../../bpf/test/namespaces.ts';
import { kernelDatapath, removeKernelDatapath } from './kernel.ts';
import type { Datapath } from './port.ts';

let fileSystem: BpfFileSystem;
let spaces: Namespaces;
let netns: string;
let opened: Datapath[];

beforeEach((ctx) => {
  ctx.skip(noKernel !== null, noKernel ?? '');
  fileSystem = mountBpfFileSystem();
  spaces = namespaces();
  netns = spaces.add('node');
  opened = [];
  addInterface();
});

afterEach(() => {
  for (const datapath of opened ?? []) datapath.close();
  spaces?.close();
  fileSystem?.unmount();
});

test('is first again after another’s program came before it, which stays too', async () => {
  const ours = open('ours');
  const theirs = open('theirs');
  for (const program of ['egress', 'return'] as const) {
    await ours.hooks.attach(program, 'eth0');
    await theirs.hooks.attach(program, 'eth0');
  }
  const firsts = (datapath: Datapath) => datapath.hooks.attachments().map(({ first }) => first);
  expect(firsts(ours)).toEqual([false, false]);
  expect(firsts(theirs)).toEqual([true, true]);

  await ours.hooks.attach('egress', 'eth0');
  await ours.hooks.attach('return', 'eth0');
  expect(firsts(ours)).toEqual([true, true]);
  expect(firsts(theirs)).toEqual([false, false]);
  expect(readdirSync(join(fileSystem.path, 'ours/links-next'))).toEqual([]);
});

test('attaches anew to an interface that went and came again', async () => {
  const { hooks } = open('node');
  await hooks.attach('egress', 'eth0');
  await hooks.attach('steer', 'eth0');
  spaces.ip('node', 'link del eth0');
  expect(hooks.attachments()).toEqual([]);
  addInterface();
  expect(hooks.attachments()).toEqual([]);
  await hooks.attach('egress', 'eth0');
  await hooks.attach('steer', 'eth0');
  expect(hooks.attachments().map(({ program }) => program)).toEqual(['egress', 'steer']);
  spaces.ip('node', 'link del eth0');
  await hooks.detach('egress', 'eth0');
  await hooks.detach('steer', 'eth0');
  expect(readdirSync(join(fileSystem.path, 'node/links'))).toEqual([]);
});

test('says what stands in the way of an XDP program', async () => {
  await open('theirs').hooks.attach('steer', 'eth0');
  const { hooks } = open('ours');
  await expect(hooks.attach('steer', 'eth0')).rejects.toThrow(/BERTH_DATAPATH_ATTACH.*EBUSY/);
  expect(hooks.attachments()).toEqual([]);
});

test('ends what a process left halfway when it was killed between two attachments', async () => {
  const { hooks } = open('node');
  await hooks.attach('egress', 'eth0');
  const links = join(fileSystem.path, 'node/links');
  // As if it had been killed before it replaced the old one.
  execFileSync('mv', [join(links, 'egress@eth0'), join(links, '../links-next/egress@eth0')]);
  const again = open('node');
  await again.hooks.attach('egress', 'eth0');
  expect(readdirSync(join(links, '../links-next'))).toEqual([]);
  expect(again.hooks.attachments()).toHaveLength(1);
});

test('refuses a pinned table of another layout, by its name, and leaves it', () => {
  open('node').close();
  const pin = join(fileSystem.path, 'node/pods_2');
  unlinkSync(pin);
  const shape = 'type hash key 16 value 104 entries 4096 name pods_2'.split(' ');
  execFileSync('bpftool', ['map', 'create', pin, ...shape]);
  expect(() => open('node')).toThrow(/BERTH_DATAPATH_LAYOUT.* pods_2 .*value 104/);
  expect(existsSync(pin)).toBe(true);
});

test('refuses a folder that is on no BPF file system', () => {
  const pinDir = join(tmpdir(), `berth-no-bpf-${process.pid}`);
  expect(() => kernelDatapath({ pinDir })).toThrow(/BERTH_DATAPATH_LOAD.*mount -t bpf/);
  execFileSync('rmdir', [pinDir]);
});

test('says that the objects are not there', () => {
  const pinDir = join(fileSystem.path, 'node');
  const init = { pinDir, objectDir: '/no/such/folder' };
  expect(() => kernelDatapath(init)).toThrow(/BERTH_DATAPATH_LOAD.*ENOENT.*tc\.bpf\.o/);
});

test('removes all that it put there, and takes what is not there for done', async () => {
  const { hooks } = open('node');
  await hooks.attach('egress', 'eth0');
  await hooks.attach('steer', 'eth0');
  await removeKernelDatapath(join(fileSystem.path, 'node'));
  expect(readdirSync(fileSystem.path).filter((name) => name === 'node')).toEqual([]);
  expect(spaces.run('node', 'ip', 'link', 'show', 'eth0')).not.toContain('xdp');
  await removeKernelDatapath(join(fileSystem.path, 'node'));
});

test('keeps nodes apart that share one file system', () => {
  mkdirSync(join(fileSystem.path, 'nodes'));
  const one = open('nodes/one');
  const other = open('nodes/other');
  const key = new Uint8Array(4);
  one.tables.put('config', [{ key, value: new Uint8Array(16).fill(7) }]);
  expect(other.tables.dump('config')).toEqual([]);
});

function addInterface(): void {
  spaces.ip('node', 'link add eth0 type veth peer name peer0');
}

function open(name: string): Datapath {
  const datapath = kernelDatapath({ pinDir: join(fileSystem.path, name), netns });
  opened.push(datapath);
  return datapath;
}
