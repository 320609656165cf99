/** The report has the names that were promised, says what the log says, nothing of other runs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../infra/demo/report.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { type DemoRuns, demoRuns } from './demo-runs.ts';
import { type FakeCluster, fakeCluster } from './fake-cluster.ts';
import { readKeptLog } from './kept-log.ts';
import { writeFolder } from './stream-files.ts';

const ALWAYS = {
  adapters: ['datapath', 'eventLog', 'jobs', 'source'],
  seed: null,
  durationSeconds: null,
  pods: ['created', 'deleted'],
  aclGate: ['addressesAdmitted'],
  propagationMs: ['max', 'p50', 'p99', 'samples'],
  updates: ['naive', 'sent'],
  mapEntries: ['actual', 'naive'],
  converged: null,
};
const IN_THE_LAB = {
  connections: ['attempted', 'broken', 'established'],
  leakedPackets: null,
  natAddressesSeen: null,
  otherSourcesSeen: null,
  aclGate: ['addressesAdmitted', 'usedBeforeAdmitted'],
  agentRestart: ['packetsLost'],
  controlRestart: ['packetsLost'],
  gatewayKill: ['brokenConnections', 'pauseMs'],
  gatewayHandover: ['brokenConnections', 'pauseMs'],
};
const MEMORY = ['--datapath', 'memory'];

let runs: DemoRuns;

beforeAll(async () => {
  runs = await demoRuns();
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
});

/** `name`: of this run alone. */
async function played(
  name: string,
  cluster: FakeCluster,
  ...args: readonly string[]
): Promise<Report> {
  const recording = await writeFolder(join(runs.path, `${name}-recording`), cluster);
  const json = join(runs.path, `${name}.json`);
  const run = await runs.start(name, ['--recording', recording, '--json', json, ...args]);
  expect([await run.exited, run.output]).toEqual([0, expect.stringContaining('converged     yes')]);
  return JSON.parse(await readFile(json, 'utf8')) as Report;
}

function namesOf(report: Report): Record<string, readonly string[] | null> {
  const named = Object.entries(report).map(([name, value]: [string, unknown]) => {
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [name, isRecord ? Object.keys(value).sort() : null] as const;
  });
  return Object.fromEntries(named);
}

describe.concurrent('a kept log', () => {
  test('is the history of one run after the other, each reported by itself', async () => {
    const data = join(runs.path, 'kept', 'data');
    const kept = [...MEMORY, '--speed', '20', '--data', data];
    const size = { namespaces: 3, pods: 30, seconds: 20 };
    const first = fakeCluster({ seed: 1, nodes: 3, ...size });
    const firstReport = await played('first', first, ...kept, '--seed', '1');
    const afterFirst = await readKeptLog(data);

    expect(namesOf(firstReport)).toEqual(ALWAYS);
    expect(firstReport).toMatchObject({
      adapters: { eventLog: 'lmdb', jobs: 'local', source: 'recording', datapath: 'memory' },
      seed: 1,
      pods: { created: first.uidsCreated, deleted: first.uidsDeleted },
      converged: true,
    });
    // One that came and went while the control process was down was never seen.
    expect(afterFirst.pods.seen.isSubsetOf(first.uids)).toBe(true);
    expect(afterFirst.pods.present).toEqual(first.liveUids);

    // Two of the three nodes come again, and nobody of the pods.
    const second = fakeCluster({ seed: 2, nodes: 2, ...size });
    const secondReport = await played('second', second, ...kept);
    const afterSecond = await readKeptLog(data);
    expect(secondReport).toMatchObject({
      pods: { created: second.uidsCreated, deleted: second.uidsDeleted },
      converged: true,
    });
    expect(secondReport.propagationMs?.samples).toBeLessThanOrEqual(second.uidsCreated);
    expect(secondReport.updates.sent).toBeLessThan(2 * firstReport.updates.sent);
    expect(afterSecond.events.slice(0, 5)).toEqual(afterFirst.events.slice(0, 5));
    expect(afterSecond.pods.seen.isSupersetOf(afterFirst.pods.seen)).toBe(true);
    expect(afterSecond.pods.seen.isSubsetOf(first.uids.union(second.uids))).toBe(true);
    expect(afterSecond.pods.present).toEqual(second.liveUids);
  });
});

describe.concurrent('the seed', () => {
  /** The first pods, and some that came and went after them. */
  const ENOUGH = 30;

  test('fixes which pods come and go, in which order, on which nodes', async () => {
    const histories = await Promise.all([churnOf('5', 'a'), churnOf('5', 'b'), churnOf('6', 'c')]);
    const [one = [], again = [], other = []] = histories;
    const length = Math.min(one.length, again.length, other.length);
    expect(length).toBeGreaterThanOrEqual(ENOUGH);
    expect(one.slice(0, length)).toEqual(again.slice(0, length));
    expect(one.slice(0, length)).not.toEqual(other.slice(0, length));
  });

  /** The first pods (in no order: they start at once), then what came and went. */
  async function churnOf(seed: string, name: string): Promise<string[]> {
    const data = join(runs.path, `data-${name}`);
    const run = await runs.start(name, [...MEMORY, '--seed', seed, '--data', data]);
    await run.until('policy: ledger gets');
    run.kill('SIGINT');
    await run.exited;
    const { events } = await readKeptLog(data);
    const names = new Map<string, string>();
    const changes: string[] = [];
    for (const { record } of events.toSorted((a, b) => a.timeMs - b.timeMs)) {
      const { body } = record;
      if (body.type === 'PodObserved' && !names.has(body.pod.uid)) {
        names.set(body.pod.uid, `${record.aggregate}/${body.pod.name} on ${body.pod.node}`);
        changes.push(`+ ${names.get(body.pod.uid)}`);
      }
      if (body.type === 'PodGone') changes.push(`- ${names.get(body.uid)}`);
    }
    return [...changes.slice(0, 24).sort(), ...changes.slice(24)];
  }
});

describe('a report from the lab', () => {
  test('has every name, and what the targets saw', async (context) => {
    needsLab(context);
    const size = { nodes: 8, namespaces: 30, pods: 80, seconds: 40 };
    const cluster = fakeCluster({ seed: 3, ...size, noise: 0.1 });
    const report = await played('lab', cluster, '--speed', '10', '--seed', '9');
    expect(namesOf(report)).toEqual({ ...ALWAYS, ...IN_THE_LAB });
    expect(report).toMatchObject({
      adapters: { source: 'recording', datapath: 'kernel' },
      seed: 9,
      pods: { created: cluster.uidsCreated, deleted: cluster.uidsDeleted },
      leakedPackets: 0,
      otherSourcesSeen: [],
      agentRestart: { packetsLost: 0 },
      controlRestart: { packetsLost: 0 },
      gatewayKill: { brokenConnections: 0 },
      gatewayHandover: { brokenConnections: 0 },
      converged: true,
    });
    // Thirty namespaces share no address.
    expect(report.natAddressesSeen?.length).toBeGreaterThan(16);
    expect(report.connections?.established).toBeGreaterThan(0);
    expect(report.connections?.broken).toBe(0);
  });
});
