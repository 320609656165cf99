/**
 * Removes a lab by its id alone, however far it was built or taken down: processes, namespaces (and
 * with them devices and rules), bpffs (and with it pins, maps, programs), run folder. Called by the
 * lab itself, by the reaper of a creator that died, and for stale labs; safe to repeat and to run
 * twice at once.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { berthError } from '../../services/contract/errors.ts';
import { ipBatch, run } from './command.ts';
import { killProcesses } from './kill-processes.ts';
import { netnsPrefix, runRoot } from './plan.ts';
import { processesOfLab } from './process-table.ts';
import { isOwnerAlive, labIds, removeAbandonedClaims } from './run-folder.ts';

const SWEEPS_MAX = 20;

/** @throws BERTH_LAB_NOT_EMPTY when something of the lab cannot be removed. */
export async function destroyLab(id: string): Promise<void> {
  // A command that was under way when the creator died may add a namespace behind our back: so
  // until a sweep finds nothing.
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    const killed = await killProcesses(await processesOfLab(id));
    const removed = await removeNamespaces(id);
    if (killed + removed === 0) {
      await unmountBpffs(id);
      await rm(`${runRoot()}/${id}`, { recursive: true, force: true });
      return;
    }
  }
  throw berthError('BERTH_LAB_NOT_EMPTY', { id });
}

/** Removes the labs whose creating process is gone; answers their ids. */
export async function destroyStaleLabs(): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const id of await labIds()) {
    if (await isOwnerAlive(id)) continue;
    await destroyLab(id);
    stale.push(id);
  }
  await removeAbandonedClaims();
  return stale;
}

async function removeNamespaces(id: string): Promise<number> {
  const names = (await listOrNone('/run/netns')).filter((name) => name.startsWith(netnsPrefix(id)));
  if (names.length === 0) return 0;
  try {
    await ipBatch(
      id,
      names.map((name) => `netns del ${name}`),
      { goOn: true },
    );
  } catch {
    // One that somebody else has just removed; the next sweep sees what is left.
  }
  return names.length;
}

async function unmountBpffs(id: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const paths = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${runRoot()}/${id}/`));
  for (const path of paths) {
    // Lazy: a shell that stands in the folder must not keep the lab alive.
    await run({ labId: id, file: 'umount', args: ['-l', path] }).catch(() => {});
  }
}

async function listOrNone(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
