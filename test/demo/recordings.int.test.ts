/**
 * Recordings that nobody has seen before are played: whatever is in them, the demo converges,
 * counts their pods, gives every pod its berth, and tells what it had to refuse.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../infra/demo/report.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { type DemoRuns, demoRuns } from './demo-runs.ts';
import { type ClusterInit, type FakeCluster, fakeCluster } from './fake-cluster.ts';
import { readKeptLog } from './kept-log.ts';
import { OWN_POOL, ownPolicies } from './own-policies.ts';
import { writeFolder, writeMixed } from './stream-files.ts';

const SMALL: ClusterInit = { seed: 1, nodes: 2, namespaces: 3, pods: 40, seconds: 40 };

let runs: DemoRuns;

beforeAll(async () => {
  runs = await demoRuns();
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
});

interface Played {
  readonly report: Report;
  readonly output: string;
  /** Uids of pods that shall have a berth and have none. */
  readonly without: readonly string[];
}

/** `name`: of this play alone. */
async function play(name: string, recording: string, ...args: string[]): Promise<Played> {
  const own = join(runs.path, name);
  const [json, data] = [join(own, 'report.json'), join(own, 'data')];
  const given = ['--recording', recording, '--json', json, '--data', data, ...args];
  const run = await runs.start(name, given);
  expect([await run.exited, run.output]).toEqual([0, expect.stringContaining('converged     yes')]);
  const { world } = await readKeptLog(data);
  const namespaces = [...world.aggregates()].filter((state) => state.kind === 'namespace');
  const without = namespaces.flatMap(({ pods, egressNats }) =>
    [...pods.values()].flatMap(({ facts, present, berths }) => {
      const shallHave = present && facts.node !== null && !facts.hostNetwork && !facts.finished;
      return shallHave && egressNats.size > 0 && berths.size === 0 ? [facts.uid] : [];
    }),
  );
  const report = JSON.parse(await readFile(json, 'utf8')) as Report;
  return { report, output: run.output, without };
}

function inMemory(name: string, recording: string): Promise<Played> {
  return play(name, recording, '--datapath', 'memory', '--speed', '50');
}

function expectCounted({ report, without }: Played, cluster: FakeCluster): void {
  const { uidsCreated, uidsDeleted } = cluster;
  expect(report.pods).toEqual({ created: uidsCreated, deleted: uidsDeleted });
  expect(report.converged).toBe(true);
  expect(without).toEqual([]);
}

describe.concurrent('without a lab', () => {
  test('thirty namespaces on eight nodes, pods with IPv6 addresses in capitals', async () => {
    const cluster = fakeCluster({
      ...SMALL,
      nodes: 8,
      namespaces: 30,
      pods: 200,
      podIps: 'mixed-case-v6',
    });
    const recording = await writeFolder(join(runs.path, 'wide'), cluster);
    expectCounted(await inMemory('wide-run', recording), cluster);
  });

  test('half of the lines no good, packed, with the line ends of another system', async () => {
    const cluster = fakeCluster({ ...SMALL, seed: 2, noise: 0.5 });
    const form = { packed: true, lineEnd: '\r\n' };
    const recording = await writeFolder(join(runs.path, 'noisy'), cluster, form);
    const played = await inMemory('noisy-run', recording);
    expectCounted(played, cluster);
    const [first = 0] = cluster.refused;
    expect(first).toBeGreaterThan(0);
    expect(played.output).toContain(`refused       ${cluster.refused.length} pieces of input`);
    // File, line, code: of the file that was recorded, not of a copy.
    expect(played.output).toContain(`${recording}/pods.ndjson.gz:${first}: BERTH_INPUT_`);
    expect(played.output).not.toContain('\u001b');
  });

  test('one file of all kinds, without any times', async () => {
    const cluster = fakeCluster({ ...SMALL, seed: 3, timestamps: false });
    const recording = await writeMixed(join(runs.path, 'mixed.json'), cluster);
    expectCounted(await inMemory('mixed-run', recording), cluster);
  });

  test('pods alone: one goes that never came, one is on a node of its own', async () => {
    const cluster = fakeCluster({ ...SMALL, seed: 4, podIps: 'v6' });
    const form = { streams: ['pods'] as const };
    const recording = await writeFolder(join(runs.path, 'pods-only'), cluster, form);
    const metadata = { namespace: 'elsewhere', name: 'stranger', uid: 'stranger' };
    const stranger = { apiVersion: 'v1', kind: 'Pod', metadata };
    const lonely = {
      ...stranger,
      metadata: { namespace: 'elsewhere', name: 'lonely', uid: 'lonely' },
      spec: { nodeName: 'a-node-that-nothing-else-names' },
    };
    const lines = [
      { type: 'DELETED', object: stranger },
      { type: 'ADDED', object: lonely },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await appendFile(join(recording, 'pods.ndjson'), text);
    const played = await inMemory('pods-only-run', recording);
    const { uidsCreated, uidsDeleted } = cluster;
    expect(played.report.pods).toEqual({ created: uidsCreated + 2, deleted: uidsDeleted + 1 });
    expect(played.without).toEqual([]);
  });

  test('a packed file that breaks off is played as far as it goes', async () => {
    const cluster = fakeCluster({ ...SMALL, seed: 5 });
    const recording = await writeFolder(join(runs.path, 'cut'), cluster, { packed: true });
    const pods = join(recording, 'pods.ndjson.gz');
    const bytes = await readFile(pods);
    await writeFile(pods, bytes.subarray(0, bytes.length - 100));
    const { report, output, without } = await inMemory('cut-run', recording);
    expect(report.pods.created).toBeGreaterThan(0);
    expect(without).toEqual([]);
    expect(output).toMatch(
      /refused +1 piece of input.*\n +.*pods\.ndjson\.gz: BERTH_INPUT_UNREADABLE/,
    );
  });

  test('an empty file', async () => {
    const recording = join(runs.path, 'empty.ndjson');
    await writeFile(recording, '');
    const { report } = await inMemory('empty-run', recording);
    expect(report).toMatchObject({ pods: { created: 0, deleted: 0 }, converged: true });
  });
});

describe('in the lab', () => {
  beforeEach(needsLab);

  test("the stream's own policies are the ones in force", async () => {
    const cluster = fakeCluster({ ...SMALL, seed: 6, pods: 24 });
    const recording = await writeFolder(join(runs.path, 'own'), cluster);
    const namespaces = ['team-0', 'team-1', 'team-2'];
    const text = ownPolicies(namespaces).map((line) => `${line}\n`);
    await writeFile(join(recording, 'policies.ndjson'), text.join(''));
    const { report } = await play('own-run', recording, '--speed', '10');
    expect(report.pods.created).toBe(cluster.uidsCreated);
    expect(report).toMatchObject({ leakedPackets: 0, connections: { broken: 0 } });
    expect(report.connections?.established).toBeGreaterThan(0);
    const [network = ''] = OWN_POOL.split('.64/');
    const seen = report.natAddressesSeen ?? [];
    expect(seen.length).toBeGreaterThan(0);
    for (const address of seen) {
      const last = Number(address.slice(network.length + 1));
      expect(address.startsWith(`${network}.`) && last >= 64 && last < 80).toBe(true);
    }
  });
});
