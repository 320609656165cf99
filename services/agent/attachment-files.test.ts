/** Announced pods survive the agent, and never another boot of the node. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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

describe('the files of announced pods', () => {
  it('give back what was saved, whatever the uid looks like', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.save(POD);
    const again = await openAttachmentFiles(folder, 'boot-1');
    expect([again.attachments, again.unreadable]).toEqual([[POD], []]);
  });

  it('give them back in the order of their announcements, over restarts', async () => {
    const uidsAfter = async (...uids: string[]): Promise<string[]> => {
      const { files } = await openAttachmentFiles(folder, 'boot-1');
      for (const uid of uids) await files.save({ ...POD, uid });
      const { attachments } = await openAttachmentFiles(folder, 'boot-1');
      return attachments.map(({ uid }) => uid);
    };
    expect(await uidsAfter('z', 'b')).toEqual(['z', 'b']);
    expect(await uidsAfter('a', 'z')).toEqual(['b', 'a', 'z']);
  });

  it('forget a removed pod, and one that never was', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.save(POD);
    await files.remove(POD.uid);
    await files.remove(POD.uid);
    expect((await openAttachmentFiles(folder, 'boot-1')).attachments).toEqual([]);
  });

  it('are dropped on another boot of the node', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.save(POD);
    expect((await openAttachmentFiles(folder, 'boot-2')).attachments).toEqual([]);
    expect((await openAttachmentFiles(folder, 'boot-1')).attachments).toEqual([]);
  });

  it('leave out what cannot be read, by name, and go on', async () => {
    const { files } = await openAttachmentFiles(folder, 'boot-1');
    await files.save(POD);
    await writeFile(join(folder, 'pods', 'b.json'), '{"uid":"b"}');
    await writeFile(join(folder, 'pods', 'c.json'), '{');
    await writeFile(join(folder, 'pods', 'd.json.new'), '{');
    const { attachments, unreadable } = await openAttachmentFiles(folder, 'boot-1');
    expect([attachments, unreadable]).toEqual([[POD], ['b.json', 'c.json']]);
    expect((await readdir(join(folder, 'pods'))).length).toBe(4);
  });
});
