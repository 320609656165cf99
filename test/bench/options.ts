/** What `npm run bench` can be told. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type Benchmark, SIZES, type Size } from './benchmark.ts';

export interface BenchOptions {
  readonly chosen: readonly Benchmark[];
  readonly size: Size;
  readonly rounds: number;
  /** JSON instead of tables: on stdout, or in a file. */
  readonly json: 'stdout' | { readonly file: string } | null;
  readonly writeDocs: boolean;
}

const ROUNDS: Readonly<Record<Size, number>> = { tiny: 1, quick: 3, full: 5 };
const ROUNDS_MAX = 100;
const EXIT_USAGE = 2;
const ALL = 'all';

export function parseOptions(
  args: readonly string[],
  benchmarks: readonly Benchmark[],
): BenchOptions {
  const names = [...benchmarks.map(({ name }) => name), ALL];
  const command = new Command('npm run bench --')
    .description('Measures Berth on this machine, beside peers in the same run.')
    .addArgument(new Argument('<names...>', 'what to measure').choices(names))
    .addOption(new Option('--size <size>', 'how much work').choices(SIZES).default('full'))
    .option('--quick', 'the same as --size quick: minutes for all of them')
    .option('--rounds <number>', 'how often each contender has its turn', rounds)
    .option('--json [file]', 'JSON instead of tables; into a file, beside them')
    .option('--write-docs', 'write what was measured into docs/benchmarks.md', false);
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  command.parse([...args], { from: 'user' });
  const given = command.opts();
  const wanted = new Set(command.args);
  const size = given['quick'] === true ? 'quick' : (given['size'] as Size);
  const json: unknown = given['json'];
  return {
    chosen: benchmarks.filter(({ name }) => wanted.has(name) || wanted.has(ALL)),
    size,
    rounds: given['rounds'] ?? ROUNDS[size],
    json: typeof json === 'string' ? { file: json } : json === true ? 'stdout' : null,
    writeDocs: given['writeDocs'],
  };
}

function rounds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= ROUNDS_MAX) return number;
  throw new InvalidArgumentError(`it takes a whole number from 1 to ${ROUNDS_MAX}.`);
}
