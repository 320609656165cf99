/**
 * The table of metrics and what real processes expose are the same, both ways: a whole
 * installation without a kernel, some pods, one of them too many, one bad manifest.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAgents } from '../../infra/demo/agents.ts';
import { createControl } from '../../infra/demo/control.ts';
import {
  egressNatObject,
  namespaceObject,
  nodeObject,
  podObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { createManifests } from '../../infra/demo/manifests.ts';
import { createMemoryStage } from '../../infra/demo/memory-stage.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import {
  AGENT_METRICS,
  CONTROL_METRICS,
  type MetricTable,
  PROCESS_METRICS,
} from '../../services/contract/metrics.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { type Family, scrape, scrapeText } from './scrape.ts';

const PORTS_PER_POD = 16384;
const PODS = ['a', 'b', 'c', 'd'];
const WAIT_MS = 30_000;

let stage: Stage;
let control: ReadonlyMap<string, Family>;
let agent: ReadonlyMap<string, Family>;
let controlText: string;

beforeAll(async () => {
  const clock = systemClock();
  const targets = [{ name: 'orders-db' }];
  stage = await createMemoryStage({ nodes: ['n1'], gateways: ['gw1'], targets }, clock);
  const manifests = await createManifests(join(stage.runDir, 'manifests'));
  const dataDir = join(stage.runDir, 'data');
  const socket = join(stage.runDir, 'berth.sock');
  const source = { kind: 'manifests', path: manifests.dir } as const;
  const logFile = join(stage.runDir, 'control.log');
  const process = createControl(
    { dataDir, source, listen: stage.hubAddresses[0] ?? '', socket, logFile },
    { clock, startProcess: stage.startProcess },
  );
  for (const { name, address, gateway } of stage.nodes) {
    await manifests.apply(nodeObject(name, address, gateway));
  }
  const pool = { name: 'blue', addresses: ['203.0.113.17/32'], portsPerPod: PORTS_PER_POD };
  const podLabels = { app: 'checkout' };
  const nat = { namespace: 'shop', name: 'checkout', pool: 'blue', podLabels };
  await manifests.apply(poolObject(pool));
  for (const target of stage.targets) await manifests.apply(targetObject(target));
  await manifests.apply(namespaceObject('shop'));
  // Nobody answers there, and its secret is nowhere.
  const aclServer = { url: 'http://127.0.0.1:1/', secret: 'nowhere' };
  const bank = { name: 'bank', cidrs: ['198.51.100.192/26'], allowed: [], aclServer };
  await manifests.apply(targetObject(bank));
  await manifests.apply(poolObject({ ...pool, name: 'green', addresses: ['203.0.113.33/32'] }));
  await manifests.apply(namespaceObject('pay'));
  const pay = { ...nat, namespace: 'pay', pool: 'green', targets: ['bank'] };
  await manifests.apply(egressNatObject(pay));
  const many = egressNatObject({ ...nat, targets: ['orders-db'] });
  const addresses = { min: 1, max: 1 };
  await manifests.apply({ ...many, spec: { ...(many['spec'] as object), addresses } });
  await process.start();
  await createAgents(stage, dataDir).startAll();
  await process.waitUntil(({ converged }) => converged, WAIT_MS);
  const planned = (uid: string) =>
    podObject({ namespace: 'shop', name: uid, uid, node: 'n1', labels: podLabels });
  for (const uid of PODS.slice(0, -1)) {
    await stage.createPod({ uid, node: 'n1', bind: () => manifests.apply(planned(uid)) });
  }
  await manifests.apply(planned('d'));
  await writeFile(join(manifests.dir, 'bad.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: [1]\n');
  const done = await process.waitUntil(
    ({ pods, problemCount, acks, pushes, converged }) =>
      pods.exhausted === 1 &&
      problemCount > 0 &&
      acks.length === 2 &&
      pushes.length === 1 &&
      converged,
    WAIT_MS,
  );
  if (!done) throw new Error(`it never came so: ${JSON.stringify(process.last)}`);
  controlText = await scrapeText(socket);
  control = await scrape(socket);
  agent = await scrape(join(stage.runDir, 'nodes', '1', 'metrics.sock'));
}, 60_000);

afterAll(() => stage?.destroy());

describe.each([
  ['berth up', () => control, { ...PROCESS_METRICS, ...CONTROL_METRICS }],
  ['an agent', () => agent, { ...PROCESS_METRICS, ...AGENT_METRICS }],
] as const)('%s', (_, exposed, table: MetricTable) => {
  test('exposes every metric of its table, and none beside it', () => {
    expect([...exposed().keys()].sort()).toEqual(Object.keys(table).sort());
  });

  test('exposes them with the type, help and labels of the table', () => {
    for (const [name, { type, help, samples }] of exposed()) {
      const spec = table[name];
      expect([name, type, help]).toEqual([name, spec?.type, spec?.help]);
      for (const sample of samples.keys()) {
        const labels = [...sample.matchAll(/([a-z_]+)="/g)].map(([, label]) => label);
        expect([name, labels.filter((label) => label !== 'le')]).toEqual([name, spec?.labels]);
      }
    }
  });

  test('has a sample of each', () => {
    const without = [...exposed()].filter(([, { samples }]) => samples.size === 0);
    expect(without.map(([name]) => name)).toEqual([]);
  });
});

describe('the numbers', () => {
  const value = (of: ReadonlyMap<string, Family>, sample: string): number | undefined =>
    of.get(sample.replace(/\{.*/, '').replace(/_(count|sum|bucket)$/, ''))?.samples.get(sample);

  test('are those of the installation', () => {
    const pool = (state: string) => `berth_pool_blocks{pool="blue",state="${state}"}`;
    expect({
      mapped: value(control, 'berth_pods{state="mapped"}'),
      exhausted: value(control, 'berth_pods{state="exhausted"}'),
      exhaustedNats: value(control, 'berth_egress_nats{state="exhausted"}'),
      waiting: value(control, 'berth_questions_open{kind="berth"}'),
      inUse: value(control, pool('in-use')),
      free: value(control, pool('free')),
      claimed: value(control, 'berth_pool_addresses{pool="blue",state="claimed"}'),
      confirmed: value(control, 'berth_target_entries{target="orders-db",state="confirmed"}'),
      wantedAtBank: value(control, 'berth_target_addresses{target="bank",state="wanted"}'),
      inForceAtBank: value(control, 'berth_target_addresses{target="bank",state="in-force"}'),
      links: value(control, 'berth_hub_links'),
      propagated: value(control, 'berth_propagation_seconds_count'),
      blind: value(control, 'berth_watch_blind_seconds'),
    }).toEqual({
      mapped: 3,
      exhausted: 1,
      exhaustedNats: 1,
      waiting: 1,
      inUse: 3,
      free: 0,
      claimed: 1,
      confirmed: 1,
      wantedAtBank: 1,
      inForceAtBank: 0,
      links: 2,
      propagated: 3,
      blind: 0,
    });
  });

  test('of a target that fails say since when, and of what', () => {
    const sample = 'berth_target_pushes_total{target="bank",code="BERTH_ACL_SECRET"}';
    expect(value(control, sample)).toBeGreaterThan(0);
    expect(value(control, 'berth_target_failing_seconds{target="bank"}')).toBeGreaterThan(0);
    expect(value(control, 'berth_target_read_back_age_seconds{target="bank"}')).toBeNaN();
  });

  test('of an agent are those of its node', () => {
    expect({
      mapped: value(agent, 'berth_agent_pods{state="mapped"}'),
      pods: value(agent, 'berth_datapath_table_entries{table="pods"}'),
      up: value(agent, 'berth_agent_link_up'),
      adds: value(agent, 'berth_agent_cni_requests_total{verb="add",code=""}'),
    }).toMatchObject({ mapped: 3, pods: 3, up: 1, adds: 3 });
    expect(value(agent, 'berth_agent_pushes_total{answer="ack",code=""}')).toBeGreaterThan(2);
  });

  // A second opinion where a machine has it; what it looks at is held by the tests above.
  if (spawnSync('promtool', ['--version']).error === undefined) {
    test('satisfy promtool', () => {
      const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
        input: controlText,
        encoding: 'utf8',
      });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
    });
  }
});
