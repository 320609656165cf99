/** The summary says what the report says, and nothing that was not measured. */
import { expect, test } from 'vitest';
import { type Report, summary } from './report.ts';

const measured: Report = {
  adapters: { eventLog: 'lmdb', jobs: 'local', source: 'manifests', datapath: 'memory' },
  seed: 1,
  durationSeconds: 60,
  pods: { created: 64, deleted: 40 },
  propagationMs: { p50: 4.04, p99: 20, max: 31.26, samples: 64 },
  updates: { sent: 300, naive: 208 },
  mapEntries: { actual: 400, naive: 3840 },
  converged: true,
};

test('a run without a lab speaks of no connections, leaks or packets', () => {
  expect(summary(measured)).not.toMatch(/connections|leaked|packets/);
  expect(summary(measured)).toContain('p50 4.0 ms, p99 20.0 ms, max 31.3 ms (64 pods)');
});

test('a run that did not settle, leaked or broke something says so', () => {
  const text = summary({
    ...measured,
    converged: false,
    connections: { attempted: 10, established: 9, broken: 2 },
    leakedPackets: 3,
    natAddressesSeen: ['203.0.113.17'],
    otherSourcesSeen: ['10.244.1.7'],
  });
  expect(text).toContain('9 of 10 established, 2 broken');
  expect(text).toContain('leaked        3 packets');
  expect(text).toContain('203.0.113.17; also 10.244.1.7');
  expect(text).toContain('converged     NO');
});
