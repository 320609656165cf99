/** What people read: goals beside medians, and sections that stay when another is measured anew. */
import { expect, test } from 'vitest';
import type { Benchmark, Measure, Result } from './benchmark.ts';
import { machine } from './machine.ts';
import { renewPage } from './page.ts';
import { rowsOf } from './rows.ts';
import { showResult } from './show.ts';

const MEASURE: Measure = { what: 'steps', unit: 'events/s', values: [90, 130, 101] };
const RESULT: Result = {
  name: 'walk',
  size: 'full',
  seconds: 3,
  setting: '3 legs',
  measures: [MEASURE],
  proofs: [{ what: 'it arrived', holds: true }],
};

const benchmark = (name: string): Benchmark => ({
  name,
  about: `How to ${name}.`,
  needs: { root: false },
  run: async () => RESULT,
});

test('the median of the rounds is held against the goal, never the best', () => {
  const goals = [{ atLeast: 100 }, { atLeast: 102 }, { atMost: 101 }, { atMost: 100 }];
  const met = goals.map((goal) => {
    const [row] = rowsOf({ ...RESULT, measures: [{ ...MEASURE, goal }] });
    return row?.met;
  });
  expect(met).toEqual(['yes', 'no', 'yes', 'no']);
});

test('spread is the lowest and highest round', () => {
  expect(rowsOf(RESULT)[0]).toMatchObject({ median: '101 events/s', spread: '90 - 130' });
});

test('a proof that does not hold is not overlooked', () => {
  const broken = { ...RESULT, proofs: [{ what: 'it arrived', holds: false }] };
  expect(showResult(broken, machine())).toContain('BROKEN  it arrived');
  expect(renewPage('', [benchmark('walk')], [broken], machine())).toContain('BROKEN: it arrived');
});

test('a section that was not measured stays, and all keep their order', () => {
  const benchmarks = [benchmark('walk'), benchmark('run'), benchmark('swim')];
  const swim = { ...RESULT, name: 'swim', setting: '9 strokes' };
  const run = { ...RESULT, name: 'run', setting: '5 laps' };
  const first = renewPage('', benchmarks, [RESULT, swim], machine());
  const second = renewPage(first, benchmarks, [run], machine());
  const said = ['3 legs', '5 laps', '9 strokes'].map((setting) => second.indexOf(setting));
  expect(said).toEqual([...said].sort((a, b) => a - b));
  expect(said.every((at) => at > 0)).toBe(true);
  expect(renewPage(second, benchmarks, [], machine())).toBe(second);
});
