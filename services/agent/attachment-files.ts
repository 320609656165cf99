/**
 * The pods that were announced to this node, one file each, so that an agent that starts again
 * knows them without asking, in their order: of two that cannot both be, the later is true. They
 * belong to one boot of the node: after another one no pod of theirs exists any more, and they
 * are dropped.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PodUid } from '../contract/identity.ts';
import { type IpAddress, parseIp } from '../contract/ip-address.ts';
import { fileNames, removeFile, replaceFile } from '../runtime/durable-file.ts';
import type { PodAttachment } from './pod-attachment.ts';

const storedAttachment = z.strictObject({
  uid: z.string().min(1),
  ip: z.string().transform((text): IpAddress => parseIp(text)),
  netns: z.string().nullable(),
  hostInterface: z.string().min(1),
  /** Counts up over all announcements of a boot. */
  order: z.int().nonnegative(),
});

type StoredAttachment = z.output<typeof storedAttachment>;

export interface AttachmentFiles {
  /** Answers when it is on disk. */
  save(attachment: PodAttachment): Promise<void>;
  /** Without an error where there is none. */
  remove(uid: PodUid): Promise<void>;
}

export interface LoadedAttachments {
  readonly files: AttachmentFiles;
  /** As they were announced, the oldest first. */
  readonly attachments: readonly PodAttachment[];
  /** Names of files that could not be read. Their pods are unknown, and so held. */
  readonly unreadable: readonly string[];
}

/** Whether what is in the folder is of this boot. Ask before it is opened, which makes it so. */
export async function isSameBoot(folder: string, bootId: string): Promise<boolean> {
  return (await textOf(join(folder, 'boot-id'))) === bootId;
}

/** `folder` is made where it is missing. */
export async function openAttachmentFiles(
  folder: string,
  bootId: string,
): Promise<LoadedAttachments> {
  const podsFolder = join(folder, 'pods');
  await mkdir(podsFolder, { recursive: true });
  const bootFile = join(folder, 'boot-id');
  if ((await textOf(bootFile)) !== bootId) {
    for (const name of await fileNames(podsFolder)) await removeFile(join(podsFolder, name));
    await replaceFile(bootFile, bootId);
  }
  const path = (uid: PodUid): string => join(podsFolder, `${encodeURIComponent(uid)}.json`);
  const { stored, unreadable } = await readAll(podsFolder);
  let order = (stored.at(-1)?.order ?? 0) + 1;
  return {
    files: {
      save: (attachment) =>
        replaceFile(path(attachment.uid), JSON.stringify({ ...attachment, order: order++ })),
      remove: (uid) => removeFile(path(uid)),
    },
    attachments: stored.map(({ order: _, ...attachment }) => attachment),
    unreadable,
  };
}

async function readAll(
  folder: string,
): Promise<{ stored: StoredAttachment[]; unreadable: string[] }> {
  const stored: StoredAttachment[] = [];
  const unreadable: string[] = [];
  for (const name of await fileNames(folder)) {
    try {
      stored.push(storedAttachment.parse(JSON.parse(await readFile(join(folder, name), 'utf8'))));
    } catch {
      unreadable.push(name);
    }
  }
  return { stored: stored.sort((a, b) => a.order - b.order), unreadable };
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
