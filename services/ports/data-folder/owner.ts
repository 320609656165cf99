/**
 * One process owns an environment. The owner's identity (pid, start time, boot) is written into
 * the environment in a write transaction, which LMDB serialises between processes and frees when
 * a process dies, so two that start at once can't both win, and no lock file is left to judge.
 * An owner that is gone (killed, rebooted, its pid used by another process) is replaced.
 */
import { readFileSync } from 'node:fs';
import { berthError } from '../../contract/errors.ts';
import { type Environment, jsonTable } from './environment.ts';

export interface Owner {
  readonly pid: number;
  /** Clock ticks after boot at which the process started: a reused pid has another. */
  readonly startTicks: string;
  readonly bootId: string;
}

const OWNER_KEY = 'owner';
/** Fields of /proc/PID/stat behind the command's closing bracket. */
const STATE_FIELD = 0;
const START_FIELD = 19;

/** The answer gives it back. Refused with BERTH_LOG_IN_USE while another owner lives. */
export function takeOwnership(environment: Environment, path: string): () => void {
  const owners = jsonTable<Owner, string>(environment, 'owner');
  const own = processIdentity(process.pid);
  const holder = environment.transactionSync(() => {
    const present = owners.get(OWNER_KEY);
    if (present !== undefined && isAlive(present)) return present;
    owners.putSync(OWNER_KEY, own);
    return null;
  });
  if (holder !== null) throw berthError('BERTH_LOG_IN_USE', { path, pid: holder.pid });
  return () => {
    owners.removeSync(OWNER_KEY);
  };
}

export function processIdentity(pid: number): Owner {
  const stat = readStat(pid);
  return {
    pid,
    startTicks: stat[START_FIELD] ?? '',
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  };
}

/** Whether this very process still runs; one that is dead but not yet reaped does not. */
export function isAlive(owner: Owner): boolean {
  try {
    const state = readStat(owner.pid)[STATE_FIELD];
    if (state === 'Z' || state === 'X') return false;
    const now = processIdentity(owner.pid);
    return now.startTicks === owner.startTicks && now.bootId === owner.bootId;
  } catch {
    // No such process.
    return false;
  }
}

function readStat(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command may hold spaces and brackets; the fields that count stand behind its last one.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
