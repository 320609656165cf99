/** "Is it stale?" as one value: a sha256 over names and contents of files, and further words. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names are relative to the root, so a clone that is moved stays fresh. */
export function digestOf(root, names, words = []) {
  const hash = createHash('sha256');
  for (const name of names) {
    const content = readIfThere(join(root, name)) ?? '';
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.update(words.join('\0')).digest('hex');
}

export function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
