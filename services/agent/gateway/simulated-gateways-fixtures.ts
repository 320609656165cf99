/**
 * Gateways in simulated time, for the tests of this folder: real memberships, and around them what
 * a kernel keeps and what a network does. A crash leaves the kernel's mark on what was owned; only
 * what a live agent owns counts as answered for, as with the lease in the kernel.
 */
import type { IpAddress } from '../../contract/ip-address.ts';
import { HEARTBEAT_MS } from './heard-peers.ts';
import { type Heartbeat, markOf } from './heartbeat.ts';
import { createMembership, type Membership } from './membership.ts';

export type Happening =
  | 'crash'
  | 'start'
  | 'freeze'
  | 'thaw'
  | 'cut'
  | 'heal'
  | 'drain'
  | 'undrain'
  | 'out of sync'
  | 'in sync';

interface Gateway {
  readonly name: string;
  membership: Membership | null;
  frozen: boolean;
  leaving: boolean;
  inSync: boolean;
  epoch: bigint;
  sequence: bigint;
  held: Set<IpAddress>;
}

export interface SimulatedGateways {
  run(ms: number): void;
  happen(what: Happening, gateway: string, other: string): void;
  ownersOf(address: IpAddress): string[];
  /** How often the owners of the address have changed. */
  changesOf(address: IpAddress): number;
  /** The longest time in which some gateway lived, none was lost, and an address was nobody's. */
  readonly longestNobodyMs: number;
}

const STEP_MS = 10;

export function simulatedGateways(
  names: readonly string[],
  addresses: readonly IpAddress[],
): SimulatedGateways {
  let nowMs = 0;
  const watch = createWatch();
  const cuts = new Set<string>();
  const gateways = names.map(newGateway);
  const pair = (a: string, b: string): string => [a, b].sort().join(' ');
  const isAlive = ({ membership, frozen }: Gateway): boolean => membership !== null && !frozen;

  function start(gateway: Gateway): void {
    if (gateway.membership !== null) return;
    const membership = createMembership(gateway.name, nowMs);
    membership.setHeld(gateway.held);
    membership.setPeers(new Map(names.map((name) => [name, 'key'])));
    Object.assign(gateway, { membership, frozen: false, epoch: gateway.epoch + 1n });
  }

  function decide(gateway: Gateway): void {
    const { membership, inSync, leaving } = gateway;
    if (membership === null) return;
    membership.setStanding({ inSync, leaving });
    const next = new Set(addresses.filter((address) => membership.owns(address, names)));
    const differs = next.symmetricDifference(gateway.held).size > 0;
    gateway.held = next;
    membership.setHeld(next);
    if (differs) say(gateway);
  }

  function say(gateway: Gateway): void {
    const { name, membership, epoch, inSync, leaving } = gateway;
    if (membership === null) return;
    gateway.sequence += 1n;
    const owned = addresses.filter((address) => membership.keeps(address, names));
    const heartbeat: Heartbeat = {
      from: name,
      bootId: 'boot',
      epoch,
      sequence: gateway.sequence,
      inSync,
      leaving,
      settled: membership.settled(),
      quietMs: 0,
      owned: new Set(owned.map(markOf)),
    };
    for (const other of gateways) {
      if (other === gateway || !isAlive(other) || cuts.has(pair(name, other.name))) continue;
      if (other.membership?.heard(heartbeat, nowMs) === true) decide(other);
    }
  }

  function step(): void {
    nowMs += STEP_MS;
    for (const [at, gateway] of gateways.entries()) {
      // Each has its own moment within the interval.
      if (!isAlive(gateway) || (nowMs + at * STEP_MS) % HEARTBEAT_MS !== 0) continue;
      gateway.membership?.tick(nowMs);
      decide(gateway);
      say(gateway);
    }
    const somebodyLives = gateways.some(isAlive);
    for (const address of addresses) watch.look(address, ownersOf(address), somebodyLives, nowMs);
  }

  function ownersOf(address: IpAddress): string[] {
    return gateways
      .filter((gateway) => isAlive(gateway) && gateway.held.has(address))
      .map(({ name }) => name);
  }

  for (const gateway of gateways) start(gateway);
  return {
    run(ms) {
      const endMs = nowMs + ms;
      while (nowMs < endMs) step();
    },
    happen(what, name, other) {
      const gateway = gateways.find((each) => each.name === name);
      if (gateway === undefined) throw new Error(`no gateway ${name}`);
      if (what === 'start') start(gateway);
      else if (what === 'cut' && name !== other) cuts.add(pair(name, other));
      else if (what === 'heal') cuts.delete(pair(name, other));
      else mark(gateway, what);
      if (what === 'crash' || what === 'freeze') watch.startAnew();
    },
    ownersOf,
    changesOf: watch.changesOf,
    get longestNobodyMs() {
      return watch.longestNobodyMs();
    },
  };
}

function mark(gateway: Gateway, what: Happening): void {
  if (what === 'crash') gateway.membership = null;
  if (what === 'freeze') gateway.frozen = true;
  if (what === 'thaw') gateway.frozen = false;
  if (what === 'drain') gateway.leaving = true;
  if (what === 'undrain') gateway.leaving = false;
  if (what === 'out of sync') gateway.inSync = false;
  if (what === 'in sync') gateway.inSync = true;
}

function createWatch() {
  const nobodySinceMs = new Map<IpAddress, number>();
  const changes = new Map<IpAddress, number>();
  const lastOwners = new Map<IpAddress, string>();
  let longestNobodyMs = 0;

  return {
    look(address: IpAddress, owners: readonly string[], somebodyLives: boolean, nowMs: number) {
      if (owners.join() !== (lastOwners.get(address) ?? '')) {
        lastOwners.set(address, owners.join());
        changes.set(address, (changes.get(address) ?? 0) + 1);
      }
      // From the first owner on, and only while somebody could answer.
      if (!changes.has(address) || !somebodyLives) nobodySinceMs.delete(address);
      else if (owners.length > 0 || !nobodySinceMs.has(address)) nobodySinceMs.set(address, nowMs);
      const sinceMs = nobodySinceMs.get(address);
      if (sinceMs !== undefined) longestNobodyMs = Math.max(longestNobodyMs, nowMs - sinceMs);
    },
    startAnew(): void {
      nobodySinceMs.clear();
    },
    changesOf: (address: IpAddress): number => changes.get(address) ?? 0,
    longestNobodyMs: (): number => longestNobodyMs,
  };
}

function newGateway(name: string): Gateway {
  const flags = { frozen: false, leaving: false, inSync: true };
  return { name, membership: null, ...flags, epoch: 0n, sequence: 0n, held: new Set() };
}
