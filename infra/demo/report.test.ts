/** The summary says what the report says, and nothing that was not measured. */
import { expect, test } from 'vitest';
import { brokenClaims, type Report, summary } from './report.ts';

const quiet = { refused: { count: 0, some: [] }, waiting: [] };
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
  expect(summary(measured, quiet)).not.toMatch(/connections|leaked|packets/);
  expect(summary(measured, quiet)).toContain('p50 4.0 ms, p99 20.0 ms, max 31.3 ms (64 pods)');
});

test('a run that did not settle, leaked or broke something says so', () => {
  const bad: Report = {
    ...measured,
    converged: false,
    connections: { attempted: 10, established: 9, broken: 2 },
    leakedPackets: 3,
    natAddressesSeen: ['203.0.113.17'],
    otherSourcesSeen: ['10.244.1.7'],
  };
  const text = summary(bad, quiet);
  expect(text).toContain('9 of 10 established, 2 broken');
  expect(text).toContain('leaked        3 packets');
  expect(text).toContain('203.0.113.17; also 10.244.1.7');
  expect(text).toContain('converged     NO');
});

test('a gateway that went is told with what broke, and for how long nothing came back', () => {
  const gone: Report = {
    ...measured,
    gatewayKill: { brokenConnections: 2, pauseMs: 160.6 },
    gatewayHandover: { brokenConnections: 0, pauseMs: 0 },
  };
  const text = summary(gone, quiet);
  expect(text).toContain('gateway died  2 connections broken, replies paused 161 ms');
  expect(text).toContain('handed over   0 connections broken, replies paused 0 ms');
  expect(brokenClaims(gone)).toEqual(['2 connections broke when a gateway died']);
  expect(summary(measured, quiet)).not.toContain('gateway');
});

test('of many processes each that was hurt is told, with what it cost', () => {
  const lost = (packetsLost: number) => ({ packetsLost });
  const distributed: Report = {
    ...measured,
    agentRestart: lost(0),
    controlRestart: lost(3),
    hubKill: lost(1),
    mapperKill: lost(0),
    mapperPause: lost(2),
  };
  const text = summary(distributed, quiet);
  expect(text).toContain('an agent (0 packets lost), a hub (1 packets lost),');
  expect(text).toContain('a mapper (0 packets lost); one was paused (2 packets lost)');
  expect(text).not.toContain('control process');
});

test('a good run has kept every claim; each that another broke is named', () => {
  expect(brokenClaims(measured)).toEqual([]);
  const good = { ...measured, leakedPackets: 0 };
  expect(brokenClaims(good)).toEqual([]);
  expect(brokenClaims({ ...good, converged: false })).toEqual(['it did not converge']);
  expect(brokenClaims({ ...good, leakedPackets: 3 })).toEqual(['3 packets leaked']);
  const connections = { attempted: 10, established: 9, broken: 2 };
  expect(brokenClaims({ ...good, connections })).toEqual(['2 connections broke']);
});

test('what was refused, and who has no berth, is told: how many, and the first of them', () => {
  const some = Array.from({ length: 9 }, (_, at) => `pods.ndjson:${at + 1}: BERTH_INPUT_SYNTAX`);
  const text = summary(measured, {
    refused: { count: 40, some },
    waiting: ['2 of shop/checkout: Exhausted'],
  });
  expect(text).toContain('refused       40 pieces of input');
  expect(text).toContain('pods.ndjson:1: BERTH_INPUT_SYNTAX');
  expect(text).toContain('and 35 more');
  expect(text).toContain('2 of shop/checkout: Exhausted');
});
