/**
 * `npm run bench -- NAME... | all`: runs benchmarks, each in a process of its own, since what one
 * left in memory and what it taught the compiler would be measured in the next. What cannot run
 * here is skipped by name, with the reason. Fails when a proof does not hold, never for a goal
 * that is missed.
 */
import './threads.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Benchmark, Result } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { machine } from './machine.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { renewPage } from './page.ts';
import { showResult } from './show.ts';

const PAGE = resolve(import.meta.dirname, '../../docs/benchmarks.md');
const facts = machine();
const options = parseOptions(process.argv.slice(2), BENCHMARKS);
let stopped = false;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function measure(benchmark: Benchmark): Promise<Result> {
  const started = performance.now();
  const { size, rounds } = options;
  say(`${benchmark.name}: ${size}, ${rounds} rounds`);
  const findings = await benchmark.run({ size, rounds, say: (line) => say(`  ${line}`) });
  const seconds = (performance.now() - started) / 1000;
  return { name: benchmark.name, size, seconds, ...findings };
}

async function measureApart({ name }: Benchmark, given: BenchOptions): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  const file = join(folder, 'result.json');
  const { size, rounds } = given;
  const asked = [name, '--size', size, '--rounds', String(rounds), '--json', file];
  const args = [...process.execArgv, import.meta.filename, ...asked];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const passOn = (signal: NodeJS.Signals): void => {
    child.kill(signal);
    stopped = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, passOn);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, passOn);
  try {
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: Result[] };
    return results;
  } catch (error) {
    say(`${name}: failed with exit code ${code}, ${(error as Error).message}`);
    process.exitCode = 1;
    return [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const reasonOf = ({ needs }: Benchmark): string | null =>
    needs.root && !isRoot ? 'it needs root (network namespaces, eBPF)' : (needs.missing ?? null);
  const unable = options.chosen.filter((benchmark) => reasonOf(benchmark) !== null);
  for (const each of unable) say(`${each.name}: skipped, ${reasonOf(each)}`);
  const able = options.chosen.filter((benchmark) => !unable.includes(benchmark));
  if (able.length === 0) process.exitCode = 1;
  const [only] = able;
  const results: Result[] = [];
  if (able.length === 1 && only !== undefined) results.push(await measure(only));
  else {
    for (const benchmark of able) {
      if (!stopped) results.push(...(await measureApart(benchmark, options)));
    }
  }
  publish(results);
  if (results.some(({ proofs }) => proofs.some(({ holds }) => !holds))) process.exitCode = 1;
}

function publish(results: readonly Result[]): void {
  const text = JSON.stringify({ machine: facts, results }, null, 2);
  if (options.json === 'stdout') console.log(text);
  else for (const result of results) console.log(showResult(result, facts));
  if (options.json !== null && options.json !== 'stdout') writeFileSync(options.json.file, text);
  if (!options.writeDocs) return;
  writeFileSync(PAGE, renewPage(readIfThere(PAGE), BENCHMARKS, results, facts));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

await main();
