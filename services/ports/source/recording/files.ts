/**
 * The files of a recording: one file of any kinds mixed, or a folder of `.ndjson` and `.ndjson.gz`
 * (of a stream that is there in both forms, the plain one).
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export async function recordingFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /^[^.].*\.ndjson(\.gz)?$/.test(name));
  const chosen = names.filter((name) => !isPacked(name) || !names.includes(plainName(name)));
  return chosen.sort().map((name) => join(path, name));
}

/** A packed file does not grow. */
export function isPacked(path: string): boolean {
  return path.endsWith('.gz');
}

function plainName(name: string): string {
  return name.replace(/\.gz$/, '');
}
