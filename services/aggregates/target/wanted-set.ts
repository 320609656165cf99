/**
 * The wanted set: the addresses that belong into a target's ACL, which are those of entries that
 * are wanted (and may be) or confirmed, not of those that go. It has a revision; each entry knows
 * the one at which it was put in or taken out, so that a report speaks for it only when it is of
 * that revision or a later one: what was in force before an entry was wanted again proves nothing.
 */
import { aggregateName, type TargetName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import { selects } from '../../contract/label-selector.ts';
import type { WebhookSpec } from '../../contract/objects.ts';
import type { EffectsInProgress } from '../effects.ts';
import type { AclEntry, TargetState } from './state.ts';

export interface WantedSet {
  readonly target: TargetName;
  readonly driver: WebhookSpec;
  readonly revision: number;
  /** One for each address, sorted by it. */
  readonly entries: readonly WantedAddress[];
}

export interface WantedAddress {
  readonly address: IpAddress;
  /** Whose it is, for people at the target. */
  readonly namespace: string;
  readonly egressNat: string;
}

/** Null where there is nothing to write: no such target, another driver, nobody ever wanted in. */
export function wantedSet(state: TargetState): WantedSet | null {
  const driver = state.spec?.driver;
  if (driver?.type !== 'Webhook' || state.revision === 0) return null;
  const byAddress = new Map<IpAddress, WantedAddress>();
  for (const { inSet, address, namespace, egressNat } of state.entries.values()) {
    if (inSet) byAddress.set(address, { address, namespace, egressNat });
  }
  const entries = [...byAddress.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  return { target: aggregateName(state.key), driver, revision: state.revision, entries };
}

/** Whether what the target said last is what is wanted. */
export function isInForce(state: TargetState): boolean {
  const wanted = wantedSet(state);
  if (wanted === null) return true;
  const { reported } = state;
  return reported !== null && reported.revision === wanted.revision && sameSet(wanted, reported);
}

export function sameSet(
  { entries }: Pick<WantedSet, 'entries'>,
  { addresses }: { readonly addresses: readonly IpAddress[] },
): boolean {
  const wanted = new Set(entries.map(({ address }) => address));
  return wanted.size === addresses.length && addresses.every((address) => wanted.has(address));
}

/** Confirmed, and yet the target says later that it is not in force: an alarm, and a rewrite. */
export function lostAddresses(state: TargetState): readonly IpAddress[] {
  const { reported } = state;
  if (reported === null) return [];
  const inForce = new Set(reported.addresses);
  return [...state.entries.values()]
    .filter((entry) => entry.state === 'confirmed' && !inForce.has(entry.address))
    .map(({ address }) => address);
}

/** Whether the last report says that the entry's address is in force, or that it is not. */
export function reportSays(state: TargetState, entry: AclEntry, inForce: boolean): boolean {
  const { reported } = state;
  if (reported === null || entry.since === null || reported.revision < entry.since) return false;
  return reported.addresses.includes(entry.address) === inForce;
}

/** Another driver has said nothing yet, and must be told of everything. */
export function forgetReports(state: TargetState): void {
  state.reported = null;
  for (const entry of state.entries.values()) entry.since = null;
}

/** After a record: entries that belong in now, and those that do no more, at a new revision. */
export function settleWantedSet(
  state: TargetState,
  timeMs: number,
  { claims, specification }: Pick<EffectsInProgress, 'claims' | 'specification'>,
): void {
  const touched = specification ? state.entries.keys() : claims;
  const moved: AclEntry[] = [];
  for (const id of touched) {
    const entry = state.entries.get(id);
    if (entry === undefined) continue;
    const inSet = belongs(state, entry);
    if (entry.since !== null && entry.inSet === inSet) continue;
    entry.inSet = inSet;
    moved.push(entry);
  }
  if (moved.length === 0) return;
  state.revision = Math.max(state.revision + 1, Math.floor(timeMs));
  for (const entry of moved) entry.since = state.revision;
}

/** Whether the target lets the entry's namespace in at all. */
export function mayUse(state: TargetState, entry: AclEntry): boolean {
  const allowed = state.spec?.allowedNamespaces ?? null;
  return allowed !== null && selects(allowed, entry.labels);
}

/** What was confirmed stays until it is dropped: running pods rest on it. */
function belongs(state: TargetState, entry: AclEntry): boolean {
  return entry.state === 'confirmed' || (entry.state === 'wanted' && mayUse(state, entry));
}
