/** What each node shall have, told as stories; then any story against views made from scratch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrs, createStory, EVERYTHING, type Story } from '../../../test/fold/story.ts';
import {
  fromAgent,
  fromApi,
  keysOf,
  podText,
  policyText,
  resourcesOf,
  viewsOf,
} from '../../../test/hub/views-of-story.ts';
import type { NodeRecord } from '../../contract/node-records.ts';
import type { LabelSelector } from '../../contract/objects.ts';
import { createViews, type Views } from './views.ts';

const GATEWAY = { 'berth.dev/gateway': 'true' };
const GATEWAYS: LabelSelector = { matchLabels: GATEWAY, matchExpressions: [] };
const NO_PODS: LabelSelector = { matchLabels: { none: 'such' }, matchExpressions: [] };

/** A pool with gateways by label, a target, and one EgressNat that selects everything. */
function shop(): Story {
  const story = createStory();
  story.pool('blue', { gatewaySelector: GATEWAYS });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  return story;
}

describe('a pod', () => {
  it('is known to its node alone, with its slots, as soon as it is bound', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.pod('shop', 'waits', { node: null });
    story.settle();
    const { views } = viewsOf(story);
    expect(podText(views, 'n1', 'a')).toBe('selected | shop/checkout=203.0.113.16:16384');
    expect(podText(views, 'n2', 'a')).toBe('unknown');
    expect(podText(views, 'n1', 'waits')).toBe('unknown');
  });

  it('is known and passes when no EgressNat selects it', () => {
    const story = shop();
    story.egressNat('shop', 'checkout', { podSelector: NO_PODS });
    story.pod('shop', 'a');
    story.settle();
    expect(podText(viewsOf(story).views, 'n1', 'a')).toBe('not selected');
  });

  it.each([
    ['on the host network', { hostNetwork: true }],
    ['that is finished', { finished: true }],
  ])('%s is not sent', (_name, facts) => {
    const story = shop();
    story.pod('shop', 'a', facts);
    story.settle();
    expect(podText(viewsOf(story).views, 'n1', 'a')).toBe('unknown');
  });

  it('that is gone leaves its node at once, its block the gateways when it is released', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    const { views, read } = viewsOf(story);
    views.nodeRecord(fromApi('g1', GATEWAY));
    read();
    story.podGone('shop', 'a');
    expect(read().get('n1')).toEqual(new Set(['pod/a', 'policy/shop/checkout']));
    expect(keysOf(views, 'g1')).toContain('block/203.0.113.16/16384');
    story.settle();
    expect(read().get('g1')).toEqual(new Set(['block/203.0.113.16/16384']));
    expect(keysOf(views, 'g1')).not.toContain('block/203.0.113.16/16384');
  });

  it('has one slot for each EgressNat that selects it, the oldest first', () => {
    const story = shop();
    story.egressNat('shop', 'audit', { addresses: { min: 1, max: 1 } });
    story.pod('shop', 'a');
    story.settle();
    const text = podText(viewsOf(story).views, 'n1', 'a');
    expect(text).toMatch(/^selected \| shop\/checkout=203\S+ \| shop\/audit=203\S+$/);
  });

  it('has no use of a berth on another node, which is still to be let go of', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    const { views, read } = viewsOf(story);
    views.nodeRecord(fromApi('g1', GATEWAY));
    story.pod('shop', 'a', { node: 'n2' });
    read();
    expect(podText(views, 'n1', 'a')).toBe('unknown');
    expect(podText(views, 'n2', 'a')).toBe('selected | shop/checkout=-');
    expect(resourcesOf(views, 'g1').get('block/203.0.113.16/16384')).toMatchObject({ node: 'n1' });
    story.settle();
    read();
    expect(podText(views, 'n2', 'a')).toMatch(/^selected \| shop\/checkout=203/);
  });

  it('has a slot that rejects while it has no berth', () => {
    const story = shop();
    story.pool('blue', { addresses: [] });
    story.pod('shop', 'a');
    story.settle();
    expect(podText(viewsOf(story).views, 'n1', 'a')).toBe('selected | shop/checkout=-');
  });

  it('passes to inline destinations that may be reached unmapped, never to targets', () => {
    const story = shop();
    const inline = [{ cidrs: cidrs('192.0.2.0/24'), except: [], ports: [] }];
    story.pool('blue', { addresses: [] });
    story.egressNat('shop', 'checkout', { targets: [], inline, onUnmapped: 'Pass' });
    story.egressNat('shop', 'both', { inline, onUnmapped: 'Pass' });
    story.pod('shop', 'a');
    story.settle();
    const { views } = viewsOf(story);
    expect(podText(views, 'n1', 'a')).toBe('selected | shop/both/targets=-');
    expect(policyText(views, 'n1', 'shop/both/targets')).toEqual(['198.51.100.0/120 all']);
    expect(policyText(views, 'n1', 'unknown')).toEqual(['198.51.100.0/120 all']);
  });
});

describe('policy sets', () => {
  it('are on the nodes that have a pod of their EgressNat, the guards on every node', () => {
    const story = shop();
    const inline = [{ cidrs: cidrs('192.0.2.0/24'), except: cidrs('192.0.2.7'), ports: [] }];
    story.egressNat('shop', 'checkout', { inline });
    story.pod('shop', 'a');
    story.settle();
    const { views } = viewsOf(story);
    const all = ['192.0.2.0/120 all', '192.0.2.7/128 hole', '198.51.100.0/120 all'];
    expect(policyText(views, 'n1', 'shop/checkout')).toEqual(all);
    expect(policyText(views, 'n2', 'shop/checkout')).toBeNull();
    for (const node of ['n1', 'n2']) {
      expect(policyText(views, node, 'unknown')).toEqual(all);
      expect(policyText(views, node, 'selected')).toEqual(['198.51.100.0/120 all']);
    }
  });

  it.each([
    ['Observe', 'all observed', 'all observed', null],
    ['Selected', 'all', 'all', null],
    ['All', 'all', 'all', 'all'],
  ] as const)('guard a target whose enforcement is %s', (enforcement, unknown, selected, every) => {
    const story = shop();
    story.target('orders-db', { enforcement });
    story.pod('shop', 'a');
    story.settle();
    const { views } = viewsOf(story);
    const text = (said: string | null) => (said === null ? [] : [`198.51.100.0/120 ${said}`]);
    expect(policyText(views, 'n1', 'unknown')).toEqual(text(unknown));
    expect(policyText(views, 'n1', 'selected')).toEqual(text(selected));
    expect(policyText(views, 'n1', 'every')).toEqual(text(every));
    expect(policyText(views, 'n1', 'shop/checkout')).toEqual(text(selected));
  });

  it('follow their targets, with one change a node and none for the pods', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.pod('shop', 'b');
    story.settle();
    const { views, read } = viewsOf(story);
    const ports = [{ protocol: 'TCP', from: 5432, to: 5432 } as const];
    story.target('orders-db', { destinations: { cidrs: cidrs('192.0.2.1'), except: [], ports } });
    const changed = new Set(['policy/shop/checkout', 'policy/unknown', 'policy/selected']);
    expect(read().get('n1')).toEqual(changed);
    expect(policyText(views, 'n1', 'shop/checkout')).toEqual(['192.0.2.1/128 5432-5432']);
  });
});

describe('addresses', () => {
  it('are gone when neither pools nor namespace hold them any more', () => {
    const story = shop();
    story.settle();
    const { views, read } = viewsOf(story);
    expect(keysOf(views, 'n1')).toContain('address/203.0.113.16');
    read();
    story.observe('ns/shop', { type: 'EgressNatGone', name: 'checkout' });
    story.settle();
    expect(story.world.pools.holders.size).toBe(0);
    expect(read().get('n1')).toContain('address/203.0.113.16');
    expect(keysOf(views, 'n1')).not.toContain('address/203.0.113.16');
  });

  it('are known to every node, and to gateways with those that serve them', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    const { views, read } = viewsOf(story);
    for (const gateway of ['g1', 'g2']) views.nodeRecord(fromApi(gateway, GATEWAY));
    read();
    const key = 'address/203.0.113.16';
    const serving = ['n1', 'n2', 'g1', 'g2'].map((node) => {
      const address = resourcesOf(views, node).get(key);
      if (address?.$typeName !== 'berth.link.v1.Address') throw new Error(`unknown to ${node}`);
      return address.gateways;
    });
    expect(serving).toEqual([[], [], ['g1', 'g2'], ['g1', 'g2']]);
    views.nodeRecord(fromApi('g1', {}));
    expect(read().get('g2')).toEqual(new Set([key]));
    expect(resourcesOf(views, 'g2').get(key)).toMatchObject({ gateways: ['g2'] });
    expect(resourcesOf(views, 'g1').get(key)).toMatchObject({ gateways: [] });
  });

  it('come with their blocks and the way to each node, on gateways alone', () => {
    const story = shop();
    story.pod('shop', 'a');
    story.settle();
    const { views, read } = viewsOf(story);
    views.nodeRecord(fromAgent('n1'));
    views.nodeRecord(fromApi('g1', GATEWAY));
    expect(read().get('g1')).toBe('everything');
    const more = ['block/203.0.113.16/16384', 'node/n1'];
    expect(keysOf(views, 'n2')).toEqual([
      'address/203.0.113.16',
      'policy/every',
      'policy/selected',
      'policy/unknown',
    ]);
    expect(keysOf(views, 'g1')).toEqual([...keysOf(views, 'n2'), ...more].sort());
    expect(resourcesOf(views, 'g1').get('block/203.0.113.16/16384')).toMatchObject({
      base: 16384,
      blockSize: 16384,
      node: 'n1',
    });
    views.nodeRecord(fromApi('g1'));
    read();
    expect(keysOf(views, 'g1')).toEqual(keysOf(views, 'n2'));
  });
});

type Step = (story: Story, views: (record: NodeRecord) => void) => void;

const anyNode = fc.constantFrom('n1', 'n2', 'g1');
const anyNamespace = fc.constantFrom('shop', 'pay');
const anyUid = fc.constantFrom('a', 'b', 'c', 'd');
const anyEgressNatName = fc.constantFrom('checkout', 'audit');

const anyPod = fc
  .record({
    ns: anyNamespace,
    uid: anyUid,
    node: fc.constantFrom('n1', 'n1', 'n2', 'n2', null),
    labels: fc.constantFrom({}, { app: 'x' }),
    finished: fc.constantFrom(false, false, false, true),
  })
  .map(
    ({ ns, uid, ...facts }): Step =>
      (story) =>
        story.pod(ns, `${ns}-${uid}`, facts),
  );

const anyEgressNat = fc
  .record({
    ns: anyNamespace,
    name: anyEgressNatName,
    podSelector: fc.constantFrom(EVERYTHING, NO_PODS, {
      matchLabels: { app: 'x' },
      matchExpressions: [],
    }),
    targets: fc.subarray(['orders-db', 'ledger']),
    inline: fc.constantFrom([], [{ cidrs: cidrs('192.0.2.0/24'), except: [], ports: [] }]),
    onUnmapped: fc.constantFrom('Drop' as const, 'Pass' as const),
  })
  .map(
    ({ ns, name, ...spec }): Step =>
      (story) =>
        story.egressNat(ns, name, spec),
  );

const anyPolicyChange = fc.oneof(
  anyEgressNat,
  fc.tuple(anyNamespace, anyEgressNatName).map(
    ([ns, name]): Step =>
      (story) => {
        story.observe(`ns/${ns}`, { type: 'EgressNatGone', name });
      },
  ),
  fc
    .tuple(
      fc.constantFrom('orders-db', 'ledger'),
      fc.subarray(['198.51.100.0/24', '198.51.100.7/32', '192.0.2.0/25']),
    )
    .map(
      ([name, texts]): Step =>
        (story) => {
          story.target(name, { destinations: { cidrs: cidrs(...texts), except: [], ports: [] } });
        },
    ),
  fc.constantFrom(cidrs('203.0.113.16/31'), cidrs('203.0.113.16/30'), cidrs()).map(
    (addresses): Step =>
      (story) => {
        story.pool('blue', { gatewaySelector: GATEWAYS, addresses });
      },
  ),
);

const anyNodeChange = fc.oneof(
  fc.tuple(anyNode, fc.constantFrom({}, GATEWAY)).map(
    ([node, labels]): Step =>
      (_, show) =>
        show(fromApi(node, labels)),
  ),
  fc.tuple(anyNode, fc.nat(9)).map(
    ([node, last]): Step =>
      (_, show) =>
        show(fromAgent(node, last)),
  ),
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: anyPod },
  {
    weight: 2,
    arbitrary: fc.tuple(anyNamespace, anyUid).map(
      ([ns, uid]): Step =>
        (story) =>
          story.podGone(ns, `${ns}-${uid}`),
    ),
  },
  { weight: 2, arbitrary: anyPolicyChange },
  { weight: 1, arbitrary: anyNodeChange },
  { weight: 4, arbitrary: fc.constant<Step>((story) => story.settle()) },
);

function contents(views: Views, node: string): Map<string, string> {
  const all = [...views.node(node).resources()];
  return new Map(all.map(({ key, bytes }) => [key, Buffer.from(bytes).toString('hex')]));
}

describe('views that followed the log', () => {
  it('equal views made from the same state, and name every key that changed', () => {
    const property = fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (steps) => {
      const story = shop();
      const followed = viewsOf(story);
      const nodeRecords = new Map<string, NodeRecord>();
      const nodes = ['n1', 'n2', 'g1'];
      const agents = new Map(nodes.map((node) => [node, contents(followed.views, node)]));
      for (const step of steps) {
        step(story, (record) => {
          nodeRecords.set(`${record.node} ${record.type}`, record);
          followed.views.nodeRecord(record);
        });
        for (const [node, change] of followed.read()) {
          const now = contents(followed.views, node);
          const agent = agents.get(node);
          if (change === 'everything' || agent === undefined) agents.set(node, now);
          else for (const key of change) replace(agent, key, now.get(key));
        }
        const made = createViews(followed.world, nodeRecords.values());
        made.settle();
        for (const node of nodes) {
          expect(contents(followed.views, node)).toEqual(contents(made, node));
          expect(agents.get(node)).toEqual(contents(made, node));
          expect(followed.views.node(node).checksum).toBe(made.node(node).checksum);
        }
      }
    });
    fc.assert(property, { numRuns: 150 });
  });
});

function replace(agent: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) agent.delete(key);
  else agent.set(key, value);
}
