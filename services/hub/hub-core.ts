/**
 * The hub without I/O: what it does with a record of the log, and with a word of an agent. Folds,
 * keeps the views, says which pushes are due and what is to be appended. Made when the log and the
 * node records were read to the end; before that a hub serves nobody.
 */
import { cutsOf, generationOf } from '../aggregates/log/whole.ts';
import type { World } from '../aggregates/world.ts';
import { canonicalJson } from '../contract/canonical.ts';
import type { NodeName } from '../contract/identity.ts';
import type { PassedOver } from '../contract/logged-event.ts';
import {
  type AckRecord,
  type NodeFromAgent,
  type NodeRecord,
  nodeAgentKey,
} from '../contract/node-records.ts';
import type { EventRecord, LoggedEvent } from '../contract/records.ts';
import { TOPICS, type Topic } from '../contract/topics.ts';
import { inGeneration, type Version } from '../contract/version.ts';
import type { NewEntry } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createFenceBook, type FenceBook } from './fence-book.ts';
import { createFenceCauses, type FenceCauses } from './fence-causes.ts';
import { createFences, type Fences } from './fences.ts';
import { createGatewayWaits, type GatewayWaits } from './gateway-waits.ts';
import { createGreetings, type Greetings } from './greetings.ts';
import { ackEntry, eventEntry } from './hub-entries.ts';
import type { Hello } from './link-messages.ts';
import type { AgentAck, LinkHandlers } from './link-server.ts';
import { createLoggedAcks, type LoggedAcks } from './logged-acks.ts';
import { type AgentLink, createNodeLinks, type NodeLinks } from './node-links.ts';
import type { NodeStatus } from './node-status.ts';
import { createOperatorFences, type OperatorFences } from './operator-fences.ts';
import { createReleaseAcks, type ReleaseAcks } from './release-acks.ts';
import { isAhead, type WantedSet } from './session.ts';
import { createViews, type Views } from './views/views.ts';

/** The latest of each key of `berth.nodes`. */
export type NodeRecords = Map<string, NodeRecord>;

export interface HubCoreInit {
  readonly gatewayWaitMs: number;
  /** How long a node that is said to be gone may be without a link before it counts as gone. */
  readonly linkGraceMs: number;
}

export interface HubCoreComponents {
  readonly world: World;
  readonly nodeRecords: NodeRecords;
  readonly clock: Clock;
  readonly log: Log;
  readonly append: (topic: Topic, entry: NewEntry) => void;
  /** A node said that it has more than this hub has read. @default nobody is told */
  readonly onNodeAhead?: (node: NodeName, version: Version) => void;
  /** Where the log ends now. @default nothing is waited for */
  readonly eventsEnd?: () => Promise<Version>;
}

export interface HubCore extends LinkHandlers {
  readonly operators: OperatorFences;
  /** Folds a batch of `berth.events`. @throws what the fold throws: the hub must stop. */
  events(events: readonly (LoggedEvent | PassedOver)[]): void;
  nodeRecord(record: NodeRecord): void;
  /** What nodes acked, to this hub or another. */
  acks(records: readonly AckRecord[]): void;
  statuses(): NodeStatus[];
}

interface Parts extends HubCoreComponents {
  readonly views: Views;
  readonly releases: ReleaseAcks;
  readonly nodes: NodeLinks;
  readonly waits: GatewayWaits;
  readonly fences: Fences;
  readonly book: FenceBook;
  readonly causes: FenceCauses;
  readonly operators: OperatorFences;
  readonly greetings: Greetings;
  readonly loggedAcks: LoggedAcks;
}

export function createHubCore(init: HubCoreInit, components: HubCoreComponents): HubCore {
  const parts = createParts(init, components);
  const { views, nodes, waits, causes } = parts;
  views.settle();
  return {
    operators: parts.operators,
    events: (events) => takeEvents(parts, events),
    nodeRecord: (record) => takeNodeRecord(parts, record),
    acks: (records) => {
      parts.loggedAcks.take(records);
      waits.look();
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
      const node = nodes.of(link)?.node;
      components.log.info({ node: node ?? 'replaced' }, 'agent link closed');
      nodes.closed(link);
      waits.drop(link);
      if (node !== undefined) causes.linkChanged(node);
    },
    refused: (error) => components.log.warn({ error }, 'agent link refused'),
  };
}

function createParts(init: HubCoreInit, components: HubCoreComponents): Parts {
  const { world, clock, nodeRecords, append } = components;
  const views = createViews(world, nodeRecords.values());
  const releases = createReleaseAcks(world);
  const book = createFenceBook(world);
  const observe = (record: EventRecord): void => append(TOPICS.events.name, eventEntry(record));
  const fences = createFences({ world, book, append: observe });
  const loggedAcks = createLoggedAcks(nodeRecords);
  const nodes = createNodeLinks({
    clock,
    wanted: (node) => wantedSet(world, views, node),
    // What forwards nothing need not be waited for.
    gateways: () => views.gateways().filter((node) => !book.isFenced(node)),
    nodesWithPods: () => [...views.nodesWithPods()].filter((node) => !book.isFenced(node)),
    ackNeeded: releases.waitsFor,
    isLastBoot: loggedAcks.isLastBoot,
    ackedElsewhere: (node, version) =>
      loggedAcks.hasVersion(node, wantedSet(world, views, node), version),
    mayPush: (node) => greetings.isOver(node) && fences.mayPush(node),
  });
  const causes = createFenceCauses(
    { linkGraceMs: init.linkGraceMs },
    { world, book, clock, isLinked: nodes.isLinked, append: observe },
    nodeRecords.values(),
  );
  const { eventsEnd } = components;
  const greetings = createGreetings({
    world,
    book,
    causes,
    append: observe,
    onWelcome: (node) => nodes.send([node]),
    ...(eventsEnd === undefined ? {} : { eventsEnd }),
  });
  const operators = createOperatorFences({
    world,
    book,
    nodeRecords,
    isLinked: nodes.isLinked,
    append: observe,
  });
  const waits = createGatewayWaits(
    { boundMs: init.gatewayWaitMs },
    { clock, inForce: nodes.gatewaysHave },
  );
  return {
    ...components,
    views,
    releases,
    nodes,
    waits,
    fences,
    book,
    causes,
    operators,
    greetings,
    loggedAcks,
  };
}

function wantedSet(world: World, views: Views, node: NodeName): WantedSet {
  const set = views.node(node);
  const generation = generationOf(world);
  const version = inGeneration(world.version, generation);
  const { checksum } = set;
  const movedFrom = (held: Version): Version | null => {
    const heldGeneration = held.generation ?? 0;
    if (heldGeneration === generation) return null;
    const cut = cutsOf(world).find((each) => each.generation === heldGeneration);
    return cut === undefined ? null : inGeneration(cut.version, heldGeneration);
  };
  return { version, checksum, movedFrom, get: set.get, resources: set.resources };
}

function takeEvents(parts: Parts, events: readonly (LoggedEvent | PassedOver)[]): void {
  const released = new Set<NodeName>();
  const mayBePushed = new Set<NodeName>();
  for (const event of events) {
    const effects = parts.world.apply(event);
    if (event.record === null) continue;
    parts.views.event(event, effects);
    for (const node of parts.releases.event(event, effects)) released.add(node);
    for (const node of parts.fences.event(event, effects)) mayBePushed.add(node);
    const { body } = event.record;
    if (body.type !== 'FenceBooked' || effects.ignored !== null) continue;
    takeBooked(parts, body.node);
    mayBePushed.add(body.node);
  }
  for (const node of released) parts.nodes.wantAck(node);
  parts.greetings.read();
  sendChanges(parts, [...released, ...mayBePushed]);
}

function sendChanges({ views, nodes, waits }: Parts, released: Iterable<NodeName>): void {
  const changes = views.settle();
  nodes.changed(changes);
  nodes.send([...changes.keys(), ...released]);
  waits.look();
}

function takeNodeRecord(parts: Parts, record: NodeRecord): void {
  parts.views.nodeRecord(record);
  parts.causes.nodeRecord(record);
  sendChanges(parts, []);
}

/** The fence book has a new entry of the node. */
function takeBooked(parts: Parts, node: NodeName): void {
  const { book, fences, causes, operators, nodes, greetings, log } = parts;
  const entry = book.get(node);
  if (entry === undefined) return;
  log.warn({ node, by: entry.by, suspect: entry.suspect }, 'fence book');
  greetings.booked(node);
  fences.booked(node);
  causes.booked(node);
  operators.booked(node);
  // Its link may be one from before, or half dead: it is here if it says hello.
  if (entry.by !== null) nodes.close(node, 'this node was fenced');
  else if (entry.suspect !== null) nodes.close(node, 'this node is said to be gone');
}

function takeHello(parts: Parts, link: AgentLink, hello: Hello): void {
  const { node, bootId, underlayIp, mac, heartbeatKey } = hello;
  const { world, log, nodes, waits, causes, nodeRecords, append } = parts;
  const { version } = hello.held;
  log.info({ node, bootId, version }, 'agent link up');
  if (isAhead(hello.held, wantedSet(world, parts.views, node))) {
    log.warn({ node, version, have: world.version }, 'the node has seen more than this hub');
    parts.onNodeAhead?.(node, version);
  }
  const record: NodeFromAgent = {
    type: 'NodeFromAgent',
    node,
    bootId,
    underlayIp,
    mac,
    ...(heartbeatKey === null ? {} : { heartbeatKey }),
  };
  const key = nodeAgentKey(node);
  if (canonicalJson(nodeRecords.get(key)) !== canonicalJson(record)) {
    append(TOPICS.nodes.name, { key, value: { ...record } });
  }
  nodes.hello(link, hello);
  causes.linkChanged(node);
  parts.greetings.hello(node);
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
