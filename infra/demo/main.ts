/**
 * `npm run demo`: parses what it was told, runs the demo, ends with the exit code of the error
 * table: 0 only when everything held that the demo claims. Ctrl-C ends it in order at any time, and
 * so does anything that goes wrong in it; when it is killed, its reaper cleans up.
 */
import { randomInt } from 'node:crypto';
import { berthError, describeError } from '../../services/contract/errors.ts';
import { exitCodeOf } from '../../services/runtime/life-cycle.ts';
import { parseOptions } from './options.ts';
import { brokenClaims } from './report.ts';
import { runDemo } from './run.ts';
import { terminalOf } from './terminal.ts';

const SEED_MAX = 0x7fffffff;
const EXIT_INTERRUPTED = 130;
const STARTER_LOOK_MS = 500;

const options = parseOptions(process.argv.slice(2), () => randomInt(SEED_MAX));
const interrupt = new AbortController();
const uncaught: unknown[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupt.abort());
}
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    uncaught.push(error);
    interrupt.abort();
  });
}
// Nobody reads any more (`| head`): there is nothing to go on for.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => interrupt.abort());
}

// Whoever started us was killed, and can pass nothing on any more.
const startedBy = process.env['BERTH_STARTED_BY'];
if (startedBy !== undefined) {
  const look = (): void => {
    if (String(process.ppid) !== startedBy) interrupt.abort();
  };
  setInterval(look, STARTER_LOOK_MS).unref();
}

async function main(): Promise<number> {
  const report = await runDemo(options, terminalOf(process.stdout, process.env), interrupt.signal);
  if (uncaught.length > 0) throw uncaught[0];
  if (report === null) return EXIT_INTERRUPTED;
  const broken = brokenClaims(report);
  if (broken.length === 0) return 0;
  throw berthError('BERTH_DEMO_CLAIM', { reason: broken.join(', ') });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
// Sockets of a stage that is gone may hold the loop; nothing is left to do.
process.exit();
