/**
 * What was heard of the other gateways, and whether they live: silence for three heartbeats is
 * death. Pure: time comes with the calls. Whoever was held up itself (frozen, starved) heard nobody
 * meanwhile, and knows nothing against them.
 */
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import { type Heartbeat, markOf } from './heartbeat.ts';

export const HEARTBEAT_MS = 50;
const DEAD_AFTER_MS = 3 * HEARTBEAT_MS;
/** Who has just started takes nothing from others before it could hear of them. */
export const LISTEN_MS = 4 * HEARTBEAT_MS;
/** A promise to live without a word is believed for so long at most. */
const QUIET_MAX_MS = 60_000;

export interface PeerView {
  readonly name: NodeName;
  readonly live: boolean;
  /** Since when without a gap; from the beginning where it was there when we came. */
  readonly sinceMs: number;
  readonly said: Heartbeat;
}

export interface HeardPeers {
  /** False: older than what was heard already. */
  heard(heartbeat: Heartbeat, nowMs: number): boolean;
  /** Time passed. */
  pass(nowMs: number): void;
  nowMs(): number;
  /** How long we listen already; while we were held up we did not. */
  listenedMs(): number;
  /** The gateways that there are, each with its key: what another key said is forgotten. */
  setKeys(keys: ReadonlyMap<NodeName, string>): void;
  get(name: NodeName): PeerView | null;
  all(): readonly PeerView[];
  /** A live one that means to keep the address says so. */
  says(name: NodeName, address: IpAddress): boolean;
}

interface Peer {
  readonly said: Heartbeat;
  readonly sinceMs: number;
  readonly quietUntilMs: number;
  heardMs: number;
}

export function createHeardPeers(beganMs: number): HeardPeers {
  const known = new Map<NodeName, Peer>();
  let keys: ReadonlyMap<NodeName, string> = new Map();
  let startedMs = beganMs;
  let nowMs = beganMs;

  const isLive = ({ heardMs, quietUntilMs }: Peer): boolean =>
    nowMs - heardMs < DEAD_AFTER_MS || nowMs < quietUntilMs;

  function view(name: NodeName, peer: Peer): PeerView {
    const { said, sinceMs } = peer;
    return { name, live: isLive(peer), sinceMs, said };
  }

  function pass(atMs: number): void {
    const passedMs = Math.max(0, atMs - nowMs);
    nowMs += passedMs;
    if (passedMs <= 2 * HEARTBEAT_MS) return;
    for (const peer of known.values()) peer.heardMs += passedMs - HEARTBEAT_MS;
    startedMs += passedMs - HEARTBEAT_MS;
  }

  return {
    pass,
    heard(said, atMs) {
      pass(atMs);
      const before = known.get(said.from);
      if (before !== undefined && !isNewer(said, before.said)) return false;
      const isListening = nowMs - startedMs < LISTEN_MS;
      known.set(said.from, {
        said,
        heardMs: nowMs,
        sinceMs:
          before === undefined
            ? isListening
              ? Number.NEGATIVE_INFINITY
              : nowMs
            : isLive(before) && before.said.bootId === said.bootId
              ? before.sinceMs
              : nowMs,
        quietUntilMs: nowMs + Math.min(said.quietMs, QUIET_MAX_MS),
      });
      return true;
    },
    nowMs: () => nowMs,
    listenedMs: () => nowMs - startedMs,
    setKeys(now) {
      for (const name of known.keys()) if (now.get(name) !== keys.get(name)) known.delete(name);
      keys = now;
    },
    get(name) {
      const peer = known.get(name);
      return peer === undefined ? null : view(name, peer);
    },
    all: () => [...known].map(([name, peer]) => view(name, peer)),
    says(name, address) {
      const peer = known.get(name);
      return peer !== undefined && isLive(peer) && peer.said.owned.has(markOf(address));
    },
  };
}

function isNewer(said: Heartbeat, before: Heartbeat): boolean {
  if (said.epoch !== before.epoch) return said.epoch > before.epoch;
  return said.sequence > before.sequence;
}
