/** Tidy: no hidden clock, dice or timer in what must be the same on every replay. */
import { describe, expect, test } from 'vitest';
import { bannedWords } from './banned-words.ts';
import { violationsIn } from './violation.ts';

test('our source has no banned word', () => {
  expect(violationsIn(/\.(ts|mjs|c|h)$/, bannedWords)).toEqual([]);
});

describe('the checker', () => {
  const finds = (path: string, text: string) => bannedWords({ path, text }).length > 0;

  test.each([
    ['services/mapper/a.ts', 'const now = Date.now();'],
    ['services/mapper/a.ts', 'const now = new Date();'],
    ['services/hub/a.ts', 'if (Math.random() < 0.5) return;'],
    ['services/hub/a.ts', 'setTimeout(retry, 10);'],
    ['services/ports/jobs/port.ts', 'setInterval(poll, 10);'],
    ['services/cli/a.ts', 'const x = y as any;'],
    ['services/cli/a.test.ts', "test.skip('later', () => {});"],
    ['bpf/lib/parse.h', '// TODO: options'],
  ])('refuses in %s: %s', (path, text) => {
    expect(finds(path, text)).toBe(true);
  });

  test.each([
    ['services/runtime/clock.ts', 'now: () => Date.now(),'],
    ['services/ports/jobs/in-process.ts', 'setTimeout(run, 10);'],
    ['services/mapper/a.test.ts', 'await new Promise((done) => setTimeout(done, 1));'],
    ['services/mapper/a.ts', '// Not Date.now(): a replay must not choose again.'],
    ['services/mapper/a.ts', 'const at = new Date(record.timeMs);'],
    ['bpf/lib/parse.h', '// TODO(#12): options'],
  ])('lets pass in %s: %s', (path, text) => {
    expect(finds(path, text)).toBe(false);
  });
});
