/** What the node last acked survives any crash, and never reads as more than was acked. */

import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Push, VersionSchema } from '../contract/gen/berth/link/v1/link_pb.ts';
import { type AckedFile, openAckedFile } from './acked-file.ts';
import {
  deltaPush,
  nodeResource,
  podResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { commit, readPush, type Wanted } from './wanted.ts';

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-acked-'));
  path = join(folder, 'acked');
});

afterEach(() => rm(folder, { recursive: true }));

async function ack(file: AckedFile, wanted: Wanted, push: Push): Promise<void> {
  const change = readPush(wanted, push);
  await file.append(wanted, change);
  commit(wanted, change);
}

const ONE: Resources = new Map([podResource('a', null)]);
const TWO: Resources = new Map([podResource('a', null), podResource('b', null)]);

describe('the file of what was acked', () => {
  it('is empty on a new node', async () => {
    const { wanted, damaged } = await openAckedFile(path);
    expect([wanted.resources.size, wanted.version, wanted.checksum, damaged]).toEqual([
      0,
      {},
      0n,
      false,
    ]);
  });

  it('gives back resources, version and checksum', async () => {
    const { file, wanted } = await openAckedFile(path);
    await ack(file, wanted, snapshotPush(ONE, { 0: 1, 3: 7 }));
    await ack(file, wanted, deltaPush(ONE, TWO, { 0: 2, 3: 7 }));
    const again = await openAckedFile(path);
    expect(again.wanted).toEqual(wanted);
    expect(again.damaged).toBe(false);
  });

  it('remembers which log it was of, also where it went on from another', async () => {
    const { file, wanted } = await openAckedFile(path);
    await ack(file, wanted, snapshotPush(ONE, { 0: 5 }));
    const push = deltaPush(ONE, TWO, { 1: 0, generation: 1 });
    const movedFrom = create(VersionSchema, { offsets: { 0: 6n } });
    await ack(file, wanted, { ...push, movedFrom });
    const again = await openAckedFile(path);
    expect(again.wanted).toEqual(wanted);
    expect(again.wanted.version).toEqual({ 1: 0, generation: 1 });
    expect((await openAckedFile(path)).wanted).toEqual(wanted);
  });

  it('has no pods after a reboot: their blocks may be others’ by then', async () => {
    const { file, wanted } = await openAckedFile(path);
    const other = nodeResource('n2', '192.0.2.2', '02:00:00:00:00:02');
    const both: Resources = new Map([...ONE, other]);
    await ack(file, wanted, snapshotPush(both, { 0: 1 }));
    const rebooted = await openAckedFile(path, { sameBoot: false });
    expect([...rebooted.wanted.resources.keys()]).toEqual(['node/n2']);
    expect(rebooted.wanted.version).toEqual({ 0: 1 });
    expect(rebooted.wanted.checksum).not.toBe(wanted.checksum);
    expect((await openAckedFile(path)).wanted).toEqual(rebooted.wanted);
  });

  it('cuts a torn end off, wherever the crash came', async () => {
    const { file, wanted } = await openAckedFile(path);
    await ack(file, wanted, snapshotPush(ONE, { 0: 1 }));
    const whole = (await stat(path)).size;
    await ack(file, wanted, deltaPush(ONE, TWO, { 0: 2 }));
    const bytes = await readFile(path);
    for (let length = whole; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length));
      const { wanted: read, damaged } = await openAckedFile(path);
      expect([read.version, damaged]).toEqual([{ 0: 1 }, length > whole]);
    }
    await writeFile(path, bytes);
    expect((await openAckedFile(path)).wanted.version).toEqual({ 0: 2 });
  });

  it('goes on after a torn end', async () => {
    const { file, wanted } = await openAckedFile(path);
    await ack(file, wanted, snapshotPush(ONE, { 0: 1 }));
    await truncate(path, (await stat(path)).size - 1);
    const second = await openAckedFile(path);
    await ack(second.file, second.wanted, snapshotPush(TWO, { 0: 3 }));
    expect((await openAckedFile(path)).wanted.version).toEqual({ 0: 3 });
  });

  it('writes nothing behind an append that failed', async () => {
    const { file, wanted } = await openAckedFile(path);
    await rm(folder, { recursive: true });
    await expect(ack(file, wanted, snapshotPush(ONE, { 0: 1 }))).rejects.toThrow();
    await mkdir(folder);
    await writeFile(path, Uint8Array.of(1, 2, 3));
    await ack(file, wanted, snapshotPush(TWO, { 0: 2 }));
    expect((await openAckedFile(path)).wanted).toEqual(wanted);
  });

  it('keeps the version, and nothing else, of resources that it cannot read', async () => {
    const { file, wanted } = await openAckedFile(path);
    const change = readPush(wanted, snapshotPush(ONE, { 0: 4 }));
    const touched = new Map([['pod/a', Uint8Array.of(0xff)]]);
    await file.append(wanted, { ...change, touched });
    const again = await openAckedFile(path);
    expect([again.wanted.resources.size, again.wanted.version, again.damaged]).toEqual([
      0,
      { 0: 4 },
      true,
    ]);
  });

  it('stays within a few times the size of what it holds', async () => {
    const { file, wanted } = await openAckedFile(path);
    let before: Resources = new Map();
    for (let i = 1; i <= 400; i++) {
      const after = new Map([podResource(`${i}${'y'.repeat(2000)}`, null)]);
      await ack(file, wanted, deltaPush(before, after, { 0: i }));
      before = after;
    }
    expect((await stat(path)).size).toBeLessThan(300 * 1024);
    expect((await openAckedFile(path)).wanted).toEqual(wanted);
  });
});
