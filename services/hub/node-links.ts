/**
 * All nodes that the hub has met: their sessions, and the link that each has now. Sends what is
 * due, gateways first, and knows who is in sync. A second link of a node replaces the first.
 */
import type { NodeName } from '../contract/identity.ts';
import type { Version } from '../contract/version.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Hello } from './link-messages.ts';
import { hasVersion, isInSync, type NodeStatus } from './node-status.ts';
import { createSession, isAhead, type Push, type Session, type WantedSet } from './session.ts';
import type { NodeChange } from './views/node-sets.ts';

/** One stream, as the hub sees it. */
export interface AgentLink {
  push(push: Push): void;
  gatewaysAt(id: bigint, inForce: boolean): void;
  close(reason: string): void;
}

export interface NodeLinksComponents {
  readonly clock: Clock;
  readonly wanted: (node: NodeName) => WantedSet;
  readonly gateways: () => readonly NodeName[];
  readonly nodesWithPods: () => Iterable<NodeName>;
  /** Whether a release waits for the node's ack. */
  readonly ackNeeded: (node: NodeName) => boolean;
  /** Whether the node is not known to have started anew since. */
  readonly isLastBoot: (node: NodeName, bootId: string) => boolean;
  /** By what it acked to another hub. */
  readonly ackedElsewhere: (node: NodeName, version: Version) => boolean;
  /** Not while a fence may still count in place of the node's acks. */
  readonly mayPush: (node: NodeName) => boolean;
}

export interface LinkedNode {
  readonly node: NodeName;
  readonly session: Session;
  readonly bootId: string;
}

export interface NodeLinks {
  hello(link: AgentLink, hello: Hello): void;
  closed(link: AgentLink): void;
  /** The node of this link; undefined once another link replaced it. */
  of(link: AgentLink): LinkedNode | undefined;
  changed(changes: ReadonlyMap<NodeName, NodeChange>): void;
  wantAck(node: NodeName): void;
  isLinked(node: NodeName): boolean;
  /** Ends its link, so that it says hello anew. */
  close(node: NodeName, reason: string): void;
  /** Sends what is due to these nodes, and to those that were ahead of the hub. */
  send(nodes: Iterable<NodeName>): void;
  /** Whichever hub they are linked to. */
  gatewaysHave(version: Version): boolean;
  statuses(): NodeStatus[];
}

interface Known {
  readonly node: NodeName;
  readonly session: Session;
  bootId: string;
  link: AgentLink | null;
  cancelRetry: () => void;
  /** Since when it is out of sync; null in sync. */
  behindSinceMs: number | null;
}

export function createNodeLinks(components: NodeLinksComponents): NodeLinks {
  const { wanted, gateways, ackNeeded, isLastBoot, ackedElsewhere } = components;
  const nodes = new Map<NodeName, Known>();
  const links = new Map<AgentLink, Known>();
  const ahead = new Set<NodeName>();

  function send(names: Iterable<NodeName>): void {
    const first = new Set(gateways());
    const due = [...new Set([...names, ...ahead])].flatMap((name) => nodes.get(name) ?? []);
    for (const known of due) if (first.has(known.node)) sendTo(known, components);
    for (const known of due) if (!first.has(known.node)) sendTo(known, components);
    for (const { node, session } of due) {
      const { connected, held } = session.status;
      if (connected && held !== null && isAhead(held, wanted(node))) ahead.add(node);
      else ahead.delete(node);
    }
  }

  function closed(link: AgentLink): void {
    const known = links.get(link);
    if (known === undefined) return;
    links.delete(link);
    known.link = null;
    known.cancelRetry();
    known.session.lost();
  }

  return {
    hello: (link, { node, bootId, held }) => {
      const known = nodes.get(node) ?? newNode(node);
      nodes.set(node, known);
      if (known.link !== null) {
        links.delete(known.link);
        known.link.close('another link of this node came up');
      }
      known.link = link;
      known.bootId = bootId;
      links.set(link, known);
      known.session.hello(held);
      if (ackNeeded(node)) known.session.wantAck();
    },
    closed,
    isLinked: (node) => (nodes.get(node)?.link ?? null) !== null,
    close: (node, reason) => {
      const link = nodes.get(node)?.link ?? null;
      if (link === null) return;
      closed(link);
      link.close(reason);
    },
    of: (link) => links.get(link),
    changed: (changes) => {
      for (const [node, keys] of changes) nodes.get(node)?.session.changed(keys);
    },
    wantAck: (node) => nodes.get(node)?.session.wantAck(),
    send,
    gatewaysHave: (version) =>
      gateways().every((node) => {
        const known = nodes.get(node);
        const here =
          known !== undefined &&
          isLastBoot(node, known.bootId) &&
          hasVersion(known.session, wanted(node), version);
        return here || ackedElsewhere(node, version);
      }),
    statuses: () => statuses(nodes, components),
  };
}

function sendTo(known: Known, components: NodeLinksComponents): void {
  const { clock, wanted, ackNeeded, mayPush } = components;
  const { node, session } = known;
  known.cancelRetry();
  if (!mayPush(node)) {
    known.behindSinceMs ??= clock.nowMs();
    return;
  }
  const push = session.next(wanted(node), clock.nowMs());
  if (push !== null) known.link?.push(push);
  const waitMs = session.waitMs(clock.nowMs());
  if (waitMs > 0) known.cancelRetry = clock.after(waitMs, () => sendTo(known, components));
  if (isInSync(session, wanted(node), ackNeeded(node))) known.behindSinceMs = null;
  else known.behindSinceMs ??= clock.nowMs();
}

function statuses(
  nodes: ReadonlyMap<NodeName, Known>,
  components: NodeLinksComponents,
): NodeStatus[] {
  const { clock, wanted, gateways, nodesWithPods, ackNeeded } = components;
  const concerned = new Set([...gateways(), ...nodesWithPods()]);
  return [...new Set([...nodes.keys(), ...concerned])].map((node): NodeStatus => {
    const known = nodes.get(node);
    const common = { node, concerned: concerned.has(node) };
    if (known === undefined) {
      const nothing = { version: null, inSync: false, lagMs: 0, unackedMs: 0 };
      return { ...common, connected: false, ...nothing };
    }
    const { connected, held, inFlightSinceMs } = known.session.status;
    const inSync = isInSync(known.session, wanted(node), ackNeeded(node));
    const lagMs = inSync ? 0 : clock.nowMs() - (known.behindSinceMs ?? clock.nowMs());
    const unackedMs = inFlightSinceMs === null ? 0 : clock.nowMs() - inFlightSinceMs;
    return { ...common, connected, version: held?.version ?? null, inSync, lagMs, unackedMs };
  });
}

function newNode(node: NodeName): Known {
  const nothing = (): void => undefined;
  const session = createSession();
  return { node, session, bootId: '', link: null, cancelRetry: nothing, behindSinceMs: null };
}
