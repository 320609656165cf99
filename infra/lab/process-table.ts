/**
 * What /proc says of processes. A pid alone names nobody (pids come again): a process is known by
 * its pid and start time, and one that belongs to a lab by the mark in its environment, which its
 * children inherit.
 */
import { readdir, readFile } from 'node:fs/promises';
import { LAB_MARK } from './command.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the machine's start. */
  readonly startTime: string;
}

/** Null: no such process (a zombie counts as none). */
export async function startTimeOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold blanks and brackets; it ends at the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await startTimeOf(identity.pid)) === identity.startTime;
}

/** Every process that bears the lab's mark, but this one. */
export function processesOfLab(labId: string): Promise<ProcessIdentity[]> {
  return processesMarked(`${LAB_MARK}=${labId}`);
}

/** Every process with `NAME=VALUE` in its environment, but this one. */
export async function processesMarked(mark: string): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const startTime = await startTimeOf(pid);
    if (startTime !== null && (await environmentOf(pid)).includes(mark)) {
      found.push({ pid, startTime });
    }
  }
  return found;
}

async function environmentOf(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  } catch {
    return [];
  }
}
