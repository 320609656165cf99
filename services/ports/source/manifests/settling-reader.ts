/**
 * Reads those files of a folder that may have changed, each when it is due, and gives what became
 * settled. Which files there are to look at is bounded by the folder.
 */
import type { Clock } from '../../../runtime/clock.ts';
import type { Folder } from './folder.ts';
import type { Manifest } from './read-manifest.ts';
import { type FolderScan, readText, scanFolder } from './scan.ts';
import { createSettling } from './settling.ts';

export interface SettlingReader {
  /** The file may have changed; it is looked at soon. */
  touch(path: string): void;
  /** Looks for everything that changed. */
  rescan(): Promise<FolderScan>;
  /** What became settled by now: for each file what it says, null where it is gone. */
  settled(): Promise<ReadonlyMap<string, Manifest | null>>;
  /** When to ask again; null: when something was touched. */
  nextMs(): number | null;
}

export interface SettlingReaderInit {
  readonly dir: string;
  readonly settleMs: number;
}

/** One write often gives several notices. */
const NOTICE_MS = 3;

export function settlingReader(
  { dir, settleMs }: SettlingReaderInit,
  { clock, folder }: { readonly clock: Clock; readonly folder: Folder },
): SettlingReader {
  const settling = createSettling(settleMs, folder);
  const due = new Map<string, number>();
  const broken = brokenFolders();

  function lookAt(path: string, atMs: number): void {
    due.set(path, Math.min(due.get(path) ?? Number.POSITIVE_INFINITY, atMs));
  }

  return {
    touch: (path) => lookAt(path, clock.nowMs() + NOTICE_MS),
    async rescan() {
      const now = clock.nowMs();
      const scan = await scanFolder(dir);
      broken.scanned(scan.unreadable);
      for (const [path, stamp] of scan.files) {
        if (settling.mayDiffer(path, stamp)) lookAt(path, now);
      }
      for (const path of settling.paths()) {
        if (!scan.files.has(path) && !broken.hide(path)) lookAt(path, now);
      }
      return scan;
    },
    async settled() {
      const changes = broken.takeChanges();
      const now = clock.nowMs();
      if (Math.min(...due.values()) > now) return changes;
      for (const [path, atMs] of [...due]) {
        // What changed together (a rename is two changes) is judged together, now and again later.
        if (atMs > now + NOTICE_MS) continue;
        due.delete(path);
        const judgement = settling.judge(path, await readText(path), now);
        if (judgement.is === 'again') lookAt(path, judgement.atMs);
        else if (judgement.is === 'counts') changes.set(path, judgement.manifest);
      }
      return changes;
    },
    nextMs: () => (due.size === 0 ? null : Math.min(...due.values())),
  };
}

interface BrokenFolders {
  scanned(unreadable: FolderScan['unreadable']): void;
  /** Whether the file may be there, unseen. */
  hide(path: string): boolean;
  /** Each broken folder as if it were a file with a problem; null where it is whole again. */
  takeChanges(): Map<string, Manifest | null>;
}

function brokenFolders(): BrokenFolders {
  const broken = new Set<string>();
  let changes = new Map<string, Manifest | null>();
  return {
    scanned(unreadable) {
      for (const path of broken) {
        if (unreadable.has(path)) continue;
        broken.delete(path);
        changes.set(path, null);
      }
      for (const [path, problem] of unreadable) {
        broken.add(path);
        changes.set(path, { objects: [], problems: [problem] });
      }
    },
    hide: (path) => [...broken].some((folder) => path.startsWith(`${folder}/`)),
    takeChanges() {
      const taken = changes;
      changes = new Map();
      return taken;
    },
  };
}
