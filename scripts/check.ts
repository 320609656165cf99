/**
 * `npm run check`: everything about the source that can be known without running it. All steps run,
 * even after one has failed; each says its name and its seconds, and only a failed one its output.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CLANG_FORMAT, cFiles, SOURCE_FOLDERS } from './sources.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Why the step cannot run here; null when it can. */
  readonly skipped?: string | null;
  /** What the output must hold for the step to count: some tools pass when they saw nothing. */
  readonly proof?: RegExp;
}

const folders = SOURCE_FOLDERS.filter((folder) => existsSync(folder));

const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint and format', command: ['biome', 'ci', '--colors=off', '--max-diagnostics=50'] },
  {
    name: 'import directions',
    command: ['depcruise', '--config', '.dependency-cruiser.mjs', ...folders],
    // With a compiler that it does not know, it reads no file and reports no violation.
    proof: /\([1-9]\d* modules/,
  },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  {
    // What only tests use is not needed.
    name: 'unused in production',
    command: ['knip', '--no-progress', '--production', '--include', 'files,dependencies'],
  },
  { name: 'proto lint', command: ['buf', 'lint'] },
  { name: 'generated code', command: ['npm', 'run', '-s', 'gen:check'] },
  {
    name: 'generated layouts',
    command: ['node', 'bpf/gen/generate.ts', '--check'],
    skipped: existsSync('build/bpf/tc.bpf.o') ? null : 'there is no C build (npm run ready)',
  },
  { name: 'RFC page', command: ['node', 'test/rfc/main.ts', '--check'] },
  { name: 'house law', command: ['vitest', 'run', 'test/tidy'], proof: /Tests +\d+ passed/ },
  {
    name: 'C format',
    command: [CLANG_FORMAT, '--dry-run', '-Werror', ...cFiles()],
    skipped: whyNoFormat(),
  },
];

/** Tests that a check runs are counted where all tests are run. */
const ENVIRONMENT = { ...process.env, BERTH_TEST_TOTALS: '', NO_COLOR: '1' };

const failed = STEPS.filter((step) => !passes(step));
if (failed.length > 0) {
  console.error(`check failed: ${failed.map((step) => step.name).join(', ')}`);
  process.exitCode = 1;
}

function passes(step: Step): boolean {
  if (step.skipped) {
    console.log(`skipped ${step.name}: ${step.skipped}`);
    return true;
  }
  const started = performance.now();
  const [command = '', ...args] = step.command;
  const result = spawnSync(command, args, { encoding: 'utf8', env: ENVIRONMENT });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  const isProven = step.proof?.test(output) ?? true;
  const ok = result.status === 0 && isProven;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? 'ok     ' : 'FAILED '} ${step.name} (${seconds} s)`);
  if (!ok) console.log(output.trim());
  if (result.status === 0 && !isProven) console.log(`${command} passed, but saw nothing`);
  return ok;
}

function whyNoFormat(): string | null {
  if (cFiles().length === 0) return 'there is no C yet';
  return existsSync(CLANG_FORMAT) ? null : 'clang-format-19 is not installed';
}
