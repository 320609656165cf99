/**
 * Runs the steps that a target needs, in order, and only those that are stale. The lock is taken
 * only when something is, and each step is looked at again under it: another set-up may just have
 * done the work.
 *
 * A step answers `isStale`, `cannot` (why it cannot be done here, or null), and `act` (null, or
 * what went wrong). What cannot be done is fatal to those who must have it; what was tried and
 * failed is fatal to all, since a broken build must never look like a skipped test; but for a
 * download (`mayFail`), after which a test that needs it says so by itself.
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from './compile.mjs';
import { debian, servers } from './debian.mjs';
import { kafka } from './kafka.mjs';
import { takeLock } from './lock.mjs';
import { modules } from './modules.mjs';
import { fail, say } from './say.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const STEPS = { debian, modules, compile, servers, kafka };

export async function setUp(needs) {
  const staleOf = (...kinds) =>
    Object.entries(STEPS)
      .filter(([name, step]) => kinds.includes(needs[name]) && step.isStale(root))
      .map(([name]) => name);

  const spared = staleOf('spare').map((name) => STEPS[name].what);
  if (spared.length > 0) say(`left out, as the memory datapath needs none: ${spared.join(', ')}`);

  if (staleOf('must', 'wish').length === 0) return;
  const release = await takeLock(resolve(root, 'boot.mjs'));
  for (const name of staleOf('must', 'wish')) {
    const step = STEPS[name];
    const reason = step.cannot(root);
    if (reason !== null) {
      if (needs[name] === 'must') fail(`${step.what}: ${reason}`);
      say(`${step.what}: skipped, with the tests and checks that need it. ${reason}`);
      continue;
    }
    const failed = await step.act(root);
    if (failed === null) continue;
    if (needs[name] === 'must' || step.mayFail !== true) fail(failed);
    say(`${step.what}: skipped, with the tests that need it. ${failed}`);
  }
  release();
}
