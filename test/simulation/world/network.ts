/**
 * Agent links without gRPC: one ordered stream each way, each message late, nothing reordered. A
 * link that breaks loses what is under way; each end notices in its own time, the hub often only
 * after the agent's next link is up.
 */

import type { LinkStream } from '../../../services/agent/link-session.ts';
import { berthError } from '../../../services/contract/errors.ts';
import type {
  ConnectRequest,
  ConnectResponse,
} from '../../../services/contract/gen/berth/link/v1/link_pb.ts';
import type { NodeName } from '../../../services/contract/identity.ts';
import { versionFromWire } from '../../../services/contract/link-version.ts';
import { gatewaysAtMessage, pushMessage, readHello } from '../../../services/hub/link-messages.ts';
import type { LinkHandlers } from '../../../services/hub/link-server.ts';
import type { AgentLink } from '../../../services/hub/node-links.ts';
import type { Hub } from '../processes/hub.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface Network {
  /** Nodes that reach no hub. */
  readonly cutOff: Set<NodeName>;
  /** To any hub that serves; fails when there is none to reach. */
  dial(life: Life, node: NodeName): Promise<LinkStream>;
  /** Each link that there is. */
  breakLinks(isMeant: (node: NodeName) => boolean): void;
}

interface Wire {
  readonly node: NodeName;
  broken: boolean;
  break(): void;
}

const AGENT_NOTICES_MS = 2500;
const HUB_NOTICES_MS = 5000;

export function createNetwork(surroundings: Surroundings, hubs: readonly Hub[]): Network {
  const { scheduler, dice, history } = surroundings;
  const cutOff = new Set<NodeName>();
  const wires = new Set<Wire>();

  /** Sends in order: what is sent later never comes earlier. */
  function lane(wire: Wire, to: Life): (deliver: () => void) => void {
    let lastMs = 0;
    return (deliver) => {
      if (wire.broken) return;
      if (dice.chance(surroundings.faults.linkBreaks)) {
        wire.break();
        return;
      }
      const atMs = Math.max(lastMs, scheduler.nowMs + dice.delayMs());
      lastMs = atMs;
      scheduler.later(to, atMs - scheduler.nowMs, () => {
        if (!wire.broken) deliver();
      });
    };
  }

  function open(life: Life, node: NodeName, hub: Hub): LinkStream {
    const serving = hub.serving();
    if (serving === null) throw unreachable(node);
    const { life: hubLife, core } = serving;
    const inbox = createInbox();
    let greeted = false;
    const wire: Wire = {
      node,
      broken: false,
      break() {
        if (wire.broken) return;
        wire.broken = true;
        wires.delete(wire);
        life.onEnd.delete(wire.break);
        hubLife.onEnd.delete(wire.break);
        scheduler.later(life, dice.next() * AGENT_NOTICES_MS, () => inbox.end(unreachable(node)));
        scheduler.later(hubLife, dice.next() * HUB_NOTICES_MS, () => {
          if (greeted) core.closed(link);
        });
      },
    };
    const toHub = lane(wire, hubLife);
    const toAgent = lane(wire, life);
    const link: AgentLink = {
      push: (push) => {
        if (!hubLife.alive) return;
        const { kind, version, resources, removed } = push;
        const size = `${resources.length} resources, ${removed.length} removed`;
        history.tell(hub.name, `pushes ${kind} to ${node}: ${JSON.stringify(version)}, ${size}`);
        toAgent(() => inbox.put(pushMessage(push)));
      },
      gatewaysAt: (id, inForce) => toAgent(() => inbox.put(gatewaysAtMessage(id, inForce))),
      close: wire.break,
    };
    wires.add(wire);
    life.onEnd.add(wire.break);
    hubLife.onEnd.add(wire.break);
    history.tell(node, `is linked to ${hub.name}`);
    const stream = {
      get writable() {
        return life.alive && !wire.broken;
      },
      write(message: ConnectRequest) {
        if (!life.alive) return;
        history.tell(node, `says ${textOf(message)}`);
        toHub(() => {
          greeted = true;
          hear(core, link, message);
        });
      },
      cancel: wire.break,
      [Symbol.asyncIterator]: inbox.read,
    };
    return stream as unknown as LinkStream;
  }

  return {
    cutOff,
    dial: (life, node) =>
      new Promise((resolve, reject) => {
        scheduler.later(life, dice.delayMs(), () => {
          const able = hubs.filter((hub) => hub.serving() !== null);
          if (cutOff.has(node) || able.length === 0) reject(unreachable(node));
          else resolve(open(life, node, dice.pick(able)));
        });
      }),
    breakLinks(isMeant) {
      for (const wire of [...wires]) if (isMeant(wire.node)) wire.break();
    },
  };
}

/** As services/hub/link-server.ts hands on what comes in. */
function hear(core: LinkHandlers, link: AgentLink, { message }: ConnectRequest): void {
  switch (message.case) {
    case 'hello':
      core.hello(link, readHello(message.value));
      return;
    case 'ack': {
      const { nonce, version, checksum, readBackAtMs, mappedPodUids: mapped } = message.value;
      core.ack(link, {
        nonce,
        held: { version: versionFromWire(version), checksum },
        readBackAtMs,
        mapped,
      });
      return;
    }
    case 'nack':
      core.nack(link, message.value.nonce, message.value.code, message.value.message);
      return;
    case 'mapped':
      core.mapped(link, message.value.podUids, message.value.readBackAtMs);
      return;
    case 'awaitGateways':
      core.awaitGateways(link, message.value.id, versionFromWire(message.value.version));
  }
}

interface Inbox {
  put(message: ConnectResponse): void;
  end(error: Error): void;
  read(): AsyncGenerator<ConnectResponse>;
}

function createInbox(): Inbox {
  const messages: ConnectResponse[] = [];
  let ended: Error | null = null;
  let wake = (): void => undefined;
  return {
    put(message) {
      messages.push(message);
      wake();
    },
    end(error) {
      ended = error;
      wake();
    },
    async *read() {
      for (;;) {
        const message = messages.shift();
        if (message !== undefined) yield message;
        else if (ended !== null) throw ended;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}

function unreachable(node: NodeName): Error {
  return berthError('BERTH_LOG_CLOSED', {}, new Error(`${node} reaches no hub`));
}

function textOf({ message }: ConnectRequest): string {
  if (message.case === undefined) return 'nothing';
  if (message.case === 'nack') return `nack: ${message.value.message}`;
  if (message.case !== 'hello' && message.case !== 'ack') return message.case;
  return `${message.case} ${JSON.stringify(versionFromWire(message.value.version))}`;
}
