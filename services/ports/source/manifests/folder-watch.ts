/**
 * The kernel's word that something changed in a folder: fast, and not to be relied on (it can be
 * lost, and it dies with its folder), so that a rescan from time to time stands behind it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { isManifestName } from './scan.ts';

export interface FolderWatch {
  /** Watches these folders (path to inode) and no others. */
  follow(folders: ReadonlyMap<string, string>): void;
  close(): void;
}

/** `onChange` gets the file that changed; null: something else did, so look at the whole folder. */
export function folderWatch(onChange: (path: string | null) => void): FolderWatch {
  const watchers = new Map<string, { readonly inode: string; readonly watcher: FSWatcher }>();

  function forget(folder: string): void {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  }

  function begin(folder: string, inode: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name !== null && isManifestName(name)) onChange(join(folder, name));
        else if (name === null || mayBeFolder(name)) onChange(null);
      });
      watcher.on('error', () => {
        forget(folder);
        onChange(null);
      });
      watchers.set(folder, { inode, watcher });
    } catch {
      // Gone again, or no watches left: the rescan sees its changes, later.
    }
  }

  return {
    follow(folders) {
      for (const [folder, { inode }] of watchers) {
        if (folders.get(folder) !== inode) forget(folder);
      }
      for (const [folder, inode] of folders) {
        if (!watchers.has(folder)) begin(folder, inode);
      }
    },
    close() {
      for (const folder of [...watchers.keys()]) forget(folder);
    },
  };
}

/** Writers' temporary files say nothing; `..data` is how a mounted ConfigMap changes. */
function mayBeFolder(name: string): boolean {
  return name.startsWith('..') || !name.includes('.');
}
