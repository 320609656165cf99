/** Two CPUs give one flow one slot, in every order of their steps that slots-race.c tries. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const BPF = resolve(import.meta.dirname, '..');
const FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror', `-I${BPF}`, `-I${BPF}/include`];

test('two CPUs that look for one flow’s slot at once find the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-slots-race-'));
  try {
    const program = join(folder, 'slots-race');
    execFileSync('clang-19', [...FLAGS, join(BPF, 'test/slots-race.c'), '-o', program]);
    expect(execFileSync(program, { encoding: 'utf8' })).toMatch(/^[1-9]\d{3} orders, 0 wrong\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
