/** No report of a mapping is lost with a link, and none is told for ever. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../runtime/clock.ts';
import { createMappedReports } from './mapped-reports.ts';

function clockAt(time: { ms: number }): Clock {
  return { nowMs: () => time.ms, sleep: () => Promise.resolve(), after: () => () => undefined };
}

describe('reports of mappings', () => {
  it('are kept while there is no link, however long', () => {
    const time = { ms: 0 };
    const reports = createMappedReports({ deliveredAfterMs: 10 }, { clock: clockAt(time) });
    reports.add(['a'], 1);
    time.ms = 1000;
    reports.add(['b'], 2);
    expect(reports.linkUp()).toEqual([
      { uids: ['a'], readBackAtMs: 1 },
      { uids: ['b'], readBackAtMs: 2 },
    ]);
  });

  it('are told again when their link broke soon after', () => {
    const time = { ms: 0 };
    const reports = createMappedReports({ deliveredAfterMs: 10 }, { clock: clockAt(time) });
    reports.linkUp();
    reports.add(['a'], 1);
    time.ms = 15;
    reports.add(['b'], 2);
    time.ms = 20;
    reports.linkDown();
    time.ms = 100;
    expect(reports.linkUp()).toEqual([{ uids: ['b'], readBackAtMs: 2 }]);
  });

  it('are one a pod, the latest', () => {
    const reports = createMappedReports({ deliveredAfterMs: 10 }, { clock: clockAt({ ms: 0 }) });
    reports.add(['a', 'b'], 1);
    reports.add(['a'], 2);
    expect(reports.linkUp()).toEqual([
      { uids: ['a'], readBackAtMs: 2 },
      { uids: ['b'], readBackAtMs: 1 },
    ]);
  });
});
