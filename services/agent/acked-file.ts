/**
 * What the node last acked, on disk: written after the kernel was read back and before the ack,
 * so that an agent that starts again knows its version (and refuses older ones), asks the hub for
 * the difference only, and serves known pods while the hub is away.
 *
 * The file is a row of frames, each one push: first a snapshot, then what changed. A frame is a
 * length, 8 bytes of its SHA-256, and a Push message. A torn last frame was never acked and is cut
 * off. When the changes outgrow the snapshot several times over, the file is written anew.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Push, Push_Kind, PushSchema } from '../contract/gen/berth/link/v1/link_pb.ts';
import { versionFromWire, versionToWire } from '../contract/link-version.ts';
import { appendToFile, replaceFile } from '../runtime/durable-file.ts';
import {
  type Change,
  commit,
  nothingWanted,
  readPush,
  type Wanted,
  withoutPods,
} from './wanted.ts';

const LENGTH_BYTES = 4;
const DIGEST_BYTES = 8;
const HEADER_BYTES = LENGTH_BYTES + DIGEST_BYTES;
/** The file is written anew when it is longer than this and than `GROWTH_MAX` snapshots. */
const COMPACT_ABOVE_BYTES = 256 * 1024;
const GROWTH_MAX = 4;

export interface AckedFile {
  /** `wanted` as it was before `change`; answers when the change is on disk. */
  append(wanted: Wanted, change: Change): Promise<void>;
}

export interface LoadedAckedFile {
  readonly file: AckedFile;
  readonly wanted: Wanted;
  /** Whether something at the end of the file could not be read. */
  readonly damaged: boolean;
}

/**
 * After a reboot nothing of the node's own pods is taken from it: meanwhile the node may have been
 * fenced and their blocks given away, so a hub has to say what they have now.
 */
export async function openAckedFile(
  path: string,
  { sameBoot }: { readonly sameBoot: boolean } = { sameBoot: true },
): Promise<LoadedAckedFile> {
  const { wanted: acked, damaged } = fold(await bytesOf(path));
  const wanted = sameBoot ? acked : withoutPods(acked);
  let snapshotBytes = 0;
  let fileBytes = 0;
  // After a failed append the file may end in half a frame: nothing may be put behind it.
  let torn = false;

  async function rewrite(content: Wanted): Promise<void> {
    const frame = frameOf(snapshotOf(content));
    await replaceFile(path, frame);
    snapshotBytes = frame.length;
    fileBytes = frame.length;
    torn = false;
  }

  await rewrite(wanted);
  const file: AckedFile = {
    async append(before, change) {
      const frame = frameOf(deltaOf(change));
      const max = Math.max(COMPACT_ABOVE_BYTES, GROWTH_MAX * snapshotBytes);
      if (torn || fileBytes + frame.length > max) {
        await rewrite(after(before, change));
        return;
      }
      torn = true;
      await appendToFile(path, frame);
      torn = false;
      fileBytes += frame.length;
    },
  };
  return { file, wanted, damaged };
}

function after(before: Wanted, change: Change): Wanted {
  const result: Wanted = { ...before, resources: new Map(before.resources) };
  commit(result, change);
  return result;
}

function fold(bytes: Uint8Array): { wanted: Wanted; damaged: boolean } {
  const wanted = nothingWanted();
  const { pushes, damaged } = framesIn(bytes);
  for (const push of pushes) {
    try {
      commit(wanted, readPush(wanted, push));
    } catch {
      // Another release's resources: the version still holds, and a checksum that fits nothing
      // makes the hub send a snapshot.
      const version = versionFromWire(pushes.at(-1)?.version);
      return { wanted: { ...nothingWanted(), version }, damaged: true };
    }
  }
  return { wanted, damaged };
}

function framesIn(bytes: Uint8Array): { pushes: Push[]; damaged: boolean } {
  const pushes: Push[] = [];
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.length; ) {
    if (view.length - at < HEADER_BYTES) return { pushes, damaged: true };
    const start = at + HEADER_BYTES;
    const body = view.subarray(start, start + view.readUInt32BE(at));
    if (!view.subarray(at + LENGTH_BYTES, start).equals(digest(body))) {
      return { pushes, damaged: true };
    }
    pushes.push(fromBinary(PushSchema, body));
    at = start + body.length;
  }
  return { pushes, damaged: false };
}

function frameOf(push: Push): Uint8Array {
  const body = toBinary(PushSchema, push);
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(digest(body), LENGTH_BYTES);
  frame.set(body, HEADER_BYTES);
  return frame;
}

function digest(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, DIGEST_BYTES);
}

function snapshotOf({ resources, version, checksum }: Wanted): Push {
  return create(PushSchema, {
    kind: Push_Kind.SNAPSHOT,
    version: versionToWire(version),
    resources: [...resources.values()],
    checksum,
  });
}

function deltaOf({ touched, version, checksum }: Change): Push {
  const resources: Uint8Array[] = [];
  const removed: string[] = [];
  for (const [key, bytes] of touched) {
    if (bytes === null) removed.push(key);
    else resources.push(bytes);
  }
  const kind = Push_Kind.DELTA;
  return create(PushSchema, {
    kind,
    version: versionToWire(version),
    resources,
    removed,
    checksum,
  });
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array();
    throw error;
  }
}
