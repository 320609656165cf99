/** What is exposed is what was counted and what is so at that moment, in Prometheus' words. */
import { describe, expect, test } from 'vitest';
import type { MetricTable } from '../../contract/metrics.ts';
import { jsonLog } from '../log.ts';
import { createMetrics } from './metrics.ts';

const TABLE = {
  tries_total: { type: 'counter', help: 'Tries.', labels: ['code', 'what'] },
  all_total: { type: 'counter', help: 'All.', labels: [] },
  waiting: { type: 'gauge', help: 'Who waits\nand "why".', labels: ['why'] },
  took_seconds: { type: 'histogram', help: 'Time.', labels: [], buckets: [0.1, 1] },
  never: { type: 'gauge', help: 'Fed by nobody.', labels: [] },
} as const satisfies MetricTable;

const metricsOfTable = () => createMetrics(TABLE, { log: jsonLog({ level: 'silent' }) });

describe('metrics', () => {
  test('count by label set, from nothing where there are no labels', async () => {
    const metrics = metricsOfTable();
    const tries = metrics.counter('tries_total');
    metrics.counter('all_total');
    tries.add({ code: '', what: 'a' }, 2);
    tries.add({ code: '', what: 'a' });
    tries.add({ code: 'X', what: 'a' }, 0);
    expect(await metrics.text()).toBe(
      [
        '# HELP tries_total Tries.',
        '# TYPE tries_total counter',
        'tries_total{code="",what="a"} 3',
        'tries_total{code="X",what="a"} 0',
        '# HELP all_total All.',
        '# TYPE all_total counter',
        'all_total 0',
        '',
      ].join('\n'),
    );
  });

  test('tell label sets apart, whatever their values hold', async () => {
    const metrics = metricsOfTable();
    const tries = metrics.counter('tries_total');
    tries.add({ code: 'a', what: 'b c' });
    tries.add({ code: 'a b', what: 'c' });
    expect((await metrics.text()).match(/ 1$/gm)).toHaveLength(2);
  });

  test('read what is so when they are asked, and escape what must be', async () => {
    const metrics = metricsOfTable();
    let waiting = 1n;
    metrics.reads('waiting', () => [{ labels: { why: 'a "b"\\\n' }, value: waiting }]);
    await metrics.text();
    waiting = 2n ** 60n;
    expect(await metrics.text()).toBe(
      '# HELP waiting Who waits\\nand "why".\n# TYPE waiting gauge\n' +
        'waiting{why="a \\"b\\"\\\\\\n"} 1152921504606846976\n',
    );
  });

  test('write values that are no decimal numbers as Prometheus does', async () => {
    const metrics = metricsOfTable();
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    metrics.reads('waiting', () =>
      values.map((value, at) => ({ labels: { why: `${at}` }, value })),
    );
    expect((await metrics.text()).match(/\S+$/gm)?.slice(-3)).toEqual(['+Inf', '-Inf', 'NaN']);
  });

  test('leave out what cannot be read, and give the rest', async () => {
    const metrics = metricsOfTable();
    metrics.reads('waiting', () => {
      throw new Error('gone');
    });
    metrics.counter('all_total');
    const text = await metrics.text();
    expect([text.includes('waiting'), text.includes('all_total 0')]).toEqual([false, true]);
  });

  test('sum up a histogram bucket by bucket', async () => {
    const metrics = metricsOfTable();
    const took = metrics.histogram('took_seconds');
    for (const value of [0.1, 0.5, 7]) took.observe(value);
    expect((await metrics.text()).split('\n').slice(2, -1)).toEqual([
      'took_seconds_bucket{le="0.1"} 1',
      'took_seconds_bucket{le="1"} 2',
      'took_seconds_bucket{le="+Inf"} 3',
      'took_seconds_sum 7.6',
      'took_seconds_count 3',
    ]);
  });
});
