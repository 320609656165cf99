/** For tests that make namespaces: skipped by name, with the reason, where that is not possible. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const BUILT = ['lab-traffic', 'bpf/test/xdp-pass.bpf.o'].map((name) =>
  fileURLToPath(new URL(`../../../build/${name}`, import.meta.url)),
);

/** In a beforeEach, or at the start of a test. */
export function needsLab(context: TestContext): void {
  context.skip(process.getuid?.() !== 0, 'needs root (network namespaces)');
  context.skip(!BUILT.every((file) => existsSync(file)), 'needs the C build (npm run ready)');
}
