/** The table in docs/operating.md names the scenarios that there are, and each has one test. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCENARIOS, type ScenarioId } from './scenarios.ts';
import { PAGE, rowsOf, withRows } from './table.ts';

const HERE = new URL('./', import.meta.url);
const page = readFileSync(PAGE, 'utf8');

test('the page names exactly the scenarios that there are, and what is done in each', () => {
  const rows = [...rowsOf(page)].map(([name, row]) => [name, row.split('|')[2]?.trim()]);
  expect(rows).toEqual(Object.values(SCENARIOS).map(({ name, done }) => [name, done]));
});

test('each scenario has one test', () => {
  const files = readdirSync(HERE).filter((name) => name.endsWith('.scenario.test.ts'));
  const text = files.map((name) => readFileSync(new URL(name, HERE), 'utf8')).join('\n');
  const played = [...text.matchAll(/scenario\(\s*'([a-z-]+)'/g)].map(([, id]) => id);
  expect(played.sort()).toEqual(Object.keys(SCENARIOS).sort());
});

test('a run writes the rows of what it played and leaves the others', () => {
  const [first = '', second = ''] = Object.keys(SCENARIOS);
  const empty = page.replace([...rowsOf(page).values()].join('\n'), '');
  const once = withRows(empty, new Map([[second as ScenarioId, 'all went well']]));
  const twice = withRows(once, new Map([[first as ScenarioId, 'so did this']]));
  expect([...rowsOf(twice).values()].map((row) => row.split('|')[3]?.trim())).toEqual([
    'so did this',
    'all went well',
  ]);
});
