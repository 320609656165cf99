/**
 * The table of docs/operating.md, between its markers: one row a scenario, from what the last run
 * of each has written to build/. A run writes it when it ends; what was not played keeps its row.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SCENARIOS, type ScenarioId } from './scenarios.ts';

/** What was seen in a scenario, as the table says it. */
export type Seen = string;

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const SEEN_FOLDER = root('build/failures');
export const PAGE = root('docs/operating.md');
const BEGIN = '<!-- failures: written by npm run test:failures -->';
const END = '<!-- failures: end -->';
const HEAD = ['| scenario | what was done | what was seen |', '|---|---|---|'];

/** Names to rows, as the page has them. */
export function rowsOf(page: string): ReadonlyMap<string, string> {
  const lines = between(page).split('\n').slice(HEAD.length);
  return new Map(
    lines.filter((line) => line !== '').map((line) => [line.split('|')[1]?.trim() ?? '', line]),
  );
}

/** The page with a row for each scenario that was seen, or had one. */
export function withRows(page: string, seen: ReadonlyMap<ScenarioId, Seen>): string {
  const before = rowsOf(page);
  const rows = Object.entries(SCENARIOS).flatMap(([id, { name, done }]) => {
    const fresh = seen.get(id as ScenarioId);
    if (fresh === undefined) return before.get(name) ?? [];
    return `| ${name} | ${done} | ${fresh} |`;
  });
  const table = [...HEAD, ...rows].join('\n');
  return page.replace(between(page), `${table}\n`);
}

function between(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error('the page has no place for the table');
  return page.slice(from + BEGIN.length + 1, to);
}

/** After a run. */
export function writeTable(): void {
  const seen = new Map<ScenarioId, Seen>();
  for (const id of Object.keys(SCENARIOS) as ScenarioId[]) {
    try {
      seen.set(id, JSON.parse(readFileSync(`${SEEN_FOLDER}/${id}.json`, 'utf8')) as Seen);
    } catch {
      // Not played, or it has failed.
    }
  }
  writeFileSync(PAGE, withRows(readFileSync(PAGE, 'utf8'), seen));
}
