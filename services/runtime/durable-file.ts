/**
 * Files that survive a crash of the machine: replaced as a whole or not at all, and there (or
 * gone) when the call answers. Only the folder's owner may read them.
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const PRIVATE = 0o600;
const TEMPORARY = '.new';

export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  const file = await open(temporary, 'w', PRIVATE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Appends to a file that exists. */
export async function appendToFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'a', PRIVATE);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Without an error where there is none. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** Names of the whole files in a folder; what a crash left half written is not among them. */
export async function fileNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith(TEMPORARY)).sort();
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
