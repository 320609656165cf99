/**
 * A gateway among gateways: says its heartbeats, hears theirs, and when that changes who answers
 * for an address, has the kernel's table follow and announces what it took. It asks nobody: hub and
 * log may be gone. What the hub sent stays as it is; what is owned of it is this node's own.
 */
import { berthError } from '../../contract/errors.ts';
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createAnnouncements } from './announcements.ts';
import type { GatewayState } from './gateway-state.ts';
import { HEARTBEAT_MS } from './heard-peers.ts';
import { type Heartbeat, markOf, openHeartbeat, sealHeartbeat } from './heartbeat.ts';
import type { HeartbeatSocket } from './heartbeat-socket.ts';
import type { Membership } from './membership.ts';
import { createOwnedAddresses, type OwnedAddresses } from './owned-addresses.ts';
import { createPeerBook, type PeerBook } from './peer-book.ts';

/**
 * How long the others count a gateway as live whose agent stopped in order: it is started again at
 * once. Later they take over, which loses nothing; a machine that dies meanwhile is missed so long.
 */
const QUIET_MS = 5_000;
/** Its kernel answers ARP until others do for certain. */
const QUIET_LEASE_MS = QUIET_MS + 1_000;
/** As long as others wait for its next heartbeat. */
const LEASE_MS = 3 * HEARTBEAT_MS;
/** A hand-over takes some milliseconds; after this long nobody has taken over. */
const HANDED_OVER_WITHIN_MS = 2_000;

export interface GatewayInit {
  readonly self: NodeName;
  readonly bootId: string;
}

export interface GatewayComponents {
  readonly clock: Clock;
  readonly log: Log;
  readonly state: GatewayState;
  readonly membership: Membership;
  readonly openSocket: (heard: (datagram: Uint8Array) => void) => HeartbeatSocket;
  /** What the hub sent and this node has. */
  readonly resources: ReadonlyMap<string, Uint8Array>;
  /** It has what the hub last sent, and the hub can be heard. */
  readonly inSync: () => boolean;
  /** As the kernel has it. */
  readonly owned: () => ReadonlySet<IpAddress>;
  /** Has the kernel's table follow what the membership says now. */
  readonly follow: () => Promise<void>;
  readonly announce: (addresses: readonly IpAddress[]) => void;
  /** So long the kernel answers ARP without this process; afterwards as the last one only. */
  readonly lease: (forMs: number) => void;
}

export interface GatewayStatus {
  readonly drained: boolean;
  readonly owned: readonly IpAddress[];
  readonly peers: readonly { readonly name: NodeName; readonly live: boolean }[];
}

export interface Gateway {
  /** Until the signal is aborted; then says that its kernel goes on without it. */
  run(stop: AbortSignal): Promise<void>;
  /** Something of what the hub sent has changed. */
  resourcesChanged(): void;
  /**
   * The hub is about to take these from it: others take them first, or have had their time.
   */
  beforeLosing(addresses: Iterable<IpAddress>): Promise<void>;
  /**
   * Hands everything over, and stays so, over restarts too, until `undrain`.
   * @throws BERTH_GATEWAY_LAST where nobody took over: it goes on answering until somebody does
   */
  drain(): Promise<void>;
  undrain(): Promise<void>;
  status(): GatewayStatus;
}

export function createGateway(
  { self, bootId }: GatewayInit,
  components: GatewayComponents,
): Gateway {
  const { clock, log, state, membership } = components;
  const book = createPeerBook(self, state.keyPair, components.resources);
  const keeps: Keeps = (address) => membership.keeps(address, book.serving(address));
  const { owned, announcements } = ownedBy(components, keeps);
  const mouth = createMouth({ self, bootId }, components, { book, owned, keeps });
  let socket: HeartbeatSocket | null = null;
  let isDrained = state.drained;
  let isFollowing = false;
  let followed: string | null = null;

  function say(quietMs = 0): void {
    if (socket !== null) mouth.say(socket, { leaving: isDrained, quietMs });
  }

  /** Sees whether anything is to be done, and does it. */
  function look(): void {
    membership.setStanding({ inSync: components.inSync(), leaving: isDrained });
    const signature = membership.signature();
    if (signature !== followed && !isFollowing) void follow(signature);
    // Whoever waits for it to be taken shall not wait for the next heartbeat.
    if (owned.look()) say();
  }

  async function follow(signature: string): Promise<void> {
    isFollowing = true;
    try {
      await components.follow();
      followed = signature;
    } catch (error) {
      log.error({ error }, 'the table of addresses does not follow the gateways; tried again');
    } finally {
      isFollowing = false;
    }
    if (followed === signature) look();
  }

  function hear(datagram: Uint8Array): void {
    const heartbeat = openHeartbeat(datagram, self, book.keyOf);
    if (heartbeat !== null && membership.heard(heartbeat, clock.nowMs())) look();
  }

  function read(): void {
    const keys = book.read();
    membership.setPeers(keys);
    if (keys.size > 0) socket ??= components.openSocket(hear);
  }

  async function setDrained(drained: boolean): Promise<void> {
    await state.setDrained(drained);
    isDrained = drained;
    look();
    say();
  }

  async function run(stop: AbortSignal): Promise<void> {
    read();
    while (!stop.aborted) {
      components.lease(LEASE_MS);
      membership.tick(clock.nowMs());
      look();
      say();
      await clock.sleep(HEARTBEAT_MS, stop);
    }
    announcements.stop();
    components.lease(QUIET_LEASE_MS);
    say(QUIET_MS);
    // One may be lost; and what was just sent leaves before the socket does.
    await clock.sleep(HEARTBEAT_MS);
    say(QUIET_MS);
    await clock.sleep(HEARTBEAT_MS);
    socket?.close();
  }

  return {
    run,
    resourcesChanged() {
      read();
      followed = null;
      look();
    },
    async beforeLosing(addresses) {
      const those = [...new Set(addresses).intersection(owned.known)];
      if (those.length === 0 || [...book.all()].length === 0) return;
      await owned.until(() => those.every(membership.alsoOwnedBy), HANDED_OVER_WITHIN_MS);
    },
    async drain() {
      await setDrained(true);
      if (await owned.until(() => owned.known.size === 0, HANDED_OVER_WITHIN_MS)) return;
      throw berthError('BERTH_GATEWAY_LAST', { node: self, addresses: owned.known.size });
    },
    undrain: () => setDrained(false),
    status: () => ({
      drained: isDrained,
      owned: [...owned.known].sort(),
      peers: membership.peers().map(({ name, live }) => ({ name, live })),
    }),
  };
}

type Keeps = (address: IpAddress) => boolean;

function ownedBy({ clock, log, membership, owned, announce }: GatewayComponents, keeps: Keeps) {
  const announcements = createAnnouncements({
    clock,
    isOwned: (address) => owned().has(address),
    send: (addresses) => {
      try {
        announce(addresses);
      } catch (error) {
        log.warn({ error, addresses: addresses.length }, 'addresses could not be announced');
      }
    },
  });
  const parts = { clock, log, membership, announcements, owned, keeps };
  return { announcements, owned: createOwnedAddresses(parts) };
}

interface Mouth {
  say(socket: HeartbeatSocket, said: { leaving: boolean; quietMs: number }): void;
}

function createMouth(
  { self, bootId }: GatewayInit,
  { state, membership, inSync }: GatewayComponents,
  {
    book,
    owned,
    keeps,
  }: { readonly book: PeerBook; readonly owned: OwnedAddresses; readonly keeps: Keeps },
): Mouth {
  let sequence = 0n;
  return {
    say(socket, { leaving, quietMs }) {
      sequence += 1n;
      const kept = [...owned.known].filter(keeps);
      const heartbeat: Heartbeat = {
        from: self,
        bootId,
        epoch: state.epoch,
        sequence,
        inSync: inSync(),
        settled: membership.settled(),
        leaving,
        quietMs,
        owned: new Set(kept.map(markOf)),
      };
      for (const { name, underlayIp, key } of book.all()) {
        if (key !== null) socket.send(sealHeartbeat(heartbeat, name, key), underlayIp);
      }
    },
  };
}
