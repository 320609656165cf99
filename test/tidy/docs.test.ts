/** Tidy: the documents are short, lead where they say, and name only what exists. */
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ourFiles } from '../../scripts/sources.ts';
import { brokenLinks, decisionTwins, missingHeadings, missingProofs } from './docs.ts';
import { linesOf, violationsIn } from './violation.ts';

const ARCHITECTURE = 'docs/ARCHITECTURE.md';
const ARCHITECTURE_LINES_MAX = 250;
const README_LINES_MAX = 150;
/** Where the checkers below are tried on names that do not exist. */
const HERE = 'test/tidy/docs.test.ts';

const textOf = (path: string): string => readFileSync(path, 'utf8');

const OUR_FILES = ourFiles();

/** As a clone holds it: what git ignores is not there for others. */
function read(path: string): string | null {
  if (!OUR_FILES.some((file) => file === path || file.startsWith(`${path}/`))) return null;
  return statSync(path).isDirectory() ? '' : textOf(path);
}

describe('our documents', () => {
  test('have links that resolve', () => {
    expect(violationsIn(/\.md$/, (file) => brokenLinks(file, read))).toEqual([]);
  });

  test('number the decisions, none twice', () => {
    const isDecision = (path: string): boolean => path.startsWith('docs/decisions/');
    expect(OUR_FILES.filter(isDecision)).not.toEqual([]);
    expect(decisionTwins(OUR_FILES)).toEqual([]);
  });

  test('have every heading that a comment quotes', () => {
    const check = (file: { path: string; text: string }) =>
      file.path === HERE ? [] : missingHeadings(file, textOf(ARCHITECTURE));
    expect(violationsIn(/\.(ts|mjs|[ch]|proto)$/, check)).toEqual([]);
  });

  test('name as proof only tests that exist', () => {
    expect(violationsIn(/\.md$/, (file) => missingProofs(file, read))).toEqual([]);
  });

  test('are short enough to be read', () => {
    expect(linesOf(textOf(ARCHITECTURE)).length).toBeLessThanOrEqual(ARCHITECTURE_LINES_MAX);
    expect(linesOf(textOf('README.md')).length).toBeLessThanOrEqual(README_LINES_MAX);
  });
});

describe('the checkers', () => {
  const files: Readonly<Record<string, string>> = {
    'docs/a.md': '# A berth\n\n## The log, again\n',
    docs: '',
    'x.test.ts': "test('a name', () => {});\n",
  };
  const readFake = (path: string): string | null => files[path] ?? null;
  const links = (text: string) => brokenLinks({ path: 'docs/b.md', text }, readFake);

  test('see a link to nowhere, and to no heading', () => {
    expect(links('[a](a.md) [b](../docs/) [c](#here) [d](https://example.org)\n# Here\n')).toEqual(
      [],
    );
    expect(links('[a](a.md#the-log-again)')).toEqual([]);
    expect(links('[a](c.md)')).toHaveLength(1);
    expect(links('[a](a.md#the-log)')).toHaveLength(1);
    expect(links('```\n[a](c.md)\n```\n`[a](c.md)`')).toEqual([]);
  });

  test('see a quoted heading that is not there, also on the next line', () => {
    const check = (text: string) => missingHeadings({ path: 'a.ts', text }, '## One\n## Two\n');
    expect(check('docs/ARCHITECTURE.md, "One", "Two"')).toEqual([]);
    expect(check('docs/ARCHITECTURE.md, "Three"')).toHaveLength(1);
    expect(check('/**\n * (docs/ARCHITECTURE.md,\n * "Three")\n */')).toHaveLength(1);
  });

  test('see a twin and a wrong name among the decisions', () => {
    const twins = (...names: string[]) =>
      decisionTwins(names.map((name) => `docs/decisions/${name}`));
    expect(twins('0001-a.md', '0003-b.md')).toEqual([]);
    expect(twins('0001-a.md', '0001-b.md')).toHaveLength(1);
    expect(twins('0001-a.md', 'two.md')).toHaveLength(1);
  });

  test('see a proof that is not there', () => {
    const proofs = (text: string) => missingProofs({ path: 'docs/b.md', text }, readFake);
    expect(proofs('| `x.test.ts`: "a name" |')).toEqual([]);
    expect(proofs('| `x.test.ts`: "a name", "another" |')).toHaveLength(1);
    expect(proofs('| `y.test.ts`: "a name" |')).toHaveLength(1);
  });
});
