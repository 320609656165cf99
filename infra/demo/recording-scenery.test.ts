/** A recording gets the stage that it needs: names that do not clash, room for all its pods. */
import { describe, expect, test } from 'vitest';
import { readWatchLine } from '../../services/ports/source/recording/watch-line.ts';
import { fakeCluster } from '../../test/demo/fake-cluster.ts';
import { ownPolicies } from '../../test/demo/own-policies.ts';
import { findings, type ReadRecording, type RecordedLine } from './recording.ts';
import { podsAtATime, stageOfRecording } from './recording-scenery.ts';

const HOW = { speed: 1, datapath: 'kernel' as const };

function pod(type: string, uid: string, changes: object = {}): object {
  const spec = { nodeName: 'n1' };
  const metadata = { namespace: 'shop', name: uid, uid };
  return { type, object: { apiVersion: 'v1', kind: 'Pod', metadata, spec, ...changes } };
}

function node(name: string, labels: object = {}): object {
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status: {} };
  return { type: 'ADDED', object };
}

/** Each event at its second. */
function recording(
  ...events: readonly (readonly [second: number, event: object])[]
): ReadRecording {
  const found = findings();
  const lines = events.map(([second, event], at): RecordedLine => {
    const text = JSON.stringify(event);
    const says = readWatchLine(text, { file: 'pods.ndjson', line: at + 1 });
    if (says.is === 'present') found.present(says.object);
    return { file: 'pods.ndjson', text, atMs: second * 1000, says };
  });
  return { ...found.all(), files: ['pods.ndjson'], lines, unreadable: [], durationMs: 0 };
}

describe('pods at a time', () => {
  test('counts those with a sandbox of their own, and blocks that still rest', () => {
    const played = recording(
      [0, pod('ADDED', 'a')],
      [0, pod('ADDED', 'b')],
      [0, pod('ADDED', 'unbound', { spec: {} })],
      [0, pod('ADDED', 'host', { spec: { nodeName: 'n1', hostNetwork: true } })],
      [1, pod('DELETED', 'a')],
      [2, pod('MODIFIED', 'b', { status: { phase: 'Succeeded' } })],
      [20, pod('ADDED', 'c')],
      [60, pod('ADDED', 'd')],
    );
    expect(podsAtATime(played, 1)).toEqual(new Map([['shop', 3]]));
    // Played faster, fewer blocks are free again by then.
    expect(podsAtATime(played, 10)).toEqual(new Map([['shop', 4]]));
  });
});

describe('the stage of a recording', () => {
  test('has its nodes, and names of its own that do not clash with theirs', () => {
    const played = recording([0, node('gw1')], [0, node('ledger')], [0, pod('ADDED', 'a')]);
    const { nodes, gateways, targets, natCidr } = stageOfRecording(played, HOW);
    expect(nodes).toEqual(['gw1', 'ledger', 'n1']);
    expect(gateways).toEqual(['gw1-demo', 'gw2']);
    expect(targets.map(({ name }) => name)).toEqual(['orders-db', 'ledger-demo']);
    expect(natCidr).toBe('203.0.113.16/28');
  });

  test('has an address for each of many namespaces', () => {
    const pods = Array.from({ length: 30 }, (_, at) => {
      const metadata = { namespace: `team-${at}`, name: 'a', uid: `u${at}` };
      return [0, pod('ADDED', 'a', { metadata })] as const;
    });
    expect(stageOfRecording(recording(...pods), HOW).natCidr).toBe('203.0.113.0/24');
  });

  test('is refused where the machine would have to be a data centre', () => {
    const nodes = Array.from({ length: 101 }, (_, at) => [0, node(`n${at}`)] as const);
    const stage = (): unknown => stageOfRecording(recording(...nodes), HOW);
    expect(stage).toThrow(/BERTH_CONFIG_BAD.*101 nodes/);
  });
});

describe('a stream with policies of its own', () => {
  const policies = ownPolicies(['shop']).map((text) => [0, JSON.parse(text) as object] as const);

  test('has its pool, its targets, and its gateways, which run no pods', () => {
    const gateway = node('edge', { role: 'egress' });
    const played = recording([0, gateway], ...policies, [0, pod('ADDED', 'a')]);
    expect(stageOfRecording(played, HOW)).toEqual({
      nodes: ['n1'],
      gateways: ['edge'],
      targets: [{ name: 'mainframe', cidrs: ['192.0.2.64/28', '192.0.2.128/32'] }],
      natCidr: '203.0.113.0/24',
    });
  });

  test('that selects none of its nodes gets a gateway that is selected', () => {
    const played = recording(...policies, [0, pod('ADDED', 'a')]);
    expect(stageOfRecording(played, HOW).gateways).toEqual(['gw1', 'gw2']);
    expect(played.policies?.gatewayLabels).toEqual({ role: 'egress' });
  });

  test('with NAT addresses that the lab does not route is played without a lab only', () => {
    const elsewhere = policies.map(([second, event]) => {
      const text = JSON.stringify(event).replaceAll('203.0.113.64/28', '192.168.7.0/28');
      return [second, JSON.parse(text) as object] as const;
    });
    const played = recording(...elsewhere);
    expect(() => stageOfRecording(played, HOW)).toThrow(/192\.168\.7\.0\/28.*--datapath memory/);
    expect(stageOfRecording(played, { ...HOW, datapath: 'memory' }).targets).toHaveLength(1);
  });
});

test('a fake cluster is the same for the same seed, and another for another', () => {
  const init = { seed: 4, nodes: 3, namespaces: 3, pods: 50, seconds: 60, noise: 0.3 };
  expect(fakeCluster(init)).toEqual(fakeCluster(init));
  expect(fakeCluster({ ...init, seed: 5 })).not.toEqual(fakeCluster(init));
  const { lines, refused } = fakeCluster(init);
  const isRefused = (text: string, at: number): boolean =>
    readWatchLine(text, { file: 'pods', line: at + 1 }).is === 'refused';
  const numbers = lines.pods.flatMap((text, at) => (isRefused(text, at) ? [at + 1] : []));
  expect(numbers).toEqual(refused);
});
