/**
 * Decides when what was read of a file counts. Files are not always written in one step, so what
 * could be half of something (it has problems, its last line does not end, it would take something
 * away, it has what another file still has) counts only when it was found the same again after
 * `settleMs`. Everything else counts at once: what only adds must be quick. Pure.
 */
import type { Problem } from '../port.ts';
import type { Folder } from './folder.ts';
import { type Manifest, readManifest } from './read-manifest.ts';

export interface FileStamp {
  /** Changes with the file's content, but for two writes within one tick of the kernel's clock. */
  readonly fingerprint: string;
  readonly modifiedAtMs: number;
}

export type FileText =
  | ({ readonly is: 'text'; readonly text: string } & FileStamp)
  | { readonly is: 'missing' }
  /** It was not the same before and after it was read. */
  | { readonly is: 'changing' }
  | { readonly is: 'unreadable'; readonly problem: Problem };

export type Judgement =
  | { readonly is: 'unchanged' }
  | { readonly is: 'again'; readonly atMs: number }
  /** Null: the file is gone. */
  | { readonly is: 'counts'; readonly manifest: Manifest | null };

export interface Settling {
  judge(path: string, file: FileText, nowMs: number): Judgement;
  /** Whether the file may have another content than the one that counts. */
  mayDiffer(path: string, stamp: FileStamp): boolean;
  /** Files whose content counts. */
  paths(): Iterable<string>;
}

interface Taken {
  readonly fingerprint: string;
  readonly text: string;
  readonly readAtMs: number;
}

/** What was seen and may be half of something. */
interface Doubted {
  readonly fingerprint: string;
  readonly sinceMs: number;
}

const CHANGING_MS = 3;
/** Coarser than the kernel's clock: a file modified this close to its reading is read again. */
const CLOCK_TICK_MS = 20;
const MISSING = 'missing';
const UNCHANGED: Judgement = { is: 'unchanged' };

export function createSettling(
  settleMs: number,
  folder: Pick<Folder, 'takesAway' | 'repeats'>,
): Settling {
  const taken = new Map<string, Taken>();
  const doubted = new Map<string, Doubted>();

  /** Null: it was the same for long enough. */
  function doubt(path: string, fingerprint: string, nowMs: number): Judgement | null {
    const before = doubted.get(path);
    const sinceMs = before?.fingerprint === fingerprint ? before.sinceMs : nowMs;
    const atMs = sinceMs + settleMs;
    if (nowMs >= atMs) return null;
    doubted.set(path, { fingerprint, sinceMs });
    return { is: 'again', atMs };
  }

  function judgeMissing(path: string, nowMs: number): Judgement {
    if (!taken.has(path)) {
      doubted.delete(path);
      return UNCHANGED;
    }
    const again = doubt(path, MISSING, nowMs);
    if (again !== null) return again;
    doubted.delete(path);
    taken.delete(path);
    return { is: 'counts', manifest: null };
  }

  function judgeText(path: string, file: FileStamp & { text: string }, nowMs: number): Judgement {
    const { text, fingerprint, modifiedAtMs } = file;
    if (taken.get(path)?.text === text) {
      doubted.delete(path);
      taken.set(path, { fingerprint, text, readAtMs: nowMs });
      return UNCHANGED;
    }
    const manifest = readManifest(path, text);
    const isDoubted = nowMs - modifiedAtMs < settleMs && isDoubtful(path, text, manifest);
    const again = isDoubted ? doubt(path, fingerprint, nowMs) : null;
    if (again !== null) return again;
    doubted.delete(path);
    taken.set(path, { fingerprint, text, readAtMs: nowMs });
    return { is: 'counts', manifest };
  }

  function judgeUnreadable(path: string, problem: Problem, nowMs: number): Judgement {
    const fingerprint = problem.message;
    if (taken.get(path)?.fingerprint === fingerprint) return UNCHANGED;
    const again = doubt(path, fingerprint, nowMs);
    if (again !== null) return again;
    doubted.delete(path);
    // Of no text, so that the first one which can be read counts again.
    taken.set(path, { fingerprint, text: `\0${fingerprint}`, readAtMs: nowMs });
    return { is: 'counts', manifest: { objects: [], problems: [problem] } };
  }

  function isDoubtful(path: string, text: string, manifest: Manifest): boolean {
    if (manifest.problems.length > 0) return true;
    // A renamed file is a new one first, and then one that is missing.
    if (folder.takesAway(path, manifest) || folder.repeats(path, manifest)) return true;
    return !text.endsWith('\n') && !path.endsWith('.json');
  }

  return {
    judge(path, file, nowMs) {
      switch (file.is) {
        case 'changing':
          return { is: 'again', atMs: nowMs + CHANGING_MS };
        case 'missing':
          return judgeMissing(path, nowMs);
        case 'unreadable':
          return judgeUnreadable(path, file.problem, nowMs);
        case 'text':
          return judgeText(path, file, nowMs);
      }
    },
    mayDiffer(path, { fingerprint, modifiedAtMs }) {
      const known = taken.get(path);
      if (known?.fingerprint !== fingerprint) return true;
      return modifiedAtMs > known.readAtMs - CLOCK_TICK_MS;
    },
    paths: () => taken.keys(),
  };
}
