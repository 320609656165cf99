/**
 * Files that survive a crash of the machine: replaced as a whole or not at all, and there when the
 * call answers. Only the folder's owner may read them.
 */
import { open, rename } from 'node:fs/promises';
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
