/** Scenarios need root: namespaces and eBPF. Without it each is skipped by name, with this reason. */
import type { TestContext } from 'vitest';

export function needsRoot(ctx: TestContext): void {
  ctx.skip(process.getuid?.() !== 0, 'needs root (network namespaces, eBPF)');
}
