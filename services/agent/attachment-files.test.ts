/** Announced pods survive the agent, and never another boot of the node. */
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseIp } from '../contract/ip-address.ts';
import { openAttachmentFiles } from './attachment-files.ts';
import type { PodAttachment } from './pod-attachment.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-pods-'));
});

afterEach(() => rm(folder, { recursive: true }));

const POD: PodAttachment = {
  uid: '../../etc/a',
  ip: parseIp('10.1.0.5'),
  netns: '/run/netns/a',
  hostInterface: 'veth1',
};

describe('the file of announced pods', () => {
  it('gives back what was saved, whatever the uid looks like', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD]);
    const again = await openAttachmentFiles(folder, 'boot-1');
    expect([again.attachments, again.damaged]).toEqual([[POD], false]);
  });

  it('gives them back in the order of their announcements, over restarts', async () => {
    const uidsAfter = async (...uids: string[]): Promise<string[]> => {
      const { files } = await openAttachmentFiles(folder, 'boot-1');
      for (const uid of uids) await files.write([{ ...POD, uid }]);
      const { attachments } = await openAttachmentFiles(folder, 'boot-1');
      return attachments.map(({ uid }) => uid);
    };
    expect(await uidsAfter('z', 'b')).toEqual(['z', 'b']);
    expect(await uidsAfter('a', 'z')).toEqual(['b', 'a', 'z']);
  });

  it('forgets a removed pod, and one that never was', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD]);
    await files.write([{ gone: POD.uid }]);
    await files.write([{ gone: POD.uid }]);
    expect((await openAttachmentFiles(folder, 'boot-1')).attachments).toEqual([]);
  });

  it('is empty on another boot of the node', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD]);
    expect((await openAttachmentFiles(folder, 'boot-2')).attachments).toEqual([]);
    expect((await openAttachmentFiles(folder, 'boot-1')).attachments).toEqual([]);
  });

  it('takes several at once, in their order', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    const [b, c] = ['b', 'c'].map((uid) => ({ ...POD, uid })) as [PodAttachment, PodAttachment];
    await files.write([b, POD, { gone: 'b' }, c, b]);
    const { attachments } = await openAttachmentFiles(folder, 'boot-1');
    expect(attachments).toEqual([POD, c, b]);
  });

  it('keeps the first of several when a crash came in between, and says so', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD, { ...POD, uid: 'b' }]);
    const bytes = await readFile(join(folder, 'pods'));
    await writeFile(join(folder, 'pods'), bytes.subarray(0, -1));
    const { attachments, damaged } = await openAttachmentFiles(folder, 'boot-1');
    expect([attachments, damaged]).toEqual([[POD], true]);
    expect((await openAttachmentFiles(folder, 'boot-1')).damaged).toBe(false);
  });

  it('leaves out what cannot be read, and goes on', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([{ ...POD, hostInterface: '' }, POD]);
    const { attachments, damaged } = await openAttachmentFiles(folder, 'boot-1');
    expect([attachments, damaged]).toEqual([[POD], true]);
  });

  it('stays small however many pods come and go, and forgets none of them', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD]);
    const netns = 'n'.repeat(10_000);
    for (let number = 0; number < 100; number++) {
      await files.write([{ ...POD, uid: 'b', netns }, { gone: 'b' }]);
    }
    expect((await stat(join(folder, 'pods'))).size).toBeLessThan(300_000);
    expect((await openAttachmentFiles(folder, 'boot-1')).attachments).toEqual([POD]);
  });

  it('goes on behind a failed write as if it had not been', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.write([POD]);
    const path = join(folder, 'pods');
    await rename(path, `${path}-away`);
    await mkdir(path);
    await expect(files.write([{ ...POD, uid: 'b' }])).rejects.toThrow('EISDIR');
    await rmdir(path);
    await rename(`${path}-away`, path);
    await files.write([{ ...POD, uid: 'c' }]);
    const { attachments } = await openAttachmentFiles(folder, 'boot-1');
    expect(attachments.map(({ uid }) => uid)).toEqual([POD.uid, 'c']);
  });
});
