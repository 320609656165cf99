/**
 * The hub without I/O: what it does with a record of the log, and with a word of an agent. Folds,
 * keeps the views, says which pushes are due and what is to be appended. Made when the log and the
 * node records were read to the end; before that a hub serves nobody.
 */
import type { World } from '../aggregates/world.ts';
import { canonicalJson } from '../contract/canonical.ts';
import type { NodeName } from '../contract/identity.ts';
import {
  type AckRecord,
  type NodeFromAgent,
  type NodeRecord,
  nodeAgentKey,
} from '../contract/node-records.ts';
import type { EventRecord, LoggedEvent } from '../contract/records.ts';
import { TOPICS, type Topic } from '../contract/topics.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { NewEntry } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createGatewayWaits, type GatewayWaits } from './gateway-waits.ts';
import type { Hello } from './link-messages.ts';
import type { AgentAck, LinkHandlers } from './link-server.ts';
import { type AgentLink, createNodeLinks, type NodeLinks } from './node-links.ts';
import type { NodeStatus } from './node-status.ts';
import { createReleaseAcks, type ReleaseAcks } from './release-acks.ts';
import type { Push, WantedSet } from './session.ts';
import { createViews, type Views } from './views/views.ts';

export interface HubCoreInit {
  readonly gatewayWaitMs: number;
}

export interface HubCoreComponents {
  readonly world: World;
  readonly nodeRecords: NodeRecords;
  readonly clock: Clock;
  readonly log: Log;
  readonly append: (topic: Topic, entry: NewEntry) => void;
  /** A node said that it has more than this hub has read. @default nobody is told */
  readonly onNodeAhead?: (node: NodeName, version: Version) => void;
}

export interface HubCore extends LinkHandlers {
  /** Folds a batch of `berth.events`. @throws what the fold throws: the hub must stop. */
  events(events: readonly LoggedEvent[]): void;
  nodeRecord(record: NodeRecord): void;
  statuses(): NodeStatus[];
}

/** The latest of each key of `berth.nodes`. */
export type NodeRecords = Map<string, NodeRecord>;

interface Parts extends HubCoreComponents {
  readonly views: Views;
  readonly releases: ReleaseAcks;
  readonly nodes: NodeLinks;
  readonly waits: GatewayWaits;
}

export function createHubCore(init: HubCoreInit, components: HubCoreComponents): HubCore {
  const { world, clock, nodeRecords } = components;
  const views = createViews(world, nodeRecords.values());
  const releases = createReleaseAcks(world);
  const nodes = createNodeLinks({
    clock,
    wanted: (node) => wantedSet(world, views, node),
    gateways: views.gateways,
    nodesWithPods: views.nodesWithPods,
    ackNeeded: releases.waitsFor,
  });
  const waits = createGatewayWaits(
    { boundMs: init.gatewayWaitMs },
    { clock, inForce: nodes.gatewaysHave },
  );
  const parts: Parts = { ...components, views, releases, nodes, waits };
  views.settle();
  return {
    events: (events) => takeEvents(parts, events),
    nodeRecord: (record) => {
      views.nodeRecord(record);
      sendChanges(parts, []);
    },
    statuses: nodes.statuses,
    hello: (link, hello) => takeHello(parts, link, hello),
    ack: (link, ack) => takeAck(parts, link, ack),
    nack: (link, nonce, code, message) => takeNack(parts, link, { nonce, code, message }),
    mapped: (link, pods, readBackAtMs) => takeMapped(parts, link, pods, readBackAtMs),
    awaitGateways: (link, id, version) => {
      waits.ask(link, version, (inForce) => link.gatewaysAt(id, inForce));
    },
    closed: (link) => {
      components.log.info({ node: nodes.of(link)?.node ?? 'replaced' }, 'agent link closed');
      nodes.closed(link);
      waits.drop(link);
    },
    refused: (error) => components.log.warn({ error }, 'agent link refused'),
  };
}

function wantedSet(world: World, views: Views, node: NodeName): WantedSet {
  const set = views.node(node);
  const { version } = world;
  const { checksum } = set;
  return { version, checksum, get: set.get, resources: set.resources };
}

function takeEvents(parts: Parts, events: readonly LoggedEvent[]): void {
  const released = new Set<NodeName>();
  for (const event of events) {
    const effects = parts.world.apply(event);
    parts.views.event(event, effects);
    for (const node of parts.releases.event(event, effects)) released.add(node);
  }
  for (const node of released) parts.nodes.wantAck(node);
  sendChanges(parts, released);
}

function sendChanges({ views, nodes, waits }: Parts, released: Iterable<NodeName>): void {
  const changes = views.settle();
  nodes.changed(changes);
  nodes.send([...changes.keys(), ...released]);
  waits.look();
}

function takeHello(parts: Parts, link: AgentLink, hello: Hello): void {
  const { node, bootId, underlayIp, mac } = hello;
  const { world, log, nodes, waits, nodeRecords, append } = parts;
  const { version } = hello.held;
  log.info({ node, bootId, version }, 'agent link up');
  if (!isAtLeast(world.version, version)) {
    log.warn({ node, version, have: world.version }, 'the node has seen more than this hub');
    parts.onNodeAhead?.(node, version);
  }
  const record: NodeFromAgent = { type: 'NodeFromAgent', node, bootId, underlayIp, mac };
  const key = nodeAgentKey(node);
  if (canonicalJson(nodeRecords.get(key)) !== canonicalJson(record)) {
    append(TOPICS.nodes.name, { key, value: { ...record } });
  }
  nodes.hello(link, hello);
  nodes.send([node]);
  waits.look();
}

function takeAck(parts: Parts, link: AgentLink, ack: AgentAck): void {
  const { clock, log, nodes, releases, waits, append } = parts;
  const known = nodes.of(link);
  if (known === undefined) return;
  const { node, bootId, session } = known;
  const outcome = session.ack(ack.nonce, ack.held, clock.nowMs());
  if (outcome.kind === 'stray') return;
  if (outcome.kind === 'differs') {
    log.warn({ node, version: outcome.push.version }, 'acked something else than was pushed');
  } else {
    const { version, checksum } = ack.held;
    append(TOPICS.acks.name, ackEntry({ node, bootId, version, checksum, ...ack }, outcome.push));
    for (const record of releases.acked(node, version)) {
      append(TOPICS.events.name, eventEntry(record));
    }
  }
  nodes.send([node]);
  waits.look();
}

function takeNack(
  { clock, log, nodes }: Parts,
  link: AgentLink,
  { nonce, code, message }: { nonce: bigint; code: string; message: string },
): void {
  const known = nodes.of(link);
  if (known?.session.nack(nonce, clock.nowMs()) !== true) return;
  log.warn({ node: known.node, code, reason: message }, 'push refused');
  nodes.send([known.node]);
}

/** Mappings that came into force without a push, at what the node last had. */
function takeMapped(
  { nodes, append }: Parts,
  link: AgentLink,
  mapped: readonly string[],
  readBackAtMs: number,
): void {
  const known = nodes.of(link);
  const held = known?.session.status.held;
  if (known === undefined || held === undefined || held === null) return;
  const { node, bootId } = known;
  append(TOPICS.acks.name, ackEntry({ node, bootId, ...held, mapped, readBackAtMs }, null));
}

function ackEntry(
  said: Omit<AckRecord, 'type' | 'checksum' | 'recordsSent' | 'sentAtMs'> & {
    readonly checksum: bigint;
  },
  push: Push | null,
): NewEntry {
  const { node, bootId, version, checksum, mapped, readBackAtMs } = said;
  const record: AckRecord = {
    type: 'Ack',
    node,
    bootId,
    version,
    checksum: checksum.toString(16).padStart(16, '0'),
    recordsSent: push === null ? 0 : push.resources.length + push.removed.length,
    sentAtMs: push?.sentAtMs ?? null,
    readBackAtMs,
    mapped,
  };
  return { key: node, value: { ...record } };
}

function eventEntry(record: EventRecord): NewEntry {
  return { key: record.aggregate, value: { ...record } };
}
