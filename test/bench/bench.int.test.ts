/**
 * Each benchmark in its smallest size, by the command: it runs, says numbers, and did the work
 * that it says numbers of. Never how fast: that is for people to look at.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';
import type { Result } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
/** Some start processes, on a machine that may be busy. */
const TIMEOUT_MS = 180_000;
const isRoot = process.getuid?.() === 0;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

function bench(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
}

describe.each(BENCHMARKS)('bench $name', { timeout: TIMEOUT_MS }, ({ name, needs }) => {
  test('does the work that it measures, and says a number for each measure', (ctx) => {
    ctx.skip(needs.root && !isRoot, 'needs root (network namespaces, eBPF)');
    const missing = needs.missing ?? null;
    ctx.skip(missing !== null, missing ?? '');
    const file = join(folder.path, `${name}.json`);
    const { status, stderr } = bench(name, '--size', 'tiny', '--json', file);
    expect(status, stderr).toBe(0);
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: Result[] };
    const [result] = results;
    expect(results).toHaveLength(1);
    expect(result).toMatchObject({ name, size: 'tiny' });
    expect(result?.measures.length).toBeGreaterThan(0);
    for (const { what, values } of result?.measures ?? []) {
      expect(values.length, what).toBeGreaterThan(0);
      for (const value of values) expect(value, what).toBeGreaterThanOrEqual(0);
    }
    expect(result?.proofs.length).toBeGreaterThan(0);
    for (const { what, holds } of result?.proofs ?? []) expect(holds, what).toBe(true);
  });
});

test('a name that it does not know is refused, and the known ones are said', () => {
  const { status, stderr } = bench('nothing');
  expect(status).toBe(2);
  for (const { name } of BENCHMARKS) expect(stderr).toContain(name);
});
