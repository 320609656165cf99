/**
 * Starts a target under the Node of node_modules, in this terminal, as if it had been started by
 * hand: signals go to it, and its exit code comes back. Its own children find the same Node first.
 */
import { delimiter, resolve } from 'node:path';
import { run } from './run.mjs';
import { root } from './set-up.mjs';

export async function launch(args) {
  const bin = resolve(root, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  process.exitCode = await run(resolve(bin, 'node'), args, { cwd: root, stdio: 'inherit', env });
}
