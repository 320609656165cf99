/**
 * The pods that were announced to this node, on disk, so that an agent that starts again knows
 * them without asking, in their order: of two that cannot both be, the later is true. They belong
 * to one boot of the node: after another one no pod of theirs exists any more, and they are
 * dropped. Each frame of the file is a pod that came or went.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PodUid } from '../contract/identity.ts';
import { type IpAddress, parseIp } from '../contract/ip-address.ts';
import { replaceFile } from '../runtime/durable-file.ts';
import { readFrameFile, writeFrameFile } from '../runtime/frame-file.ts';
import type { PodAttachment } from './pod-attachment.ts';

const storedChange = z.union([
  z.strictObject({
    uid: z.string().min(1),
    ip: z.string().transform((text): IpAddress => parseIp(text)),
    netns: z.string().nullable(),
    hostInterface: z.string().min(1),
  }),
  z.strictObject({ gone: z.string().min(1) }),
]);

/** A pod that came, or one that is gone, or never was. */
export type AttachmentChange = PodAttachment | { readonly gone: PodUid };

type Pods = Map<PodUid, PodAttachment>;

export interface AttachmentFiles {
  /** Answers when all are on disk, in this order; when it fails, the first may be. */
  write(changes: readonly AttachmentChange[]): Promise<void>;
}

export interface LoadedAttachments {
  readonly files: AttachmentFiles;
  /** As they were announced, the oldest first. */
  readonly attachments: readonly PodAttachment[];
  /** Whether something could not be read. A pod that is only there is unknown, and so held. */
  readonly damaged: boolean;
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
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'pods');
  const sameBoot = await isSameBoot(folder, bootId);
  const { pods, damaged } = sameBoot ? await readPods(path) : { pods: new Map(), damaged: false };
  const frames = await writeFrameFile(path, bodiesOf(pods.values()));
  if (!sameBoot) await replaceFile(join(folder, 'boot-id'), bootId);
  const attachments = [...pods.values()];
  return {
    files: {
      async write(changes) {
        await frames.append(bodiesOf(changes), () => bodiesOf(after(pods, changes).values()));
        for (const change of changes) apply(pods, change);
      },
    },
    attachments,
    damaged,
  };
}

async function readPods(path: string): Promise<{ pods: Pods; damaged: boolean }> {
  const { bodies, damaged } = await readFrameFile(path);
  const pods: Pods = new Map();
  let isDamaged = damaged;
  for (const body of bodies) {
    try {
      apply(pods, storedChange.parse(JSON.parse(Buffer.from(body).toString())));
    } catch {
      isDamaged = true;
    }
  }
  return { pods, damaged: isDamaged };
}

function after(pods: Pods, changes: readonly AttachmentChange[]): Pods {
  const result = new Map(pods);
  for (const change of changes) apply(result, change);
  return result;
}

function apply(pods: Pods, change: AttachmentChange): void {
  if ('gone' in change) {
    pods.delete(change.gone);
    return;
  }
  // Behind all that came before.
  pods.delete(change.uid);
  pods.set(change.uid, change);
}

function bodiesOf(changes: Iterable<AttachmentChange>): Uint8Array[] {
  return Array.from(changes, (change) => Buffer.from(JSON.stringify(change)));
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
