/**
 * The files of a folder of manifests, one level of folders deep, and the text of one of them. A
 * text counts only when the file was the same before and after it was read.
 */
import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../port.ts';
import { unreadableProblem } from '../problem.ts';
import type { FileStamp, FileText } from './settling.ts';

export interface FolderScan {
  readonly files: ReadonlyMap<string, FileStamp>;
  /** Folder to its inode. */
  readonly folders: ReadonlyMap<string, string>;
  /** By folder: what could not be looked at, so that nothing follows from absence there. */
  readonly unreadable: ReadonlyMap<string, Problem>;
}

const FILES_MAX = 10_000;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const NS_PER_MS = 1e6;

export function isManifestName(name: string): boolean {
  return /^[^.].*\.(ya?ml|json)$/.test(name);
}

export async function scanFolder(dir: string): Promise<FolderScan> {
  const files = new Map<string, FileStamp>();
  const folders = new Map<string, string>();
  const unreadable = new Map<string, Problem>();

  async function scan(folder: string, depth: number): Promise<void> {
    try {
      folders.set(folder, String((await stat(folder)).ino));
      for (const name of (await readdir(folder)).sort()) {
        if (name.startsWith('.')) continue;
        const path = join(folder, name);
        const found = await statOrNull(path);
        if (found === null) continue;
        if (found.isDirectory() && depth > 0) await scan(path, depth - 1);
        else if (found.isFile() && isManifestName(name)) files.set(path, stampOf(found));
        if (files.size > FILES_MAX) throw new Error(`it holds over ${FILES_MAX} manifests`);
      }
    } catch (error) {
      // A folder of the folder that went away has no files any more; the folder itself must be.
      if (folder !== dir && hasErrno(error, 'ENOENT')) return;
      unreadable.set(folder, unreadableProblem(folder, error));
    }
  }

  await scan(dir, 1);
  return { files, folders, unreadable };
}

export async function readText(path: string): Promise<FileText> {
  try {
    await using file = await open(path, 'r');
    const before = await file.stat({ bigint: true });
    if (before.size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    const text = await file.readFile('utf8');
    const stamp = stampOf(before);
    const after = await statOrNull(path);
    if (after === null || stampOf(after).fingerprint !== stamp.fingerprint) {
      return { is: 'changing' };
    }
    return { is: 'text', text, ...stamp };
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return { is: 'missing' };
    return { is: 'unreadable', problem: unreadableProblem(path, error) };
  }
}

async function statOrNull(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function stampOf(stats: BigIntStats): FileStamp {
  return {
    fingerprint: `${stats.ino} ${stats.size} ${stats.mtimeNs}`,
    modifiedAtMs: Number(stats.mtimeNs) / NS_PER_MS,
  };
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
