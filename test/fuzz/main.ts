/**
 * `npm run fuzz -- --packets N [--seed S] [--program P]`: random packets through every program, in
 * the kernel and in its twin. Ends at the first difference, with exit code 1. Needs root.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { noKernel } from '../../bpf/test/bpf-file-system.ts';
import { openDatapaths } from './datapaths.ts';
import { fuzz, PROGRAMS } from './fuzz.ts';
import { report } from './report.ts';

const SEED_MAX = 0x7fffffff;
const EXIT_USAGE = 2;

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= SEED_MAX) return number;
  throw new InvalidArgumentError(`it takes a whole number from 1 to ${SEED_MAX}.`);
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const command = new Command('npm run fuzz --')
  .description('Runs random packets through the kernel programs and their twin, and compares.')
  .option('--packets <number>', 'through each program', wholeNumber, 1_000_000)
  .option('--seed <number>', 'what all chance follows from', wholeNumber, 1)
  .addOption(new Option('--program <name>', 'one of them alone').choices(PROGRAMS));
command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
const { packets, seed, program } = command.parse().opts();

if (noKernel !== null) {
  say(`fuzz ${noKernel}`);
  process.exit(EXIT_USAGE);
}
const datapaths = openDatapaths();
try {
  for (const name of program === undefined ? PROGRAMS : [program]) {
    const started = performance.now();
    const failure = fuzz(datapaths, name, seed, packets);
    if (failure !== null) {
      say(report(failure));
      process.exitCode = 1;
      break;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${name}: ${packets} packets, no difference (seed ${seed}, ${seconds} s)`);
  }
} finally {
  datapaths.close();
}
