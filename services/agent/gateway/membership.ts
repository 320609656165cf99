/**
 * Which gateways share the addresses, and therefore who answers for each, by what was heard and the
 * time that passed. Pure: no clock, no socket; the same calls give the same answers. Each gateway
 * decides alone, so two may answer for one address for a while (both steer right); that nobody
 * does, must not be:
 * - what is owned is let go of only when the next owner has said that it has it and keeps it;
 * - a gateway that is out of sync, is new, or leaves, steps back behind better ones only, so the
 *   last one never withdraws;
 * - one that was gone counts as new for a while, so a flap moves its addresses once.
 */
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import { ownerOf } from '../../contract/ownership.ts';
import { createHeardPeers, HEARTBEAT_MS, LISTEN_MS, type PeerView } from './heard-peers.ts';
import type { Heartbeat } from './heartbeat.ts';

/** How long a gateway that came, or came back, takes nothing from those that were there. */
const NEW_FOR_MS = 3_000;
/** Between saying that it is not new any more and acting so: others must have heard it. */
const HEARD_AFTER_MS = 4 * HEARTBEAT_MS;

/** What a gateway says of itself beside being there. */
export interface Standing {
  readonly inSync: boolean;
  readonly leaving: boolean;
}

/** The lower, the better: those of the best rank share the addresses. */
type Rank = number;
const RANK_GOOD = 0;
const RANK_NEW = 1;
const RANK_OUT_OF_SYNC = 2;
const RANK_LEAVING = 3;

export interface Membership {
  /** False: older than what was heard already. */
  heard(heartbeat: Heartbeat, nowMs: number): boolean;
  /** To be called every heartbeat. */
  tick(nowMs: number): void;
  setStanding(standing: Standing): void;
  /** What this gateway answers for now, as its kernel has it. */
  setHeld(held: ReadonlySet<IpAddress>): void;
  /** The gateways beside this one, each with its key. */
  setPeers(keys: ReadonlyMap<NodeName, string>): void;
  /** Whether it shall answer for the address that these gateways serve. */
  owns(address: IpAddress, gateways: readonly NodeName[]): boolean;
  /** Whether it has the address and means to keep it: what its heartbeats say it owns. */
  keeps(address: IpAddress, gateways: readonly NodeName[]): boolean;
  /** It is not new any more. */
  settled(): boolean;
  /** Live ones that say that they answer for the address. */
  alsoOwnedBy(address: IpAddress): boolean;
  peers(): readonly PeerView[];
  /** Equal while `owns` and `keeps` answer the same. */
  signature(): string;
}

/** `startedMs`: when this gateway's agent began. */
export function createMembership(self: NodeName, startedMs: number): Membership {
  const peers = createHeardPeers(startedMs);
  const rendezvous = remembered(ownerOf);
  let standing: Standing = { inSync: true, leaving: false };
  let held: ReadonlySet<IpAddress> = new Set();
  let settledMs: number | null = null;
  let metSettled = false;

  const isListening = (): boolean => peers.listenedMs() < LISTEN_MS;
  const sinceMs = (ms: number): number => peers.nowMs() - ms;

  /** Who met nobody whom it could disturb need not wait; those that start together are equal. */
  function settle(): void {
    const isOld = peers.listenedMs() >= NEW_FOR_MS;
    if (isOld || (!metSettled && !isListening())) settledMs ??= peers.nowMs();
  }

  /** Settled, and others have heard it. */
  const isSettled = (): boolean => settledMs !== null && sinceMs(settledMs) >= HEARD_AFTER_MS;

  /** `settled`: what counts of this gateway itself. */
  function rankOf(name: NodeName, settled = isSettled()): Rank | null {
    if (name === self) return rank({ ...standing, settled });
    return rankOfPeer(name);
  }

  function rankOfPeer(name: NodeName): Rank | null {
    const peer = peers.get(name);
    if (peer === null || !peer.live) return null;
    const settled = peer.said.settled && sinceMs(peer.sinceMs) >= NEW_FOR_MS;
    return rank({ ...peer.said, settled });
  }

  function nextOwner(
    address: IpAddress,
    gateways: readonly NodeName[],
    settled = isSettled(),
  ): NodeName | null {
    const ranks = gateways.map((name) => [name, rankOf(name, settled)] as const);
    const best = Math.min(...ranks.map(([, rank]) => rank ?? Number.POSITIVE_INFINITY));
    const sharing = ranks.flatMap(([name, rank]) => (rank === best ? [name] : []));
    return rendezvous(address, sharing);
  }

  /** Nobody has the address, and others count on it since they heard that it is settled. */
  function isCountedOn(address: IpAddress, gateways: readonly NodeName[]): boolean {
    if (settledMs === null || isSettled() || alsoOwnedBy(address)) return false;
    const isAmongGood = peers.all().some(({ name }) => rankOfPeer(name) === RANK_GOOD);
    return isAmongGood && nextOwner(address, gateways, true) === self;
  }

  const alsoOwnedBy = (address: IpAddress): boolean =>
    peers.all().some(({ name }) => peers.says(name, address));

  return {
    heard(heartbeat, nowMs) {
      const isNews = peers.heard(heartbeat, nowMs);
      const isEarly = peers.listenedMs() < LISTEN_MS - HEARTBEAT_MS;
      if (isNews && isEarly && heartbeat.settled) metSettled = true;
      return isNews;
    },
    tick(nowMs) {
      peers.pass(nowMs);
      settle();
    },
    setStanding: (now) => {
      standing = now;
    },
    setHeld: (now) => {
      held = now;
    },
    setPeers: peers.setKeys,
    owns(address, gateways) {
      if (!gateways.includes(self)) return false;
      if (gateways.length > 1 && isListening()) return held.has(address);
      const owner = nextOwner(address, gateways);
      if (owner === null || owner === self) return true;
      if (held.has(address)) return !peers.says(owner, address);
      return isCountedOn(address, gateways);
    },
    keeps(address, gateways) {
      if (!held.has(address) || !gateways.includes(self)) return false;
      if (gateways.length > 1 && isListening()) return false;
      return nextOwner(address, gateways) === self;
    },
    settled: () => settledMs !== null,
    alsoOwnedBy,
    peers: peers.all,
    signature() {
      const others = peers.all().map(({ name, live, said }) => {
        const owned = live ? [...said.owned].sort().join() : '';
        return `${name} ${rankOf(name)} ${owned}`;
      });
      return [isListening(), settledMs === null, rankOf(self), ...others.sort()].join('\n');
    },
  };
}

function rank({ inSync, settled, leaving }: Standing & { readonly settled: boolean }): Rank {
  if (leaving) return RANK_LEAVING;
  if (!inSync) return RANK_OUT_OF_SYNC;
  return settled ? RANK_GOOD : RANK_NEW;
}

const REMEMBERED_MAX = 4096;

/** The answers of a pure function, which is asked the same again and again. */
function remembered(
  compute: typeof ownerOf,
): (...args: [IpAddress, NodeName[]]) => NodeName | null {
  const answers = new Map<string, NodeName | null>();
  return (address, gateways) => {
    const question = `${address} ${gateways.join(' ')}`;
    const known = answers.get(question);
    if (known !== undefined) return known;
    if (answers.size >= REMEMBERED_MAX) answers.clear();
    const answer = compute(address, gateways);
    answers.set(question, answer);
    return answer;
  };
}
