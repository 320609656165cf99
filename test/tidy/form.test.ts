/** Tidy: every source file is short, narrow, and says at its head why it exists. */
import { lstatSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ourFiles } from '../../scripts/sources.ts';
import { fileLength, functionLength, headComment, lineLength } from './form.ts';
import { violationsIn } from './violation.ts';

const TS = /\.(ts|mjs)$/;
const C = /\.[ch]$/;
const BYTES_MAX = 200_000;
/** Big by nature: one is npm's, the others are recorded examples. */
const MAY_BE_BIG = /^(package-lock\.json|docs\/examples\/[^/]+\.gz)$/;

describe('our files', () => {
  test('are at most 400 lines of TypeScript or 500 of C', () => {
    expect(violationsIn(TS, fileLength)).toEqual([]);
    expect(violationsIn(C, fileLength)).toEqual([]);
  });

  test('have lines of at most 100 columns', () => {
    expect(violationsIn(TS, lineLength)).toEqual([]);
    expect(violationsIn(C, lineLength)).toEqual([]);
  });

  test('have C functions of at most 70 lines', () => {
    expect(violationsIn(C, functionLength)).toEqual([]);
  });

  test('open with a comment, and in C with the licence', () => {
    expect(violationsIn(TS, headComment)).toEqual([]);
    expect(violationsIn(C, headComment)).toEqual([]);
  });

  test('are at most 200 kB', () => {
    const big = ourFiles().filter((path) => lstatSync(path).size > BYTES_MAX);
    expect(big.filter((path) => !MAY_BE_BIG.test(path))).toEqual([]);
  });

  test('have no C header that nobody includes', () => {
    const included = new Set(
      ourFiles()
        .filter((path) => C.test(path) || /(^|\/)(Makefile|[^/]+\.ts)$/.test(path))
        .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/#include "([^"]+)"/g)])
        .map(([, name = '']) => basename(name)),
    );
    const headers = ourFiles().filter((path) => path.endsWith('.h'));
    expect(headers.length).toBeGreaterThan(0);
    expect(headers.filter((path) => !included.has(basename(path)))).toEqual([]);
  });

  test('are found at all', () => {
    expect(ourFiles()).toContain('test/tidy/form.test.ts');
  });
});

describe('the checkers', () => {
  const lines = (count: number, line = 'x') => `${line}\n`.repeat(count);

  test('count lines by language', () => {
    expect(fileLength({ path: 'a.ts', text: lines(400) })).toEqual([]);
    expect(fileLength({ path: 'a.ts', text: lines(401) })).toHaveLength(1);
    expect(fileLength({ path: 'a.c', text: lines(500) })).toEqual([]);
    expect(fileLength({ path: 'a.c', text: lines(501) })).toHaveLength(1);
  });

  test('count a tab as eight columns, and spare a URL', () => {
    expect(lineLength({ path: 'a.c', text: 'y'.repeat(100) })).toEqual([]);
    expect(lineLength({ path: 'a.c', text: `\t${'y'.repeat(93)}` })).toHaveLength(1);
    expect(lineLength({ path: 'a.c', text: `// https://${'y'.repeat(100)}` })).toEqual([]);
  });

  test('measure each C function alone', () => {
    const short = `int f(void)\n{\n${lines(70)}}\n`;
    expect(functionLength({ path: 'a.c', text: short + short })).toEqual([]);
    expect(functionLength({ path: 'a.c', text: `int f(void)\n{\n${lines(71)}}\n` })).toHaveLength(
      1,
    );
  });

  test('see a missing head and a wrong licence', () => {
    expect(headComment({ path: 'a.ts', text: '#!/usr/bin/env node\n/** Why. */\n' })).toEqual([]);
    expect(headComment({ path: 'a.ts', text: "import 'a';\n/** Late. */\n" })).toHaveLength(1);
    const apache = '/* SPDX-License-Identifier: Apache-2.0 */\n';
    expect(headComment({ path: 'native/a.h', text: apache })).toEqual([]);
    expect(headComment({ path: 'bpf/a.h', text: apache })).toHaveLength(1);
  });
});
