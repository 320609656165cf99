/**
 * Takes the end off a Redis's AOF while it is down, by hand: what a machine that lost power within
 * the second between two syncs has lost. Redis reads what is left, up to the last whole command.
 */
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from '../redis.ts';

/** Of the part that grows. Answers how many bytes went. */
export async function cutAofTail({ dataFolder }: Redis, bytes: number): Promise<number> {
  const file = await growingPart(dataFolder);
  const { size } = await stat(file);
  await truncate(file, Math.max(0, size - bytes));
  return Math.min(size, bytes);
}

async function growingPart(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, 'appendonlydir');
  const parts = (await readdir(folder)).filter((name) => name.endsWith('.incr.aof'));
  const last = parts.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (last === undefined) throw new Error(`no AOF in ${folder}`);
  return join(folder, last);
}
