/**
 * A BPF file system of a test's own: pins that no other test sees, and none left behind. The usual
 * one at /sys/fs/bpf is hidden inside `ip netns exec`, and not mounted everywhere.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BpfFileSystem {
  readonly path: string;
  /** Whatever is still pinned there ends. */
  unmount(): void;
}

export function mountBpfFileSystem(): BpfFileSystem {
  const path = mkdtempSync(join(tmpdir(), 'berth-test-bpf-'));
  execFileSync('mount', ['-t', 'bpf', 'bpffs', path]);
  return {
    path,
    unmount() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}

/** Why the kernel cannot be used by this process; null: it can. */
export const noKernel: string | null =
  process.geteuid?.() === 0 ? null : 'needs root (CAP_BPF, CAP_NET_ADMIN)';
