/**
 * Views beside a story of the fold, for tests: reads what the story appended since the last look,
 * and shows a node's resources as plain values.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import {
  type Resource,
  ResourceSchema,
} from '../../services/contract/gen/berth/link/v1/link_pb.ts';
import type { NodeName } from '../../services/contract/identity.ts';
import { ipFromBytes, parseIp } from '../../services/contract/ip-address.ts';
import type { NodeFromAgent, NodeFromApi } from '../../services/contract/node-records.ts';
import type { Labels } from '../../services/contract/objects.ts';
import type { NodeChange } from '../../services/hub/views/node-sets.ts';
import { createViews, type Views } from '../../services/hub/views/views.ts';
import type { Story } from '../fold/story.ts';

export interface ViewsOfStory {
  readonly views: Views;
  readonly world: World;
  /** Folds what is new, batch by batch; answers what changed. */
  read(): ReadonlyMap<NodeName, NodeChange>;
}

export function viewsOf(story: Story): ViewsOfStory {
  const world = createWorld();
  let next = 0;

  function* unread() {
    for (; next < story.log.events.length; next++) {
      const event = story.log.events[next];
      if (event !== undefined) yield event;
    }
  }

  for (const event of unread()) world.apply(event);
  const views = createViews(world, []);
  views.settle();
  return {
    views,
    world,
    read: () => {
      for (const event of unread()) views.event(event, world.apply(event));
      return views.settle();
    },
  };
}

export function fromApi(node: NodeName, labels: Labels = {}): NodeFromApi {
  const facts = { name: node, labels, addresses: [], ready: true, outOfService: false };
  return { type: 'NodeFromApi', node, facts };
}

export function fromAgent(node: NodeName, last = 1): NodeFromAgent {
  const underlayIp = parseIp(`192.0.2.${last}`);
  return {
    type: 'NodeFromAgent',
    node,
    bootId: 'boot',
    underlayIp,
    mac: `02:00:00:00:00:0${last}`,
  };
}

export type Body = Exclude<Resource['body'], { case: undefined }>;

/** What a node shall have, decoded, by key. */
export function resourcesOf(views: Views, node: NodeName): Map<string, Body['value']> {
  const found = new Map<string, Body['value']>();
  for (const { key, bytes } of views.node(node).resources()) {
    const resource = fromBinary(ResourceSchema, bytes);
    if (resource.key !== key || found.has(key)) throw new Error(`${key} is there twice, or wrong`);
    if (resource.body.case === undefined) throw new Error(`${key} has no body`);
    found.set(key, resource.body.value);
  }
  return found;
}

export function keysOf(views: Views, node: NodeName): string[] {
  return [...resourcesOf(views, node).keys()].sort();
}

/** `selected | POLICY=ADDRESS:BASE` for each slot in order; `POLICY=-` while there is no berth. */
export function podText(views: Views, node: NodeName, uid: string): string {
  const pod = resourcesOf(views, node).get(`pod/${uid}`);
  if (pod === undefined) return 'unknown';
  if (pod.$typeName !== 'berth.link.v1.Pod') throw new Error(`${uid} is no pod`);
  const slots = pod.slots.map(({ policy, natAddress, base }) =>
    natAddress.length === 0 ? `${policy}=-` : `${policy}=${ipFromBytes(natAddress)}:${base}`,
  );
  return [pod.selected ? 'selected' : 'not selected', ...slots].join(' | ');
}

/** `ADDRESS/LENGTH PORTS` of each entry, IPv4 lengths in 128 bits. */
export function policyText(views: Views, node: NodeName, name: string): string[] | null {
  const policy = resourcesOf(views, node).get(`policy/${name}`);
  if (policy?.$typeName !== 'berth.link.v1.Policy') return null;
  return policy.entries.map(({ address, prefixLength, hole, observe, ports }) => {
    const rules = ports.map((rule) => `${rule.from}-${rule.to}${rule.observe ? ' seen' : ''}`);
    const said = hole ? 'hole' : rules.join() || 'all';
    return `${ipFromBytes(address)}/${prefixLength} ${said}${observe ? ' observed' : ''}`;
  });
}
