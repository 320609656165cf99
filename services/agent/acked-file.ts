/**
 * What the node last acked, on disk: written after the kernel was read back and before the ack,
 * so that an agent that starts again knows its version (and refuses older ones), asks the hub for
 * the difference only, and serves known pods while the hub is away.
 *
 * Each frame of the file is a Push message: first a snapshot, then what changed. A torn last frame
 * was never acked.
 */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Push_Kind, PushSchema } from '../contract/gen/berth/link/v1/link_pb.ts';
import { versionFromWire, versionToWire } from '../contract/link-version.ts';
import { type ReadFrames, readFrameFile, writeFrameFile } from '../runtime/frame-file.ts';
import {
  type Change,
  commit,
  nothingWanted,
  readPush,
  type Wanted,
  withoutPods,
} from './wanted.ts';

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
  const { wanted: acked, damaged } = fold(await readFrameFile(path));
  const wanted = sameBoot ? acked : withoutPods(acked);
  const frames = await writeFrameFile(path, [snapshotOf(wanted)]);
  const file: AckedFile = {
    append: (before, change) =>
      frames.append([deltaOf(change)], () => [snapshotOf(after(before, change))]),
  };
  return { file, wanted, damaged };
}

function after(before: Wanted, change: Change): Wanted {
  const result: Wanted = { ...before, resources: new Map(before.resources) };
  commit(result, change);
  return result;
}

function fold({ bodies, damaged }: ReadFrames): { wanted: Wanted; damaged: boolean } {
  const wanted = nothingWanted();
  const pushes = bodies.map((body) => fromBinary(PushSchema, body));
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

function snapshotOf({ resources, version, checksum }: Wanted): Uint8Array {
  return pushBytes({
    kind: Push_Kind.SNAPSHOT,
    version: versionToWire(version),
    resources: [...resources.values()],
    checksum,
  });
}

function deltaOf({ touched, version, checksum, movedFrom }: Change): Uint8Array {
  const resources: Uint8Array[] = [];
  const removed: string[] = [];
  for (const [key, bytes] of touched) {
    if (bytes === null) removed.push(key);
    else resources.push(bytes);
  }
  const kind = Push_Kind.DELTA;
  return pushBytes({
    kind,
    version: versionToWire(version),
    resources,
    removed,
    checksum,
    ...(movedFrom === null ? {} : { movedFrom: versionToWire(movedFrom) }),
  });
}

function pushBytes(push: MessageInitShape<typeof PushSchema>): Uint8Array {
  return toBinary(PushSchema, create(PushSchema, push));
}
