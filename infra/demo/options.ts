/** What the demo can be told on its command line, checked before anything is started. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

export interface DemoOptions {
  readonly datapath: 'kernel' | 'memory';
  /** Fixes the churn: which pods, where, when. */
  readonly seed: number;
  /** Each role a process of its own, on a real Kafka and a real Redis. */
  readonly distributed: boolean;
  /** File for the report; null: none. */
  readonly json: string | null;
  /** Folder that keeps the log after the end; null: it goes with the demo. */
  readonly data: string | null;
  /** Leave everything running at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** A recorded watch stream to play instead of the churn. */
  readonly recording: string | null;
  /** Recorded seconds in one second. */
  readonly speed: number;
}

const SPEED_MAX = 1000;
/** As in the error table. */
const EXIT_USAGE = 2;

export function parseOptions(args: readonly string[], drawSeed: () => number): DemoOptions {
  const command = new Command('npm run demo --')
    .description('Runs Berth for real in a lab of network namespaces, and shows it live.')
    .addOption(
      new Option(
        '--datapath <kind>',
        'kernel: eBPF in a lab (root); memory: no lab, simulated pods',
      )
        .choices(['kernel', 'memory'])
        .default('kernel'),
    )
    .option('--distributed', 'each role its own process, on a real Kafka and Redis', false)
    .option('--seed <number>', 'fixes the churn', wholeNumber)
    .option('--json <file>', 'write the report there', writable)
    .option('--data <dir>', 'keep the log there')
    .option('--keep', 'leave it running at the end, until Ctrl-C', false)
    .option('--recording <path>', 'play this recorded watch stream (file or folder)', existing)
    .option('--speed <number>', 'recorded seconds in one second', speed, 1);
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  command.parse([...args], { from: 'user' });
  const given = command.opts();
  if (given['distributed'] === true && given['data'] !== undefined) {
    command.error('error: --data keeps the embedded log; with --distributed it is in Kafka');
  }
  return {
    datapath: given['datapath'],
    seed: given['seed'] ?? drawSeed(),
    distributed: given['distributed'],
    json: given['json'] ?? null,
    data: given['data'] ?? null,
    keep: given['keep'],
    recording: given['recording'] ?? null,
    speed: given['speed'],
  };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) {
    throw new InvalidArgumentError('it takes a whole number from 0 to 4294967295.');
  }
  return number;
}

function speed(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= SPEED_MAX)) {
    throw new InvalidArgumentError(`it takes a number above 0, up to ${SPEED_MAX}.`);
  }
  return number;
}

function existing(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new InvalidArgumentError('there is no such file or folder.');
  }
  return path;
}

/** Found out now, not after a minute. */
function writable(file: string): string {
  const isThere = statSync(file, { throwIfNoEntry: false });
  try {
    accessSync(isThere === undefined ? dirname(file) : file, constants.W_OK);
  } catch {
    throw new InvalidArgumentError('it cannot be written.');
  }
  if (isThere?.isDirectory() === true) throw new InvalidArgumentError('it is a folder.');
  return file;
}
