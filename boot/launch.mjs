/**
 * Starts a target under the Node of node_modules, in this terminal, as if it had been started by
 * hand: signals go to it, and its exit code comes back. Its own children find the same Node first.
 */
import { delimiter, resolve } from 'node:path';
import { run } from './run.mjs';
import { root } from './set-up.mjs';

const LOOK_MS = 500;

export async function launch(args) {
  const bin = resolve(root, 'node_modules/.bin');
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
    // A target that cleans up after itself does so too when we are gone.
    BERTH_STARTED_BY: String(process.pid),
  };
  const options = { cwd: root, stdio: 'inherit', env };
  process.exitCode = await run(resolve(bin, 'node'), args, options, endWithNpm);
}

/** An npm that was killed has passed nothing on. */
function endWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid !== ppid) child.kill('SIGTERM');
  }, LOOK_MS);
  timer.unref();
}
