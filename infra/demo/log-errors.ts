/** What the demo's processes said in their logs when they failed, for who has to find out why. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ERROR_LEVEL = 50;
const LINES_MAX = 5;

/** The last errors of all logs in the folder, each with its file's name. */
export async function errorsInLogs(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  const found: string[] = [];
  for (const name of names) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
    found.push(...lines.flatMap(errorIn).map((text) => `${name}: ${text}`));
  }
  return [...new Set(found)].slice(-LINES_MAX);
}

function errorIn(line: string): string[] {
  if (line.trim() === '') return [];
  try {
    const { level, error, msg } = JSON.parse(line) as Record<string, unknown>;
    return typeof level === 'number' && level >= ERROR_LEVEL ? [String(error ?? msg)] : [];
  } catch {
    // Not ours: Node's own last words.
    return [line];
  }
}
