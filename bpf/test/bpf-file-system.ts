/**
 * A BPF file system of a test's own: pins that no other test sees, and none left behind. The usual
 * one at /sys/fs/bpf is hidden inside `ip netns exec`, and not mounted everywhere.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftovers, ownName } from './leftovers.ts';

export interface BpfFileSystem {
  readonly path: string;
  /** Whatever is still pinned there ends. */
  unmount(): void;
}

export function mountBpfFileSystem(): BpfFileSystem {
  for (const name of leftovers(readdirSync(tmpdir()))) unmount(join(tmpdir(), name));
  const path = join(tmpdir(), ownName());
  mkdirSync(path);
  execFileSync('mount', ['-t', 'bpf', 'bpffs', path]);
  return { path, unmount: () => unmount(path) };
}

function unmount(path: string): void {
  // Killed between the two, it is a folder only.
  spawnSync('umount', [path]);
  rmdirSync(path);
}

/** Why the kernel cannot be used by this process; null: it can. */
export const noKernel: string | null =
  process.geteuid?.() === 0 ? null : 'needs root (CAP_BPF, CAP_NET_ADMIN)';
