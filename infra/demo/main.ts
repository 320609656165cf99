/**
 * `npm run demo`: parses what it was told, runs the demo, ends with the exit code of the error
 * table. Ctrl-C ends it in order at any time.
 */
import { randomInt } from 'node:crypto';
import { describeError } from '../../services/contract/errors.ts';
import { exitCodeOf } from '../../services/runtime/life-cycle.ts';
import { parseOptions } from './options.ts';
import { runDemo } from './run.ts';

const SEED_MAX = 0x7fffffff;
const EXIT_INTERRUPTED = 130;

const options = parseOptions(process.argv.slice(2), () => randomInt(SEED_MAX));
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupt.abort());
}
const terminal = {
  isTTY: process.stdout.isTTY === true,
  colours: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  write: (text: string) => {
    process.stdout.write(text);
  },
};

try {
  const report = await runDemo(options, terminal, interrupt.signal);
  process.exitCode = report === null ? EXIT_INTERRUPTED : 0;
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
// Sockets of a stage that is gone may hold the loop; nothing is left to do.
process.exit();
