/**
 * What is still there of a lab, in words: for tests, and for whoever wants to be sure after
 * `destroy`. Devices, rules, maps and programs need no look of their own: they live in the
 * namespaces and on the bpffs.
 */
import { readdir, readFile } from 'node:fs/promises';
import { netnsPrefix, runRoot } from '../plan.ts';
import { processesOfLab } from '../process-table.ts';

/** Empty: nothing is left. */
export async function leftoversOf(id: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  return [
    ...(await namesIn('/run/netns', (name) => name.startsWith(netnsPrefix(id)))),
    ...(await namesIn(runRoot(), (name) => name === id || name.endsWith(`-${id}`))),
    ...mounts.filter((line) => line.includes(`${runRoot()}/${id}/`)),
    ...mounts.filter((line) => line.includes(`/netns/${netnsPrefix(id)}`)),
    ...(await processesOfLab(id)).map(({ pid }) => `process ${pid}`),
    ...(await reapersOf(id)),
  ];
}

async function reapersOf(id: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await namesIn('/proc', (name) => /^\d+$/.test(name))) {
    const words = (await readFile(`${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.some((word) => word.endsWith('/reaper-main.ts')) && words.includes(id)) {
      found.push(`reaper ${pid.slice('/proc/'.length)}`);
    }
  }
  return found;
}

async function namesIn(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter(isWanted).map((name) => `${folder}/${name}`);
}
