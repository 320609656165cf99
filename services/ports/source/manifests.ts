/**
 * Source: a folder of manifests (YAML or JSON, several documents a file, one level of folders),
 * which people and programs change while it is watched. What is written is there a few
 * milliseconds later; what is taken away, `settleMs` after the last change, because a file that
 * is being written looks like one that lost something.
 *
 * The list is complete when nothing in the folder was refused. After it was not, the folder is
 * listed again as soon as everything in it can be read.
 */
import type { Clock } from '../../runtime/clock.ts';
import { doorbell } from './doorbell.ts';
import { createFolder, type Folder } from './manifests/folder.ts';
import { type FolderWatch, folderWatch } from './manifests/folder-watch.ts';
import type { Manifest } from './manifests/read-manifest.ts';
import { type SettlingReader, settlingReader } from './manifests/settling-reader.ts';
import type { Source, SourceEvent } from './port.ts';

export interface ManifestsSourceInit {
  readonly dir: string;
  /** How long a text that may be half written must stay the same to count. @default 100 */
  readonly settleMs?: number;
  /** How often the folder is looked through for what no notice came of. @default 2000 */
  readonly rescanMs?: number;
}

export interface ManifestsSourceComponents {
  readonly clock: Clock;
}

const SETTLE_MS = 100;
const RESCAN_MS = 2000;
/** After a notice that named no manifest; many of them cost one look. */
const RESCAN_SOON_MS = 50;
/** A folder that never comes to rest is listed all the same. */
const FIRST_SETTLE_MAX_MS = 2000;

export function manifestsSource(
  init: ManifestsSourceInit,
  { clock }: ManifestsSourceComponents,
): Source {
  const { dir, settleMs = SETTLE_MS, rescanMs = RESCAN_MS } = init;
  return {
    kind: 'manifests',
    watch(signal) {
      const folder = createFolder();
      const reader = settlingReader({ dir, settleMs }, { clock, folder });
      return watchFolder({ folder, reader, clock, rescanMs }, signal);
    },
  };
}

interface Watching {
  readonly folder: Folder;
  readonly reader: SettlingReader;
  readonly clock: Clock;
  readonly rescanMs: number;
}

async function* watchFolder(watching: Watching, signal: AbortSignal): AsyncIterable<SourceEvent> {
  const { folder, reader, clock, rescanMs } = watching;
  const bell = doorbell();
  let rescanAtMs = Number.POSITIVE_INFINITY;
  const notices = folderWatch((path) => {
    if (path === null) rescanAtMs = Math.min(rescanAtMs, clock.nowMs() + RESCAN_SOON_MS);
    else reader.touch(path);
    bell.ring();
  });
  signal.addEventListener('abort', bell.ring);
  try {
    notices.follow((await reader.rescan()).folders);
    // Again, for what changed before the folders were watched.
    await rescan(reader, notices);
    yield* folder.settle(await firstSettled(watching, signal));
    let complete = folder.isComplete();
    if (!signal.aborted) yield { type: 'listed', complete };
    rescanAtMs = clock.nowMs() + rescanMs;
    while (!signal.aborted) {
      const nextMs = Math.min(reader.nextMs() ?? rescanAtMs, rescanAtMs);
      await bell.heard(clock, nextMs - clock.nowMs());
      if (clock.nowMs() >= rescanAtMs) {
        rescanAtMs = clock.nowMs() + rescanMs;
        await rescan(reader, notices);
      }
      yield* folder.settle(await reader.settled());
      if (complete || !folder.isComplete()) continue;
      yield { type: 'relisting' };
      // The list is of what is there now, not of what was there when the mark was taken.
      await rescan(reader, notices);
      yield* folder.settle(await reader.settled());
      yield* folder.list();
      complete = folder.isComplete();
      yield { type: 'listed', complete };
    }
  } finally {
    signal.removeEventListener('abort', bell.ring);
    notices.close();
  }
}

async function rescan(reader: SettlingReader, notices: FolderWatch): Promise<void> {
  notices.follow((await reader.rescan()).folders);
}

/** The first list waits until each file is settled. */
async function firstSettled(
  { reader, clock }: Watching,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Manifest | null>> {
  const untilMs = clock.nowMs() + FIRST_SETTLE_MAX_MS;
  const all = new Map<string, Manifest | null>();
  while (!signal.aborted) {
    for (const [path, manifest] of await reader.settled()) all.set(path, manifest);
    const nextMs = reader.nextMs();
    if (nextMs === null || clock.nowMs() >= untilMs) break;
    await clock.sleep(Math.max(0, nextMs - clock.nowMs()), signal);
  }
  return all;
}
