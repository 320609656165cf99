/**
 * From a bare clone to a running command: `npm run demo` is `node boot.mjs demo`.
 *
 * Three steps, each "stale? then act": Debian packages, npm packages, the C build. Then the target
 * starts under the Node of node_modules (24), which runs the .ts files as they are. It needs no
 * dependency and runs under Node 20 or later. It says one line an act, and nothing when there is
 * nothing to do. What can be run is in boot/targets.mjs.
 */

import { launch } from './boot/launch.mjs';
import { fail } from './boot/say.mjs';
import { setUp } from './boot/set-up.mjs';
import { plan, TARGETS } from './boot/targets.mjs';

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(TARGETS, name)) {
  fail(`no such target: "${name}". Targets: ${Object.keys(TARGETS).join(', ')}`);
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  fail(`Berth is developed on Linux x64; this is ${process.platform} ${process.arch}`);
}

const { needs, command } = plan(name, args);
await setUp(needs);
if (command.length > 0) await launch([...command, ...args]);
