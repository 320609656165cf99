/**
 * docs/benchmarks.md, which nobody writes by hand: a section for each benchmark, in their order. A
 * run replaces the sections of what it ran and leaves the others; each says on what it was
 * measured.
 */
import type { Benchmark, Result } from './benchmark.ts';
import { describeMachine, type Machine } from './machine.ts';
import { HEADINGS, type Row, rowsOf } from './rows.ts';

const HEAD = `# Benchmarks

Written by \`npm run bench -- all --write-docs\`; a change by hand is lost. Absolute numbers are
those of a machine that was shared; ratios are against a peer in the same run, taken in turn. The
median of the rounds counts; goals are the project's own. \`npm run bench -- NAME\` measures one
of them anew, \`--quick\` in a fraction of the time.
`;
const SECTION = /^## (\S+)$/m;

export function renewPage(
  page: string,
  benchmarks: readonly Benchmark[],
  results: readonly Result[],
  machine: Machine,
): string {
  const old = sectionsOf(page);
  const sections = benchmarks.flatMap((benchmark) => {
    const result = results.find(({ name }) => name === benchmark.name);
    if (result !== undefined) return [section(benchmark, result, machine)];
    return old.get(benchmark.name) ?? [];
  });
  return `${[HEAD, ...sections].map((part) => part.trim()).join('\n\n')}\n`;
}

function section(benchmark: Benchmark, result: Result, machine: Machine): string {
  return [
    `## ${benchmark.name}`,
    '',
    benchmark.about,
    '',
    row(HEADINGS),
    '|---|---|---|---|---|',
    ...rowsOf(result).map(row),
    '',
    `${result.setting}. ${describeMachine(machine)}.`,
    '',
    ...result.proofs.map(({ what, holds }) => `- ${holds ? 'Checked' : 'BROKEN'}: ${what}.`),
  ].join('\n');
}

function row({ what, median, spread, goal, met }: Row): string {
  return `| ${[what, median, spread, goal, met].join(' | ')} |`;
}

function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [, ...parts] = page.split(new RegExp(SECTION, 'm'));
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    found.set(parts[at] ?? '', `## ${parts[at]}${parts[at + 1]}`);
  }
  return found;
}
