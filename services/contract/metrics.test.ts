/** The table of metrics keeps Prometheus' rules of names, and its page says the same as it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricsPage } from '../../scripts/metrics-page.ts';
import { AGENT_METRICS, CONTROL_METRICS, type MetricTable, PROCESS_METRICS } from './metrics.ts';

const TABLES: readonly MetricTable[] = [PROCESS_METRICS, AGENT_METRICS, CONTROL_METRICS];
const ROWS = TABLES.flatMap((table) => Object.entries(table));
const NAMES = ROWS.map(([name]) => name);
const BASE_UNITS = /_(seconds|bytes|entries)(_max|_total|$)/;
const OTHER_UNITS = /_(ms|millis\w*|minutes|hours|kb|mb|mib|percent)(_|$)/;

test('names are our own, or those that every process has', () => {
  const shape = /^(berth|process|nodejs)_[a-z]+(_[a-z]+)*$/;
  expect(NAMES.filter((name) => !shape.test(name))).toEqual([]);
  const ours = Object.keys({ ...AGENT_METRICS, ...CONTROL_METRICS });
  expect(ours.filter((name) => !name.startsWith('berth_'))).toEqual([]);
});

test('counters end in _total, and nothing else does', () => {
  const wrong = ROWS.filter(([name, { type }]) => name.endsWith('_total') !== (type === 'counter'));
  expect(wrong).toEqual([]);
});

test('units are base units, and histograms have one', () => {
  expect(NAMES.filter((name) => OTHER_UNITS.test(name))).toEqual([]);
  const without = ROWS.filter(([name, { type }]) => type === 'histogram' && !BASE_UNITS.test(name));
  expect(without).toEqual([]);
});

test('no name is taken twice, nor the names that a histogram makes', () => {
  const made = ROWS.flatMap(([name, { type }]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
  );
  expect(new Set(made).size).toBe(made.length);
});

test('labels are words, none reserved; buckets ascend', () => {
  for (const [, { labels, buckets = [] }] of ROWS) {
    expect(labels.filter((label) => !/^[a-z]+(_[a-z]+)*$/.test(label) || label === 'le')).toEqual(
      [],
    );
    expect([...buckets]).toEqual(buckets.toSorted((a, b) => a - b));
  }
});

test('helps are sentences', () => {
  expect(ROWS.filter(([, { help }]) => !/^[A-Z0-9].+\.$/.test(help))).toEqual([]);
});

test('docs/metrics.md is what the table says (npm run gen:metrics)', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toBe(metricsPage());
});
