/** The hub on a story of the fold, with links and log of its own: who is pushed what, and when. */
import { describe, expect, it } from 'vitest';
import { createStory, type Story } from '../../test/fold/story.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { createWorld } from '../aggregates/world.ts';
import { parseIp } from '../contract/ip-address.ts';
import {
  type NodeFromApi,
  type NodeRecord,
  nodeAgentKey,
  nodeApiKey,
} from '../contract/node-records.ts';
import { EMPTY_CHECKSUM } from '../contract/resource-checksum.ts';
import type { Topic } from '../contract/topics.ts';
import { jsonLog } from '../runtime/log.ts';
import { createHubCore, type HubCore } from './hub-core.ts';
import type { AgentLink } from './node-links.ts';
import { converged } from './node-status.ts';
import type { Held, Push } from './session.ts';

const GATEWAY = { 'berth.dev/gateway': 'true' };
const NOTHING: Held = { version: {}, checksum: EMPTY_CHECKSUM };

function shop(): Story {
  const story = createStory();
  story.pool('blue', { gatewaySelector: { matchLabels: GATEWAY, matchExpressions: [] } });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  return story;
}

function gatewayNode(node: string): NodeFromApi {
  const facts = { name: node, labels: GATEWAY, addresses: [], ready: true, outOfService: false };
  return { type: 'NodeFromApi', node, facts };
}

function keyOf({ type, node }: NodeRecord): string {
  return type === 'NodeFromApi' ? nodeApiKey(node) : nodeAgentKey(node);
}

/** A core on a story, and what it wrote on links and to the log, in order. */
function hubOn(story: Story, nodeRecords: readonly NodeRecord[] = []) {
  const clock = manualClock();
  const world = createWorld();
  const wire: { readonly node: string; readonly push: Push }[] = [];
  const said: string[] = [];
  const appended: { readonly topic: Topic; readonly value: Readonly<Record<string, unknown>> }[] =
    [];
  let next = 0;
  function unread() {
    const events = story.log.events.slice(next);
    next += events.length;
    return events;
  }
  for (const event of unread()) world.apply(event);
  const core = createHubCore(
    { gatewayWaitMs: 1000, linkGraceMs: 10_000 },
    {
      world,
      clock,
      log: jsonLog({ level: 'silent' }),
      nodeRecords: new Map(nodeRecords.map((record) => [keyOf(record), record])),
      append: (topic, { value }) => appended.push({ topic, value }),
    },
  );

  function link(node: string): AgentLink {
    return {
      push: (push) => wire.push({ node, push }),
      gatewaysAt: (id, inForce) => said.push(`${node} ${id} ${inForce}`),
      close: (reason) => said.push(`${node} closed: ${reason}`),
    };
  }

  function connect(node: string, held: Held = NOTHING): AgentLink {
    const made = link(node);
    const [underlayIp, mac] = [parseIp('192.0.2.1'), '02:00:00:00:00:01'];
    core.hello(made, { node, bootId: 'boot', held, underlayIp, mac, heartbeatKey: null });
    return made;
  }

  function lastPush(node: string): Push {
    const last = wire.findLast((each) => each.node === node);
    if (last === undefined) throw new Error(`nothing was pushed to ${node}`);
    return last.push;
  }

  return {
    core,
    clock,
    wire,
    said,
    appended,
    connect,
    lastPush,
    read: () => core.events(unread()),
    ack: (on: AgentLink, node: string) => ack(core, on, lastPush(node)),
    appendedTo: (topic: Topic) => appended.filter((each) => each.topic === topic),
  };
}

function ack(core: HubCore, link: AgentLink, { nonce, version, checksum }: Push): void {
  core.ack(link, { nonce, held: { version, checksum }, readBackAtMs: 1, mapped: [] });
}

describe('a hub', () => {
  it('pushes to gateways first', () => {
    const story = shop();
    const hub = hubOn(story, [gatewayNode('n2')]);
    for (const node of ['n1', 'n2']) hub.ack(hub.connect(node), node);
    hub.wire.length = 0;
    story.pod('shop', 'b');
    story.settle();
    hub.read();
    expect(hub.wire.map(({ node }) => node)).toEqual(['n2', 'n1']);
    expect(hub.lastPush('n1').version).toEqual(hub.lastPush('n2').version);
  });

  it('pushes nothing to nodes that a record does not concern', () => {
    const story = shop();
    const hub = hubOn(story);
    for (const node of ['n1', 'n2']) hub.ack(hub.connect(node), node);
    hub.wire.length = 0;
    story.pod('shop', 'b', { node: 'n2' });
    story.settle();
    hub.read();
    expect(new Set(hub.wire.map(({ node }) => node))).toEqual(new Set(['n2']));
  });

  it('pushes the version to the node of a release even where nothing is left to change', () => {
    const story = shop();
    const hub = hubOn(story);
    const link = hub.connect('n1');
    story.podGone('shop', 'a');
    hub.read();
    // Merged with what is under way: the pod is gone, and then its block is released.
    story.settle();
    hub.read();
    hub.ack(link, 'n1');
    hub.ack(link, 'n1');
    expect(hub.lastPush('n1')).toMatchObject({ kind: 'delta', version: story.world.version });
    expect(hub.appendedTo('berth.events')).toHaveLength(1);
    expect(converged(hub.core.statuses())).toBe(true);
  });

  it('takes the hello of a node for nothing: a release needs an ack', () => {
    const story = shop();
    story.podGone('shop', 'a');
    story.settle();
    const hub = hubOn(story);
    const other = hubOn(story);
    const first = other.connect('n1');
    const { version, checksum } = other.lastPush('n1');
    other.ack(first, 'n1');
    expect(other.appendedTo('berth.events')).toHaveLength(1);

    const link = hub.connect('n1', { version, checksum });
    expect(hub.appendedTo('berth.events')).toEqual([]);
    expect(hub.lastPush('n1')).toMatchObject({ kind: 'delta', resources: [], removed: [] });
    hub.ack(link, 'n1');
    expect(hub.appendedTo('berth.events')).toHaveLength(1);
  });

  it('waits while the node has seen more, and goes on when it has read as far', () => {
    const story = shop();
    const lagging = hubOn(story);
    story.podGone('shop', 'a');
    story.settle();
    const leading = hubOn(story);
    leading.ack(leading.connect('n1'), 'n1');
    const { version, checksum } = leading.lastPush('n1');
    lagging.connect('n1', { version, checksum });
    expect(lagging.wire).toEqual([]);
    lagging.read();
    expect(lagging.lastPush('n1')).toMatchObject({ kind: 'delta', version, checksum });
  });

  it('tries again by itself after a push was refused', () => {
    const hub = hubOn(shop());
    const link = hub.connect('n1');
    hub.core.nack(link, hub.lastPush('n1').nonce, 'BERTH_DATAPATH_FULL', 'full');
    expect(hub.wire).toHaveLength(1);
    hub.clock.advance(100);
    expect(hub.wire).toHaveLength(2);
    hub.core.closed(link);
    expect(hub.clock.waiting()).toBe(0);
  });

  it('appends what an agent says of its node, where it is news', () => {
    const story = shop();
    const hub = hubOn(story);
    hub.connect('n1');
    const [appended] = hub.appendedTo('berth.nodes');
    expect(appended?.value).toMatchObject({ node: 'n1', bootId: 'boot', mac: '02:00:00:00:00:01' });
    const again = hubOn(story, [appended?.value as unknown as NodeRecord]);
    again.connect('n1');
    expect(again.appendedTo('berth.nodes')).toEqual([]);
  });

  it('hears nothing from a link that another one replaced', () => {
    const hub = hubOn(shop());
    const old = hub.connect('n1');
    const push = hub.lastPush('n1');
    const young = hub.connect('n1');
    expect(hub.said).toEqual(['n1 closed: another link of this node came up']);
    ack(hub.core, old, push);
    hub.core.closed(old);
    expect(hub.appendedTo('berth.acks')).toEqual([]);
    hub.ack(young, 'n1');
    expect(hub.core.statuses()).toMatchObject([{ node: 'n1', connected: true, inSync: true }]);
  });
});

describe('converged', () => {
  it('waits for nodes that have pods, or are gateways, and never said hello', () => {
    const hub = hubOn(shop(), [gatewayNode('g1')]);
    const statuses = () => hub.core.statuses().map(({ node, inSync }) => `${node} ${inSync}`);
    expect(statuses().sort()).toEqual(['g1 false', 'n1 false']);
    for (const node of ['n1', 'g1']) {
      expect(converged(hub.core.statuses())).toBe(false);
      hub.ack(hub.connect(node), node);
    }
    expect(converged(hub.core.statuses())).toBe(true);
  });

  it('does not wait for nodes that Berth has nothing on', () => {
    const hub = hubOn(shop());
    hub.ack(hub.connect('n1'), 'n1');
    hub.connect('idle');
    expect(converged(hub.core.statuses())).toBe(true);
  });

  it('counts how long a node is behind', () => {
    const story = shop();
    const hub = hubOn(story);
    const link = hub.connect('n1');
    hub.clock.advance(250);
    expect(hub.core.statuses()).toMatchObject([{ node: 'n1', inSync: false, lagMs: 250 }]);
    hub.ack(link, 'n1');
    expect(hub.core.statuses()).toMatchObject([{ node: 'n1', inSync: true, lagMs: 0 }]);
  });
});

describe('questions for the gateways', () => {
  it('are answered when a gateway has all that it shall have at an older version', () => {
    const story = shop();
    const hub = hubOn(story, [gatewayNode('g1')]);
    hub.ack(hub.connect('g1'), 'g1');
    const n1 = hub.connect('n1');
    // Concerns n1 alone, so the gateway's version stays where it is.
    story.egressNat('shop', 'checkout', {
      podSelector: { matchLabels: { none: 'such' }, matchExpressions: [] },
    });
    hub.read();
    hub.core.awaitGateways(n1, 7n, story.world.version);
    expect(hub.lastPush('g1').version).not.toEqual(story.world.version);
    expect(hub.said).toEqual(['n1 7 true']);
  });

  it('wait for what the gateway was pushed', () => {
    const story = shop();
    const hub = hubOn(story, [gatewayNode('g1')]);
    const g1 = hub.connect('g1');
    const n1 = hub.connect('n1');
    hub.core.awaitGateways(n1, 7n, hub.lastPush('n1').version);
    expect(hub.said).toEqual([]);
    hub.ack(g1, 'g1');
    expect(hub.said).toEqual(['n1 7 true']);
  });
});
